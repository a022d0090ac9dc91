using System.Globalization;

namespace Perb.ProxmoxClient;

/// <summary>One call: its path below <c>/api2/json</c>, and its parameters as query or as form.</summary>
/// <param name="Path">Every inserted part percent-encoded whole: a volume id's slash must not become one of the
/// path.</param>
internal sealed record ApiRequest(HttpMethod Method, string Path, string Query = "", string? Form = null)
{
    public static ApiRequest Get(FormattableString path, params IEnumerable<(string Name, string? Value)> query) =>
        new(HttpMethod.Get, Encode(path), Encode(query));

    public static ApiRequest Put(FormattableString path, params IEnumerable<(string Name, string? Value)> form) =>
        new(HttpMethod.Put, Encode(path), Form: Encode(form));

    private static string Encode(FormattableString path) => string.Format(
        CultureInfo.InvariantCulture,
        path.Format,
        [.. path.GetArguments().Select(part => (object)Uri.EscapeDataString(part?.ToString() ?? ""))]);

    /// <summary>
    /// Leaves out what is null. Everything but letters, digits and <c>-._~</c> is encoded: the node splits at
    /// <c>&amp;</c> and <c>;</c>, and a bare <c>=</c> cuts a value short. Facts: PVE 4.3.
    /// </summary>
    private static string Encode(IEnumerable<(string Name, string? Value)> parameters) => string.Join('&', parameters
        .Where(parameter => parameter.Value is not null)
        .Select(parameter => $"{parameter.Name}={Uri.EscapeDataString(parameter.Value!)}"));
}
