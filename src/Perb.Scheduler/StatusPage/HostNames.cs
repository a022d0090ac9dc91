using System.Net;
using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.StatusPage;

/// <summary>
/// The names by which the page may be asked for. A page of somebody else, opened in a browser that reaches this one, could give its own name
/// this machine's address and then read what is here; but it cannot make a browser ask for a name that is not its own.
/// </summary>
internal sealed class HostNames(PerbOptions options, string machineName)
{
    private readonly HashSet<string> _names = new(["localhost", machineName, options.Proxmox.Node, .. options.Status.Hosts], StringComparer.OrdinalIgnoreCase);

    /// <param name="host">Of the request, without port.</param>
    public bool Contains(string host) => _names.Contains(host.TrimEnd('.')) || IPAddress.TryParse(host, out _);
}
