namespace Perb.Simulation.Access;

/// <summary>Everything of access control that outlives a restart. Immutable: readers never see half a change.</summary>
internal sealed record AccessState
{
    public Dictionary<string, NodeUser> Users { get; init; } = new() { ["root@pam"] = new NodeUser("root@pam") };

    public Dictionary<string, NodeToken> Tokens { get; init; } = [];

    public Dictionary<string, IReadOnlyList<string>> Roles { get; init; } = [];

    public IReadOnlyList<AclEntry> Acl { get; init; } = [];

    public Dictionary<string, NodePool> Pools { get; init; } = [];
}

internal static class Copies
{
    public static Dictionary<string, T> With<T>(this Dictionary<string, T> all, string key, T value) => new(all) { [key] = value };

    public static Dictionary<string, T> Without<T>(this Dictionary<string, T> all, string key)
    {
        var copy = new Dictionary<string, T>(all);
        copy.Remove(key);
        return copy;
    }
}
