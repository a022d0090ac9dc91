using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Perb.ProxmoxClient;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;
using Perb.Transfer;
using Perb.Transfer.Rclone;
using Perb.Transfer.Sealing;
using Perb.Transfer.Signing;

namespace Perb.Scheduler.Backups;

public enum FailureKind
{
    /// <summary>The world may mend itself: try again with back-off, without limit of days.</summary>
    Transient,

    /// <summary>The archive is gone.</summary>
    SourceMissing,

    /// <summary>Only a person can mend it.</summary>
    NeedsOperator,

    /// <summary>Nobody thought of it: a few more tries, then a person.</summary>
    Unexpected,

    /// <summary>Nothing is wrong: the administrator's own limits say not now.</summary>
    HeldBack,
}

/// <summary>What went wrong, in one line for the person at 3 a.m. The one place where exceptions become kinds.</summary>
public sealed record Failure(FailureKind Kind, string Text)
{
    /// <summary>
    /// Every backup of the worker would meet it (the remote refuses, staging is full): the worker pauses before it claims another, and the
    /// backup waits, however long; it is not the backup that needs a person.
    /// </summary>
    public bool ConcernsAll { get; private init; }

    /// <summary>It is not the remote that takes nothing, but the staging in front of it.</summary>
    public bool IsStaging { get; private init; }

    /// <summary>Whatever is sent to the remote would meet it.</summary>
    public bool IsOfRemote => ConcernsAll && !IsStaging && HeldBack is null;

    /// <summary>The provider counts what it is sent: asking again soon would only annoy it.</summary>
    public bool IsQuota { get; private init; }

    /// <summary>Until when, where nothing is wrong.</summary>
    public HeldBack? HeldBack { get; private init; }

    public static Failure From(Exception exception) => exception switch
    {
        SourceMissingException => Of(FailureKind.SourceMissing, exception),
        NameConflictException or ConfigurationException => Of(FailureKind.NeedsOperator, exception),
        CopyMismatchException => Of(FailureKind.Unexpected, exception),
        RemoteRefusedException refused => refused.Refusal,
        HeldBackException held => Of(FailureKind.HeldBack, exception) with { ConcernsAll = true, HeldBack = held.HeldBack },
        StagingFullException => Of(FailureKind.Transient, exception) with { ConcernsAll = true, IsStaging = true },
        RemoteVanishedException => Of(FailureKind.Transient, exception) with { ConcernsAll = true },
        RcloneException { Kind: RcloneFailure.Unexpected } => Of(FailureKind.Unexpected, exception) with { ConcernsAll = true },
        RcloneException { Kind: RcloneFailure.Quota } => Of(FailureKind.Transient, exception) with { ConcernsAll = true, IsQuota = true },
        RcloneException rclone => Of(rclone.IsTransient ? FailureKind.Transient : FailureKind.NeedsOperator, exception) with { ConcernsAll = true },
        SignerException => Of(FailureKind.Transient, exception), // the node's key expired: manifests wait for another, volumes are sent; KeyExpiry shouts
        ProxmoxException proxmox => Of(proxmox.IsTransient ? FailureKind.Transient : FailureKind.NeedsOperator, exception),
        EncryptionException encryption => Of(encryption.IsTransient ? FailureKind.Transient : FailureKind.NeedsOperator, exception),
        SqliteException sqlite => new Failure(FailureKind.Transient, Printable.Clean(StoreFault.Of(sqlite).Text)),
        IOException or UnauthorizedAccessException or SocketException or TimeoutException => Of(FailureKind.Transient, exception),
        _ => new Failure(FailureKind.Unexpected, Printable.Clean($"{exception.GetType().Name}: {exception.Message}")),
    };

    private static Failure Of(FailureKind kind, Exception exception) => new(kind, Printable.Clean(exception.Message));
}

/// <summary>The remote already has something else under the name that a backup needs; nothing is ever uploaded over it.</summary>
public sealed class NameConflictException(string message) : Exception(message);

/// <summary>rclone said that it copied, but the remote holds something else than was sent.</summary>
public sealed class CopyMismatchException(string message) : Exception(message);

/// <summary>What was on a remote before is not there any more: it may not be mounted, or be another place of the same name.</summary>
public sealed class RemoteVanishedException(string message) : Exception(message);

/// <summary>Another backup met what this one would have met: it was not tried.</summary>
public sealed class RemoteRefusedException(Failure refusal) : Exception(refusal.Text)
{
    public Failure Refusal { get; } = refusal;
}

/// <summary>Staging would pass its limit or fill a disk; sealing waits until there is room.</summary>
public sealed class StagingFullException(string message) : Exception(message);

/// <summary>A remote that is not sent to before a time, although nothing is wrong with it.</summary>
public sealed record HeldBack(string Remote, DateTimeOffset Until, string Why);

/// <summary>A limit of the remote says that nothing is sent before a time.</summary>
public sealed class HeldBackException(HeldBack heldBack)
    : Exception($"{heldBack.Remote}: {heldBack.Why}, nothing is sent before {heldBack.Until:yyyy-MM-dd HH:mm}Z")
{
    public HeldBack HeldBack { get; } = heldBack;
}
