using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Transfer.Hashing;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>A configured destination.</summary>
/// <param name="Name">As configured; the word for it everywhere.</param>
/// <param name="Path">Where its objects lie.</param>
/// <param name="Verify">How a copy has to be proven.</param>
/// <param name="Limits">What each rclone is told to keep to.</param>
public sealed record Remote(string Name, RemotePath Path, VerifyLevel Verify, TransferLimits Limits)
{
    /// <summary>How many volumes are sent at the same time.</summary>
    public int Uploads { get; init; } = 1;

    /// <summary>How many bytes are sent from midnight to midnight; null: no limit.</summary>
    public long? DailyBytes { get; init; }

    /// <summary>When uploads may begin; null: always.</summary>
    public DayWindow? UploadWindow { get; init; }

    public static Remote Of(RemoteSection section) => new(
        section.Name, RemotePath.Parse(section.Path), section.Verify, new TransferLimits(section.BandwidthLimit?.Share(section.Uploads)))
    {
        Uploads = section.Uploads,
        DailyBytes = section.DailyBytes,
        UploadWindow = section.UploadWindow,
    };

    public RemotePath ObjectPath(string objectName) => Path.Join(objectName);
}

/// <summary>A remote that answered: reachable, ours, and able to report this hash (null: none).</summary>
public sealed class ReadyRemote(Remote remote, HashKind? hash)
{
    private Failure? _refusal;

    public Remote Remote => remote;

    public HashKind? Hash => hash;

    /// <summary>Where it lies, if it is a directory of this machine: nobody else can report a hash of its files.</summary>
    public string? LocalRoot { get; init; }

    /// <summary>Told whenever a volume is proven there: the remote takes what it may have refused before.</summary>
    public Func<Task> Took { get; init; } = () => Task.CompletedTask;

    /// <summary>Something went wrong there that would go wrong for all: what still waits to be sent under this opening is not sent.</summary>
    public void Refuse(Failure failure) => Interlocked.CompareExchange(ref _refusal, failure, null);

    /// <exception cref="RemoteRefusedException">It was refused.</exception>
    public void ThrowIfRefused()
    {
        if (Volatile.Read(ref _refusal) is { } refusal)
        {
            throw new RemoteRefusedException(refusal);
        }
    }
}
