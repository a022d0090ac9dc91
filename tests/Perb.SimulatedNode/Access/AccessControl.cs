using System.Text.RegularExpressions;

namespace Perb.Simulation.Access;

/// <summary>
/// Users, tokens, roles and access control lists, evaluated as pve-access-control does: walking down the path, the roles
/// found on a more specific path REPLACE the inherited ones of the same user or token.
/// </summary>
public sealed partial class AccessControl
{
    private const string Root = "root@pam";

    // Listed by /access/permissions even without any ACL of their own.
    private static readonly string[] TopPaths =
        ["/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms"];

    private readonly Lock _lock = new();
    private readonly Action _changed;
    private AccessState _state;

    internal AccessControl(AccessState state, Action changed)
    {
        _state = state;
        _changed = changed;
    }

    public IReadOnlyCollection<NodeUser> Users => [.. _state.Users.Values];

    public IReadOnlyCollection<NodeToken> Tokens => [.. _state.Tokens.Values];

    public IReadOnlyCollection<NodePool> Pools => [.. _state.Pools.Values];

    internal AccessState State => _state;

    public void SetUser(NodeUser user) => Change(state => state with { Users = state.Users.With(user.Id, user) });

    public void SetToken(NodeToken token)
    {
        if (!TokenIdPattern().IsMatch(token.Id))
        {
            throw new ArgumentException($"'{token.Id}' is no token id; write user@realm!name.", nameof(token));
        }

        if (!_state.Users.ContainsKey(token.UserId))
        {
            SetUser(new NodeUser(token.UserId));
        }

        Change(state => state with { Tokens = state.Tokens.With(token.Id, token) });
    }

    public void RemoveToken(string tokenId) => Change(state => state with { Tokens = state.Tokens.Without(tokenId) });

    /// <summary>Gives the token a new secret, as an administrator who rotates it; the old one is worth nothing from now on.</summary>
    public string RotateToken(string tokenId)
    {
        var token = _state.Tokens[tokenId] with { Secret = NewSecret() };
        SetToken(token);
        return token.Secret;
    }

    public void SetRole(string name, params IReadOnlyList<string> privileges)
    {
        var unknown = privileges.Except(Roles.AllPrivileges).ToList();
        if (unknown.Count > 0)
        {
            throw new ArgumentException($"Proxmox VE 8.4 knows no privilege '{unknown[0]}'.", nameof(privileges));
        }

        Change(state => state with { Roles = state.Roles.With(name, [.. privileges]) });
    }

    /// <summary>Adds to the roles that the subject has on exactly this path.</summary>
    public void Grant(string subject, string path, string role, bool propagate = true) =>
        Change(state => state with { Acl = [.. state.Acl, new AclEntry(path, subject, role, propagate)] });

    /// <summary>Takes away all roles of the subject on exactly this path.</summary>
    public void Revoke(string subject, string path) =>
        Change(state => state with { Acl = [.. state.Acl.Where(entry => entry.Subject != subject || entry.Path != path)] });

    public void SetPool(NodePool pool) => Change(state => state with { Pools = state.Pools.With(pool.Name, pool) });

    internal static string NewSecret() => Guid.NewGuid().ToString("D");

    internal bool HasAll(string subject, string path, IReadOnlyList<string> privileges)
    {
        var held = PrivilegesOn(subject, path);
        return privileges.All(held.ContainsKey);
    }

    /// <summary>Paths with at least one privilege; the value of a privilege is its propagate flag, not whether it is granted.</summary>
    internal IEnumerable<(string Path, IReadOnlyDictionary<string, bool> Privileges)> EffectivePermissions(string subject) =>
        TopPaths
            .Concat(_state.Acl.Select(entry => entry.Path))
            .Concat(_state.Pools.Values.SelectMany(pool => pool.Guests.Select(vmid => $"/vms/{vmid}")
                .Concat(pool.Storages.Select(storage => $"/storage/{storage}"))
                .Append($"/pool/{pool.Name}")))
            .Distinct()
            .Select(path => (path, PrivilegesOn(subject, path)))
            .Where(entry => entry.Item2.Count > 0);

    internal IReadOnlyDictionary<string, bool> PrivilegesOn(string subject, string path)
    {
        var own = OwnPrivilegesOn(subject, path);
        if (!subject.Contains('!', StringComparison.Ordinal))
        {
            return own;
        }

        var token = _state.Tokens[subject];
        var user = PrivilegesOn(token.UserId, path);
        return !token.PrivilegeSeparation
            ? user
            : own.Where(pair => user.ContainsKey(pair.Key)).ToDictionary(pair => pair.Key, pair => pair.Value && user[pair.Key]);
    }

    private Dictionary<string, bool> OwnPrivilegesOn(string subject, string path)
    {
        if (subject == Root)
        {
            return Roles.AllPrivileges.ToDictionary(privilege => privilege, _ => true);
        }

        var privileges = PrivilegesOf(RolesOn(subject, path));
        // A pool lends its rights to its members.
        foreach (var pool in _state.Pools.Values.Where(pool => Contains(pool, path)))
        {
            foreach (var (privilege, propagate) in PrivilegesOf(RolesOn(subject, $"/pool/{pool.Name}")))
            {
                privileges[privilege] = privileges.GetValueOrDefault(privilege) || propagate;
            }
        }

        return privileges;
    }

    private static bool Contains(NodePool pool, string path) =>
        pool.Guests.Any(vmid => path == $"/vms/{vmid}") || pool.Storages.Any(storage => path == $"/storage/{storage}");

    private Dictionary<string, bool> RolesOn(string subject, string path)
    {
        var roles = new Dictionary<string, bool>();
        foreach (var step in StepsTo(path))
        {
            var here = _state.Acl
                .Where(entry => entry.Subject == subject && entry.Path == step && (entry.Propagate || step == path))
                .ToList();
            if (here.Count > 0)
            {
                roles = [];
                here.ForEach(entry => roles[entry.Role] = entry.Propagate);
            }
        }

        return roles.ContainsKey("NoAccess") ? [] : roles;
    }

    private Dictionary<string, bool> PrivilegesOf(Dictionary<string, bool> roles)
    {
        var privileges = new Dictionary<string, bool>();
        foreach (var (role, propagate) in roles)
        {
            var members = Roles.BuiltIn.TryGetValue(role, out var builtIn) ? builtIn : _state.Roles[role].ToHashSet();
            foreach (var privilege in members)
            {
                privileges[privilege] = privileges.GetValueOrDefault(privilege) || propagate;
            }
        }

        return privileges;
    }

    private static IEnumerable<string> StepsTo(string path)
    {
        yield return "/";
        for (var slash = path.IndexOf('/', 1); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            yield return path[..slash];
        }

        if (path != "/")
        {
            yield return path;
        }
    }

    private void Change(Func<AccessState, AccessState> change)
    {
        lock (_lock)
        {
            _state = change(_state);
        }

        _changed();
    }

    [GeneratedRegex(@"\A[^\s:/!@]+@[A-Za-z][A-Za-z0-9.\-_]+![A-Za-z][A-Za-z0-9.\-_]+\z")]
    private static partial Regex TokenIdPattern();
}
