using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Doctor;

/// <summary>The service and its store.</summary>
internal sealed class ServiceCheck(PerbOptions options, TimeProvider time) : ICheck
{
    public string Subject => "service";

    public string Fix => "docs/OPERATIONS.md, \"The store\"";

    public async Task RunAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        say(StateDirectory.IsOwned(options.StateDirectory)
            ? Finding.Ok(Subject, "runs")
            : Finding.Warn(Subject, File.Exists(options.StorePath) ? "does not run: nothing is shipped" : "was never started: nothing is shipped yet", "systemctl enable --now perb"));
        if (!File.Exists(options.StorePath))
        {
            say(Finding.Ok("store", $"{options.StorePath} is made by the first start"));
            return;
        }

        var troubles = await new StatusStore(await Database.OpenForReadingAsync(options.StorePath, cancellationToken), time).TroublesAsync(cancellationToken);
        say(Finding.Ok("store", $"{options.StorePath} can be read"));
        foreach (var trouble in troubles)
        {
            say(Finding.Warn(trouble.Subject, trouble.Text, "perb status; docs/OPERATIONS.md"));
        }
    }
}
