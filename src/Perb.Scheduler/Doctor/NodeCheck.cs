using System.Globalization;
using Perb.ProxmoxClient;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Notes;

namespace Perb.Scheduler.Doctor;

/// <summary>The node's API: reached over checked TLS, token valid, privileges enough, clock and time zone the same.</summary>
internal sealed class NodeCheck(ProxmoxApi api, PerbOptions options, TimeProvider time) : ICheck
{
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    public string Subject => "node";

    public string Fix => "systemctl status pveproxy; perb setup; docs/OPERATIONS.md, \"Proxmox\"";

    public async Task RunAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        var version = await api.GetVersionAsync(cancellationToken);
        say(Finding.Ok(Subject, $"{options.Proxmox.Url} answers with Proxmox VE {version.Version}; TLS is checked against {Trust()}; {options.Proxmox.TokenId} is valid"));

        var nodes = (await api.GetNodesAsync(cancellationToken)).Select(node => node.Node).ToList();
        if (!nodes.Contains(options.Proxmox.Node))
        {
            say(Finding.Fail(Subject, $"there is no node {options.Proxmox.Node}; there is {string.Join(", ", nodes.Order())}", "Proxmox:Node in the configuration"));
            return;
        }

        var permissions = await api.GetPermissionsAsync(cancellationToken);
        var privileges = TokenPrivileges.Of(permissions, options.Proxmox.Node, options.Discovery.Storages);
        say(privileges.Missing.Count == 0
            ? Finding.Ok("privileges", "the token sees tasks, storages, guests and pools")
            : new Finding(
                "privileges",
                privileges.SeesStorages && privileges.Blindness(options.Discovery) is null ? Verdict.Warn : Verdict.Fail,
                $"the token lacks {RoleAdvice.Some(privileges.Missing)}: what it may not see looks absent",
                privileges.Remedy(options.Proxmox.TokenId)));
        if (options.Proxmox.WriteNotes && NotesPrivileges.Trouble(permissions, options.Proxmox.TokenId, options.Discovery.Storages, []) is { } notes)
        {
            say(Finding.Warn("privileges", notes, "README, \"Notes\""));
        }

        if (privileges.SeesTasks)
        {
            await CheckClockAsync(say, cancellationToken);
        }
    }

    private async Task CheckClockAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        var asked = time.GetUtcNow();
        var node = await api.GetTimeAsync(options.Proxmox.Node, cancellationToken);
        var here = asked + ((time.GetUtcNow() - asked) / 2);
        var skew = node.Time - here;
        say(skew.Duration() < Skew
            ? Finding.Ok("clock", "agrees with the node's")
            : Finding.Fail("clock", string.Create(CultureInfo.InvariantCulture, $"the node's is {skew.TotalSeconds:+0;-0} s from this machine's"), "timedatectl; systemctl restart chrony"));

        // Archive names are the node's local time without a zone.
        if (options.TimeZone.GetUtcOffset(node.Time) != node.Offset)
        {
            say(Finding.Fail(
                "clock",
                $"archive names are read in {options.TimeZone.Id}, and the node is in {node.TimeZone}: they would be taken for another time",
                $"\"TimeZone\": \"{node.TimeZone}\" in the configuration, or timedatectl set-timezone"));
        }
    }

    private string Trust() => options.Proxmox switch
    {
        { CaFile: { } file } => file,
        { Fingerprints.Count: > 0 } => "the pinned fingerprint",
        _ => "the system's authorities",
    };
}
