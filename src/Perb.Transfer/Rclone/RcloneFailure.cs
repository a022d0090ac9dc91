namespace Perb.Transfer.Rclone;

/// <summary>Why a run of rclone failed, as far as the next step depends on it.</summary>
public enum RcloneFailure
{
    /// <summary>A remote that is not in the configuration file, a flag or value that rclone refuses, no rclone at all.</summary>
    Configuration,

    /// <summary>The file or directory is not there.</summary>
    NotFound,

    /// <summary>The network or the remote; the same call may succeed later.</summary>
    Temporary,

    /// <summary>The remote refuses: quota, rights, an expired login.</summary>
    NoRetry,

    /// <summary>The provider has taken enough for now; it takes more later, and until then every request counts against us.</summary>
    Quota,

    /// <summary>A limit that the administrator gave rclone (its environment can) was reached.</summary>
    LimitReached,

    /// <summary>Stopped by Perb, since nothing moved for the stall timeout.</summary>
    Stalled,

    /// <summary>Ended by a signal that did not come from Perb, or not to be ended at all.</summary>
    Killed,

    /// <summary>Anything else, an unreadable answer among it.</summary>
    Unexpected,
}
