using System.Diagnostics.CodeAnalysis;

namespace Perb.Simulation.Http;

/// <summary>
/// One method of the API. The order of checks is Proxmox's: path (501), other node, declared permission (403),
/// parameters (400), and only then the method itself, which may refuse again.
/// </summary>
internal sealed class ApiRoute(
    string method,
    string template,
    IReadOnlyList<Parameter> parameters,
    Action<ApiCall>? permission,
    Func<ApiCall, Task<ApiAnswer>> answer)
{
    private readonly string[] _segments = template.Split('/');

    public IReadOnlyList<Parameter> Parameters { get; } = parameters;

    public Action<ApiCall>? Permission { get; } = permission;

    public Func<ApiCall, Task<ApiAnswer>> Answer { get; } = answer;

    public static ApiRoute Get(
        string template, IReadOnlyList<Parameter> parameters, Action<ApiCall>? permission, Func<ApiCall, ApiAnswer> answer) =>
        new("GET", template, parameters, permission, call => Task.FromResult(answer(call)));

    /// <summary>Path variables by name; the last one may be <c>{name*}</c> and takes the rest, slashes included.</summary>
    public bool Matches(string requestMethod, string path, [NotNullWhen(true)] out Dictionary<string, string>? variables)
    {
        variables = null;
        var given = path.Split('/');
        if (requestMethod != method || given.Length < _segments.Length)
        {
            return false;
        }

        var found = new Dictionary<string, string>();
        for (var i = 0; i < _segments.Length; i++)
        {
            var segment = _segments[i];
            if (segment.EndsWith("*}", StringComparison.Ordinal))
            {
                found[segment[1..^2]] = string.Join('/', given[i..]);
                variables = found;
                return true;
            }

            if (segment.StartsWith('{'))
            {
                found[segment[1..^1]] = given[i];
            }
            else if (segment != given[i])
            {
                return false;
            }
        }

        variables = given.Length == _segments.Length ? found : null;
        return variables is not null;
    }
}
