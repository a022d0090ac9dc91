using Perb.Scheduler.Configuration;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Doctor;

/// <summary>rclone itself.</summary>
internal sealed class RcloneCheck(RcloneProgram rclone, PerbOptions options) : ICheck
{
    public string Subject => "rclone";

    public string Fix => "apt install rclone; Rclone:Program in the configuration";

    public async Task RunAsync(Action<Finding> say, CancellationToken cancellationToken) =>
        say(Finding.Ok(Subject, $"{options.Rclone.Program} {await rclone.GetVersionAsync(cancellationToken)}"));
}
