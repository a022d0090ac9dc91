using Perb.Scheduler.Pipeline;
using Perb.Transfer.Keys;
using Perb.Transfer.Signing;

namespace Perb.Scheduler.Configuration;

/// <summary>All OpenPGP keys that the configuration names, read and found good.</summary>
internal sealed record InstallationKeys(IReadOnlyList<Recipient> Recipients, ManifestSigning Signing)
{
    /// <exception cref="ConfigurationException">With every faulty file at once.</exception>
    public static InstallationKeys Load(Settings settings, DateTimeOffset now, IReadOnlySet<string> recipientsInUse)
    {
        var options = settings.Options.Encryption;
        var faults = new List<Fault>();
        var recipients = Read(
            faults, "Recipients", () => RecipientKeys.Load(options.Recipients, now, recipientsInUse));
        var own = Read(
            faults, "SigningKey", () => options.SigningKey is { } name ? Open(SecretFile.Locate(name, settings.File), now, recipients) : null);
        var trusted = Read(
            faults, "TrustedSigners", () => TrustedSigners.Load(options.TrustedSigners, own, now));
        return faults.Count == 0
            ? new InstallationKeys(recipients!, new ManifestSigning(own, trusted!))
            : throw Refused(faults);
    }

    /// <summary>Whose manifests are believed, for commands that seal nothing.</summary>
    /// <exception cref="ConfigurationException">With every faulty file at once.</exception>
    public static TrustedSigners LoadTrusted(Settings settings, DateTimeOffset now)
    {
        var options = settings.Options.Encryption;
        var faults = options.TrustedSigners
            .Select(file => TrustedFile.FaultOf($"Perb:Encryption:TrustedSigners: {file}", file, "it could make forged backups pass for yours"))
            .OfType<string>()
            .Select(text => new Fault(text, Passes: false))
            .ToList();
        var own = Read(faults, "SigningKey", () => options.SigningKey is { } name ? Open(SecretFile.Locate(name, settings.File), now, recipients: null) : null);
        var trusted = Read(faults, "TrustedSigners", () => TrustedSigners.Load(options.TrustedSigners, own, now));
        return faults.Count == 0 ? trusted! : throw Refused(faults);
    }

    private static SigningKey Open(string file, DateTimeOffset now, IReadOnlyList<Recipient>? recipients) => SigningKey.Load(
        file, SecretFile.IsCredential(file), now, [.. (recipients ?? []).Select(one => one.SubkeyFingerprint)]);

    private static T? Read<T>(List<Fault> faults, string key, Func<T?> read) where T : class
    {
        try
        {
            return read();
        }
        catch (KeyFileException exception)
        {
            faults.AddRange(exception.Faults.Select(fault => new Fault(
                $"Perb:Encryption:{key}: {fault.File}: {ReadableFile.FaultOf(fault.File) ?? fault.Reason}", fault.IsOfClock)));
        }

        return null;
    }

    private static ConfigurationException Refused(List<Fault> faults) =>
        new([.. faults.Select(fault => fault.Text)]) { IsTransient = faults.TrueForAll(fault => fault.Passes) };

    private sealed record Fault(string Text, bool Passes);
}
