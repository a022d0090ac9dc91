using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Doctor;

/// <summary>The keys that backups are encrypted to and signed with: usable, and for how long.</summary>
internal sealed class KeysCheck(Settings settings, TimeProvider time) : ICheck
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(30);

    public string Subject => "keys";

    public string Fix => "gpg --show-keys FILE; README, \"The recipient key\"";

    public async Task RunAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        var keys = InstallationKeys.Load(settings, time.GetUtcNow(), await InUseAsync(cancellationToken));
        foreach (var recipient in keys.Recipients)
        {
            say(Judge($"encrypted to {recipient.Fingerprint} {recipient.UserId}", recipient.ExpiresAt, recipient.File));
        }

        if (settings.Options.Encryption.Packet == "ocb" && keys.Recipients.Any(recipient => !recipient.AdvertisesOcb))
        {
            say(Finding.Warn(
                Subject,
                "Encryption:Packet is ocb, and not every recipient's key says that its owner can read that",
                "\"Packet\": \"auto\", unless gpg 2.3 or newer is where you restore"));
        }

        say(keys.Signing.Key is { } own
            ? Judge($"signed by {own.Signer}", own.ExpiresAt, own.File)
            : Finding.Ok(Subject, "manifests are not signed (Encryption:SigningKey): whoever can write to the remote could put a backup of his own there"));
    }

    private Finding Judge(string text, DateTimeOffset? expiresAt, string file) => (expiresAt - time.GetUtcNow()) switch
    {
        null => Finding.Ok(Subject, $"{text}, never expires"),
        { Ticks: < 0 } => Finding.Fail(Subject, $"{text}: expired on {expiresAt:yyyy-MM-dd}", $"renew the key, export it, and replace {file}"),
        { } left when left < Soon => Finding.Warn(Subject, $"{text}: expires on {expiresAt:yyyy-MM-dd}", $"renew the key, export it, and replace {file}"),
        _ => Finding.Ok(Subject, $"{text}, until {expiresAt:yyyy-MM-dd}"),
    };

    private async Task<IReadOnlySet<string>> InUseAsync(CancellationToken cancellationToken) => File.Exists(settings.Options.StorePath)
        ? await new PipelineStore(await Database.OpenForReadingAsync(settings.Options.StorePath, cancellationToken), time).RecipientsInUseAsync(cancellationToken)
        : new HashSet<string>();
}
