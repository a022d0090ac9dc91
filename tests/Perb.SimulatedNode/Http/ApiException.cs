namespace Perb.Simulation.Http;

internal enum ErrorBody
{
    /// <summary><c>{"data":null,"message":"…\n","errors":{…}}</c></summary>
    Envelope,

    /// <summary>Every 401 of a token, 595/596, and 501 for HEAD, OPTIONS, PATCH: the text is only in the reason phrase.</summary>
    None,

    /// <summary>506, chunked bodies, malformed JSON: the text alone.</summary>
    Text,
}

/// <summary>An answer of 400 or more. Proxmox has no 404: "not found" is 500 (storage, volume), 400 (upid, job) or 501 (path).</summary>
internal sealed class ApiException(int status, string message, ErrorBody body = ErrorBody.Envelope) : Exception(message)
{
    public int Status { get; } = status;

    public ErrorBody Body { get; } = body;

    public IReadOnlyDictionary<string, string>? Errors { get; private init; }

    public static ApiException Parameter(string name, string text) =>
        Parameters(new Dictionary<string, string> { [name] = text });

    public static ApiException Parameters(IReadOnlyDictionary<string, string> errors) =>
        new(400, "Parameter verification failed.") { Errors = errors };

    public static ApiException Forbidden(string path, string privileges) =>
        new(403, $"Permission check failed ({path}, {privileges})");

    public static ApiException NotImplemented(string method, string path) =>
        new(501, $"Method '{method} {path}' not implemented");
}
