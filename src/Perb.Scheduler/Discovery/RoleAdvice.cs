using Perb.Transfer;

namespace Perb.Scheduler.Discovery;

/// <summary>The lines for the node's shell that give a role to a token.</summary>
internal sealed record RoleAdvice(string Role, string Privileges)
{
    private const int Shown = 5;

    /// <summary>Both user and token need the role, since a token gets what both have; on a path with roles of its own the one on / has no effect.</summary>
    public string Lines(string tokenId, IReadOnlyList<string> paths)
    {
        var user = tokenId[..tokenId.IndexOf('!')];
        var lines = paths.Take(Shown).Where(IsPlain).SelectMany(path => new[]
        {
            $"pveum acl modify {path} --users {user} --roles {Role}",
            $"pveum acl modify {path} --tokens '{tokenId}' --roles {Role}",
        });
        var more = paths.Count > Shown ? $"; the last two also for {paths.Count - Shown} more paths" : "";
        return $"run on the node: pveum role add {Role} --privs \"{Privileges}\" (if there is such a role: pveum role modify {Role} --privs \"{Privileges}\"); "
            + string.Join("; ", lines) + more;
    }

    // They end up in a root shell, and came from the API.
    private static bool IsPlain(string path) => path.All(character => char.IsAsciiLetterOrDigit(character) || "/._-".Contains(character, StringComparison.Ordinal));

    /// <summary>A list that stays a line: a thousand guests may each have roles of their own.</summary>
    public static string Some(IEnumerable<string> missing)
    {
        var all = missing.ToList();
        return Printable.Clean(string.Join(", ", all.Take(Shown))) + (all.Count > Shown ? $" and {all.Count - Shown} more" : "");
    }
}
