using Perb.ProxmoxClient;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;

namespace Perb.Scheduler.Discovery;

/// <summary>Whether vzdump can run the hook scripts that it is told to: without one it refuses every backup that names it.</summary>
public sealed class HookScript(ProxmoxApi api, Troubles troubles, PerbOptions options)
{
    // A service in a sandbox sees others there than vzdump does, or none.
    private static readonly string[] Private = ["/tmp/", "/var/tmp/", "/home/", "/root/", "/run/"];

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        string? trouble;
        try
        {
            trouble = FaultOf("/etc/vzdump.conf", "every backup", (await api.GetVzdumpDefaultsAsync(options.Proxmox.Node, cancellationToken)).Script)
                ?? await OfJobsAsync(cancellationToken);
        }
        catch (ProxmoxException)
        {
            return; // not shown to the token, or the node is away: others say so
        }

        await troubles.SetAsync(Troubles.HookScript, trouble, cancellationToken, needsPerson: true);
    }

    /// <summary>The scripts of backup jobs that this node runs.</summary>
    internal static IEnumerable<(string Job, string Script)> Own(IEnumerable<BackupJob> jobs, string node) => jobs
        .Where(job => job.Enabled is not false && (string.IsNullOrEmpty(job.Node) || job.Node == node) && !string.IsNullOrEmpty(job.Script))
        .Select(job => (job.Id, job.Script!));

    internal static string? FaultOf(string who, string what, string? script) =>
        script is not null && Path.IsPathRooted(script) && !Private.Any(place => script.StartsWith(place, StringComparison.Ordinal))
            && ScriptFault.Of(script) is { Harm: ScriptHarm.NotRun } fault
            ? $"{who} names the script {script}, which {fault.Text}: vzdump refuses {what} until the script or that line is mended"
            : null;

    private async Task<string?> OfJobsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Own(await api.GetBackupJobsAsync(cancellationToken), options.Proxmox.Node)
                .Select(own => FaultOf($"backup job {own.Job}", "every backup of that job", own.Script)).FirstOrDefault(fault => fault is not null);
        }
        catch (ProxmoxException)
        {
            return null; // a token that may see this node alone is not shown them
        }
    }
}
