using System.Text.RegularExpressions;

namespace Perb.ProxmoxClient;

/// <summary>The one table from status and text of an error answer to an exception.</summary>
internal static partial class ErrorAnswer
{
    public static ProxmoxException From(
        Uri server, ApiRequest request, string tokenId, HttpResponseMessage response, byte[] body)
    {
        var status = (int)response.StatusCode;
        var path = request.Path;
        var text = ErrorText.Read(response.ReasonPhrase, body);
        var node = server.Describe();
        var call = $"{request.Method} {path} ({status} {text})";
        return status switch
        {
            401 => new NotAuthorizedException(
                $"{node} refused the token {ForeignText.OneLine(tokenId)} (401 {text}): check Proxmox:TokenId and the "
                + "secret, and that the token has not expired") { Status = status, Path = path },
            403 => Denied(node, call, text, path),
            500 when StorageAway().IsMatch(text) => Unavailable($"{node} cannot use the storage now: {call}"),
            400 or 500 when Missing().IsMatch(text) =>
                new NotFoundException($"{node} does not know what {call} asks for") { Status = status, Path = path },
            408 or 429 or 502 or 503 or 504 or (>= 595 and <= 599) => Unavailable(
                $"{node} could not pass the call on: {call}; check pvedaemon, and the other node if it is about one"),
            < 300 or (>= 300 and < 400) or 404 => new BadAnswerException(
                $"{node} answered {call} as the Proxmox VE API never does: check that Proxmox:Url names the node's own "
                + "port (8006) and no web proxy in front of it") { Status = status, Path = path },
            501 => new ProxmoxException(
                $"{node} does not offer {call}: is it Proxmox VE 8 or later?") { Status = status, Path = path },
            // A failure inside the node (a lock, a timeout, a full disk) passes or is mended there.
            500 => new ProxmoxException($"{node} failed {call}") { Status = status, Path = path, IsTransient = true },
            _ => new ProxmoxException($"{node} refused {call}") { Status = status, Path = path },
        };

        UnavailableException Unavailable(string message) => new(message) { Status = status, Path = path };
    }

    /// <summary>
    /// Facts: API-OBSERVED 5, <c>Permission check failed (/storage/local, Datastore.Audit|Datastore.AllocateSpace)</c>.
    /// </summary>
    private static PermissionDeniedException Denied(string node, string call, string text, string path)
    {
        var match = MissingPrivilege().Match(text);
        string[] privileges = match.Success ? match.Groups["privileges"].Value.Split('|') : [];
        var advice = match.Success
            ? $"give {string.Join(" or ", privileges)} on {match.Groups["path"].Value} to the token and to its user"
            : "the token or its user lacks a right";
        return new PermissionDeniedException($"{node} denied {call}: {advice}")
        {
            Status = 403,
            Path = path,
            Privileges = privileges,
            AclPath = match.Success ? match.Groups["path"].Value : null,
        };
    }

    [GeneratedRegex(
        @"Permission check failed \((?<path>/[^,\s]*), (?<privileges>[A-Za-z.]+(\|[A-Za-z.]+)*)\)",
        RegexOptions.ExplicitCapture)]
    private static partial Regex MissingPrivilege();

    /// <summary>
    /// 404 is not in use: unknown storages, volumes, tasks and nodes are errors of 400 and 500. Facts: API-OBSERVED 1
    /// and 4. Only these very sentences: "no such file" may as well be a cluster file system that is away, and absence
    /// must not be guessed.
    /// </summary>
    [GeneratedRegex(
        @"^storage '[^']*' does not exist|\bno such (task|storage|node)\b|^volume_size_info on .* failed - no format"
        + "|^hostname lookup '",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Missing();

    /// <summary>Facts: API-OBSERVED 4, S/Storage.pm activate_storage and storage_check_enabled.</summary>
    [GeneratedRegex(
        @"unable to activate storage|could not activate storage|not mounted"
        + "|^storage '[^']*' is (disabled|not (available|online))",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex StorageAway();
}
