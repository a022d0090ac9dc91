namespace Perb.ProxmoxClient;

/// <summary>
/// A call to Proxmox VE did not give its answer. The message is one line for the administrator; the subclasses say what
/// kind of failure it is. This class itself stands for errors of a node that are of no special kind.
/// </summary>
public class ProxmoxException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>The HTTP status (Proxmox also uses 595 to 599), or null where no answer arrived.</summary>
    public int? Status { get; init; }

    /// <summary>
    /// The request's path below <c>/api2/json</c>, percent-encoded as it was sent and without the query.
    /// </summary>
    public string? Path { get; init; }

    /// <summary>Whether the same call may well succeed later without anybody changing anything.</summary>
    public bool IsTransient { get; init; }
}

/// <summary>401: the token is unknown, wrong, expired, or its user is disabled. The node does not say which.</summary>
public sealed class NotAuthorizedException(string message) : ProxmoxException(message);

/// <summary>403: the token is good but lacks a privilege.</summary>
public sealed class PermissionDeniedException(string message) : ProxmoxException(message)
{
    /// <summary>The privileges of which one would do; empty where the node named none.</summary>
    public IReadOnlyList<string> Privileges { get; init; } = [];

    /// <summary>
    /// The path in the permission tree, such as <c>/storage/local</c>; null where the node named none.
    /// </summary>
    public string? AclPath { get; init; }
}

/// <summary>The node, storage, volume or task does not exist, however the node spelled that.</summary>
public sealed class NotFoundException(string message) : ProxmoxException(message);

/// <summary>No connection, no answer in time, or a node or storage that is away for now. Always transient.</summary>
public sealed class UnavailableException : ProxmoxException
{
    public UnavailableException(string message, Exception? innerException = null)
        : base(message, innerException) => IsTransient = true;
}

/// <summary>
/// What arrived is not an answer of the Proxmox VE API: a web page, cut off, of another shape, or too large.
/// </summary>
public sealed class BadAnswerException(string message, Exception? innerException = null)
    : ProxmoxException(message, innerException);

/// <summary>The certificate is neither signed by the trusted authority for this host nor pinned.</summary>
public sealed class UntrustedCertificateException(string message) : ProxmoxException(message)
{
    /// <summary>SHA-256 of the certificate that was shown, as Proxmox prints it: upper case, with colons.</summary>
    public required string Fingerprint { get; init; }
}
