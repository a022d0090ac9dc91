using Perb.ProxmoxClient;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;

namespace Perb.Scheduler.Discovery;

/// <summary>Whether the hook script that <c>/etc/vzdump.conf</c> names is there: without it vzdump refuses every backup of the node.</summary>
public sealed class HookScript(ProxmoxApi api, Troubles troubles, PerbOptions options)
{
    // A service in a sandbox sees others there than vzdump does, or none.
    private static readonly string[] Private = ["/tmp/", "/var/tmp/", "/home/", "/root/", "/run/"];

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        string? script;
        try
        {
            script = (await api.GetVzdumpDefaultsAsync(options.Proxmox.Node, cancellationToken)).Script;
        }
        catch (ProxmoxException)
        {
            return; // not shown to the token, or the node is away: others say so
        }

        await troubles.SetAsync(Troubles.HookScript, FaultOf(script), cancellationToken, needsPerson: true);
    }

    internal static string? FaultOf(string? script)
    {
        if (string.IsNullOrEmpty(script) || !Path.IsPathRooted(script) || Private.Any(place => script.StartsWith(place, StringComparison.Ordinal)))
        {
            return null;
        }

        try
        {
            // Listed and not asked for by name: what may not be read is not missing.
            var folder = Path.GetDirectoryName(script)!;
            return Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any(path => Path.GetFileName(path) == Path.GetFileName(script))
                ? null
                : $"/etc/vzdump.conf names the script {script}, which is not there: vzdump refuses every backup until the script or that line is mended";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
