using Perb.ProxmoxClient;
using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Discovery;

/// <summary>
/// What the token may see. Proxmox answers a missing privilege with fewer items and status 200, so a list says nothing before this is known.
/// </summary>
public sealed record TokenPrivileges(bool SeesTasks, bool SeesStorages, bool SeesGuests, IReadOnlyList<string> Missing)
{
    /// <summary>Without it some storages may be left out of every list, so that what lies there looks gone.</summary>
    public bool SeesAllStorages => !Missing.Any(need => need.StartsWith("Datastore.Audit", StringComparison.Ordinal));

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
            [.. needed.Where(need => !has[need.Privilege]).Select(need => $"{need.Privilege} on {need.Path}")]);
    }

    /// <summary>
    /// Null: the rules can be judged. Otherwise why not: a pool or tag that the token is not shown looks like none, and what was excluded
    /// would be shipped.
    /// </summary>
    public string? Blindness(DiscoverySection options)
    {
        var rule = options.Include.Concat(options.Exclude).FirstOrDefault(rule => rule.NeedsApi);
        var missing = Missing.Where(need => need.StartsWith("VM.Audit", StringComparison.Ordinal) || need.StartsWith("Pool.Audit", StringComparison.Ordinal));
        return rule is not null && missing.Any()
            ? $"the rule \"{rule.Text}\" in Perb:Discovery cannot be judged without {string.Join(", ", missing)}"
            : null;
    }

    /// <summary>The lines that give a token what it lacks; both user and token need them, since the token gets the intersection.</summary>
    public static string Remedy(string tokenId)
    {
        var user = tokenId[..tokenId.IndexOf('!')];
        return "run on the node: pveum role add PerbWatch --privs \"Sys.Audit Datastore.Audit VM.Audit Pool.Audit\"; "
            + $"pveum acl modify / --users {user} --roles PerbWatch; pveum acl modify / --tokens '{tokenId}' --roles PerbWatch";
    }
}
