using Perb.Scheduler.Configuration;
using Perb.Scheduler.StatusPage;

namespace Perb.Scheduler.Doctor;

/// <summary>What the status page needs when the service starts: its token, and a certificate that belongs to its key.</summary>
internal sealed class PageCheck(Settings settings, TimeProvider time) : ICheck
{
    public string Subject => "page";

    public string Fix => $"mend the file or the section Status in {settings.File}";

    public Task RunAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        var status = settings.Options.Status;
        PageSecrets.Load(settings, time);
        if (status.Listen is { } address)
        {
            var protection = (status.HasTls, status.TokenFile) switch
            {
                (true, not null) => "with TLS and a token",
                (false, not null) => "with a token",
                _ => "without a token, to this machine alone",
            };
            say(Finding.Ok(Subject, $"served on {address}, {protection}"));
        }

        return Task.CompletedTask;
    }
}
