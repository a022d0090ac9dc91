namespace Perb.ProxmoxClient;

/// <summary>
/// What the token may do: for each path of the permission tree the privileges it has there, and whether each also holds
/// below that path (the propagate flag). Effective for the token: what its user lacks is not in it.
/// </summary>
/// <remarks>
/// The answer lists the top of the tree and paths that carry grants of their own. A grant through a pool shows on the
/// guest's own path only when that is asked for (<see cref="ProxmoxApi.GetPermissionsAsync(string,
/// CancellationToken)"/>).
/// </remarks>
public sealed class Permissions(IReadOnlyDictionary<string, IReadOnlyDictionary<string, bool>> grants)
{
    /// <summary>Path → privilege → propagates.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, bool>> Grants { get; } = grants;

    /// <summary>
    /// Whether the privilege holds on the path. A listed path speaks for itself; any other inherits from its nearest
    /// ancestor with grants that propagate, and from that one alone: a more specific path replaces what was inherited,
    /// it does not add to it. An ancestor whose grants all end there is looked through, as the node does. Facts:
    /// pve-access-control, AccessControl.pm roles.
    /// </summary>
    public bool Has(string path, string privilege)
    {
        if (Grants.TryGetValue(path, out var own))
        {
            return own.ContainsKey(privilege);
        }

        for (var ancestor = Parent(path); ancestor is not null; ancestor = Parent(ancestor))
        {
            // A listed path without any privilege was denied on purpose (role NoAccess).
            if (Grants.TryGetValue(ancestor, out var inherited)
                && (inherited.Count == 0 || inherited.Values.Any(flag => flag)))
            {
                return inherited.TryGetValue(privilege, out var propagates) && propagates;
            }
        }

        return false;
    }

    /// <summary>Whether the privilege holds on anything below a path: on what is not listed there, or on one that is.</summary>
    public bool HasSomewhereBelow(string path, string privilege) => Has($"{path}/*", privilege)
        || Grants.Any(grant => grant.Key.StartsWith($"{path}/", StringComparison.Ordinal) && grant.Value.ContainsKey(privilege));

    /// <summary>
    /// Where a privilege lacks that is needed on everything below a path: on the path, or on those listed below it whose own
    /// roles replace what they would inherit.
    /// </summary>
    public IReadOnlyList<string> LackingBelow(string path, string privilege) => Has($"{path}/*", privilege)
        ? [.. Grants.Keys
            .Where(listed => listed.StartsWith($"{path}/", StringComparison.Ordinal) && !Has(listed, privilege))
            .Order(StringComparer.Ordinal)]
        : [path];

    /// <summary>
    /// Where a role must be given so that it holds on the path: on <c>/</c>, unless a path in between has roles of its own,
    /// which replace what comes from above.
    /// </summary>
    public string GrantedAt(string path)
    {
        for (var at = path; at is not null and not "/"; at = Parent(at))
        {
            if (Grants.TryGetValue(at, out var own) && !own.Keys.ToHashSet().SetEquals(HandedDown()))
            {
                return at;
            }
        }

        return "/";
    }

    // The node also lists the top of the tree, with what it inherits: that is no role of its own.
    private IEnumerable<string> HandedDown() => Grants.TryGetValue("/", out var root)
        ? root.Where(grant => grant.Value).Select(grant => grant.Key)
        : [];

    private static string? Parent(string path) => path switch
    {
        "/" or "" => null,
        _ when path.LastIndexOf('/') is > 0 and var slash => path[..slash],
        _ => "/",
    };
}
