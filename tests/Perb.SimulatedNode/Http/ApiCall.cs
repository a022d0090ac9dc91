using Perb.Simulation.Access;

namespace Perb.Simulation.Http;

/// <summary>One authenticated request, as an endpoint sees it.</summary>
internal sealed class ApiCall(NodeParts node, string caller, IReadOnlyDictionary<string, string> path, HttpContext http)
{
    public NodeParts Node { get; } = node;

    /// <summary><c>user@realm</c> or <c>user@realm!token</c>.</summary>
    public string Caller { get; } = caller;

    public CancellationToken Aborted => http.RequestAborted;

    public IReadOnlyDictionary<string, string> Parameters { get; set; } = new Dictionary<string, string>();

    public string Path(string name) => path[name];

    public string? Text(string name) => Parameters.GetValueOrDefault(name);

    public long? Number(string name) => Text(name) is { } text ? Parameter.ParseNumber(text) : null;

    public bool Flag(string name) => Text(name) == "1";

    public bool May(string aclPath, params IReadOnlyList<string> privileges) =>
        Node.Access.HasAll(Caller, aclPath, privileges);

    public bool MayAny(string aclPath, params IReadOnlyList<string> privileges) =>
        privileges.Any(privilege => Node.Access.HasAll(Caller, aclPath, [privilege]));

    public void Require(string aclPath, params IReadOnlyList<string> privileges)
    {
        if (!May(aclPath, privileges))
        {
            throw ApiException.Forbidden(aclPath, string.Join(", ", privileges));
        }
    }

    public void RequireAny(string aclPath, params IReadOnlyList<string> privileges)
    {
        if (!MayAny(aclPath, privileges))
        {
            throw ApiException.Forbidden(aclPath, string.Join("|", privileges));
        }
    }
}
