using Perb.Scheduler.Backups;
using Perb.Transfer.Hashing;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>A configured destination.</summary>
/// <param name="Name">As configured; the word for it everywhere.</param>
/// <param name="Path">Where its objects lie.</param>
/// <param name="Verify">How a copy has to be proven.</param>
/// <param name="Limits">What rclone is told to keep to.</param>
public sealed record Remote(string Name, RemotePath Path, VerifyLevel Verify, TransferLimits Limits)
{
    public RemotePath ObjectPath(string objectName) => Path.Join(objectName);
}

/// <summary>A remote that answered: reachable, ours, and able to report this hash (null: none).</summary>
public sealed record ReadyRemote(Remote Remote, HashKind? Hash);
