namespace Perb.Simulation.Access;

public sealed record NodeUser(string Id)
{
    public bool Enabled { get; init; } = true;

    /// <summary>Null: never.</summary>
    public DateTimeOffset? Expires { get; init; }
}

/// <summary>An API token. With privilege separation (the default) it has the intersection of its own and its user's rights.</summary>
public sealed record NodeToken(string Id, string Secret)
{
    public bool PrivilegeSeparation { get; init; } = true;

    public DateTimeOffset? Expires { get; init; }

    public string UserId => Id.Split('!')[0];
}

/// <summary>A role for a user or token on a path; without propagation it holds for that path alone.</summary>
public sealed record AclEntry(string Path, string Subject, string Role, bool Propagate);

public sealed record NodePool(string Name, IReadOnlyList<int> Guests, IReadOnlyList<string> Storages);
