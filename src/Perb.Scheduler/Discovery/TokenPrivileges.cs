using Perb.ProxmoxClient;
using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Discovery;

/// <summary>
/// What the token may see. Proxmox answers a missing privilege with fewer items and status 200, so a list says nothing before this is known.
/// </summary>
public sealed record TokenPrivileges(bool SeesTasks, bool SeesStorages, bool SeesGuests, bool SeesPools, IReadOnlyList<string> Missing)
{
    /// <summary>Null: every rule can be judged. Otherwise which one cannot, and how to mend it.</summary>
    public string? WhyUnjudged(DiscoverySection discovery, string tokenId) =>
        Unjudged("Include", discovery.Include, tokenId) ?? Unjudged("Exclude", discovery.Exclude, tokenId);

    public static TokenPrivileges Of(Permissions permissions, string node)
    {
        (string Privilege, string Path)[] needed =
            [("Sys.Audit", $"/nodes/{node}"), ("Datastore.Audit", "/storage"), ("VM.Audit", "/vms"), ("Pool.Audit", "/pool")];
        var has = needed.ToDictionary(need => need.Privilege, need => permissions.Has(need.Path, need.Privilege));

        // A token that was given single storages sees those, and that is enough to work.
        var seesSomeStorage = has["Datastore.Audit"]
            || permissions.Grants.Any(grant => grant.Key.StartsWith("/storage/", StringComparison.Ordinal) && grant.Value.ContainsKey("Datastore.Audit"));
        return new TokenPrivileges(
            has["Sys.Audit"],
            seesSomeStorage,
            has["VM.Audit"],
            has["Pool.Audit"],
            [.. needed.Where(need => !has[need.Privilege]).Select(need => $"{need.Privilege} on {need.Path}")]);
    }

    /// <summary>The lines that give a token what it lacks; both user and token need them, since the token gets the intersection.</summary>
    public static string Remedy(string tokenId)
    {
        var user = tokenId[..tokenId.IndexOf('!')];
        return "run on the node: pveum role add PerbWatch --privs \"Sys.Audit Datastore.Audit VM.Audit Pool.Audit\"; "
            + $"pveum acl modify / --users {user} --roles PerbWatch; pveum acl modify / --tokens '{tokenId}' --roles PerbWatch";
    }

    private string? Unjudged(string key, IReadOnlyList<GuestRule> rules, string tokenId) =>
        rules.FirstOrDefault(rule => (rule.NeedsApi && !SeesGuests) || (rule.Pool is not null && !SeesPools)) is { } rule
            ? $"Perb:Discovery:{key} has \"{rule.Text}\", which {tokenId} cannot judge: it lacks {string.Join(", ", Missing)}; {Remedy(tokenId)}"
            : null;
}
