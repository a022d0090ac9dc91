using Perb.ProxmoxClient;
using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Discovery;

/// <summary>
/// What the token may see. Proxmox answers a missing privilege with fewer items and status 200, so a list says nothing before this is known.
/// </summary>
/// <param name="Missing"><c>PRIVILEGE on PATH</c>, for each that is needed by what is configured.</param>
/// <param name="MendAt">The paths where the role must be given so that nothing is missing.</param>
public sealed record TokenPrivileges(
    bool SeesTasks, bool SeesStorages, bool SeesGuests, IReadOnlyList<string> Missing, IReadOnlyList<string> MendAt)
{
    internal static readonly RoleAdvice Role = new("PerbWatch", "Sys.Audit Datastore.Audit VM.Audit Pool.Audit");

    /// <summary>Without it some storages may be left out of every list, so that what lies there looks gone.</summary>
    public bool SeesAllStorages => !Missing.Any(need => need.StartsWith("Datastore.Audit", StringComparison.Ordinal));

    /// <summary>Without it a guest looks as if it were in no pool.</summary>
    public bool SeesPools => !Missing.Any(need => need.StartsWith("Pool.Audit", StringComparison.Ordinal));

    /// <summary>The vzdump jobs of the cluster. Not among what is missed otherwise: nothing but that rests on it.</summary>
    public bool SeesVzdumpJobs { get; private init; }

    /// <param name="permissions">Of the token.</param>
    /// <param name="node">This node.</param>
    /// <param name="storages">Those that are configured; empty: all.</param>
    public static TokenPrivileges Of(Permissions permissions, string node, IReadOnlyList<string> storages)
    {
        List<(string Privilege, string Path)> missing =
        [
            .. Lacking("Sys.Audit", permissions.Has($"/nodes/{node}", "Sys.Audit") ? [] : [$"/nodes/{node}"]),
            .. Lacking("Datastore.Audit", storages.Count == 0
                ? permissions.LackingBelow("/storage", "Datastore.Audit")
                : storages.Select(storage => $"/storage/{storage}").Where(path => !permissions.Has(path, "Datastore.Audit"))),
            .. Lacking("VM.Audit", permissions.LackingBelow("/vms", "VM.Audit")),
            .. Lacking("Pool.Audit", permissions.LackingBelow("/pool", "Pool.Audit")),
        ];
        var lacks = missing.Select(need => need.Privilege).ToHashSet();

        // A token that was given single storages sees those, and that is enough to work.
        var seesSomeStorage = permissions.HasSomewhereBelow("/storage", "Datastore.Audit");
        return new TokenPrivileges(
            !lacks.Contains("Sys.Audit"),
            seesSomeStorage,
            !lacks.Contains("VM.Audit"),
            [.. missing.Select(need => $"{need.Privilege} on {need.Path}")],
            [.. missing.Select(need => permissions.GrantedAt(need.Path)).Distinct()])
        {
            SeesVzdumpJobs = permissions.Has("/", "Sys.Audit"),
        };
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
            ? $"the rule \"{rule.Text}\" in Perb:Discovery cannot be judged without {RoleAdvice.Some(missing)}"
            : null;
    }

    /// <summary>One line, or null where nothing is missing.</summary>
    public string? Trouble(string tokenId) => Missing.Count == 0
        ? null
        : $"{tokenId} lacks {RoleAdvice.Some(Missing)}: what it may not see looks absent; {Remedy(tokenId)}";

    /// <summary>The lines that give a token what it lacks.</summary>
    public string Remedy(string tokenId) => Role.Lines(tokenId, MendAt);

    private static IEnumerable<(string Privilege, string Path)> Lacking(string privilege, IEnumerable<string> paths) =>
        paths.Select(path => (privilege, path));
}
