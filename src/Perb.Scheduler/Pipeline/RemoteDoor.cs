using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>
/// Whether a remote takes something now: its gate is asked once, and again after each sign that something is wrong there, with back-off;
/// what it says is shown as trouble. Shared by the workers of the remote.
/// </summary>
public sealed class RemoteDoor(
    Remote remote,
    RemoteGate gate,
    UploadLimits limits,
    UploadStore uploads,
    RetryPolicy retry,
    Troubles troubles,
    PerbOptions options,
    TimeProvider time,
    ILogger<RemoteDoor> logger) : IDisposable
{
    private readonly SemaphoreSlim _asking = new(1);
    private ReadyRemote? _ready;
    private HeldBack? _held = new(remote.Name, DateTimeOffset.MinValue, ""); // what an earlier life recorded is over, too
    private int _refusals;
    private bool _isStagingFull;
    private long _refusedAt;
    private TimeSpan _backOff;

    /// <summary>Why the remote could not be opened the last time, or null.</summary>
    public Failure? Refusal { get; private set; }

    /// <summary>How long to wait before it is worth asking again.</summary>
    public TimeSpan Wait => _held is { } held ? held.Until - time.GetUtcNow() : _backOff - time.GetElapsedTime(_refusedAt);

    /// <summary>Null where the remote cannot be used now.</summary>
    public async Task<ReadyRemote?> OpenAsync(CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken);
        try
        {
            if (await IsHeldBackAsync(cancellationToken) || (_refusals > 0 && Wait > TimeSpan.Zero))
            {
                return null;
            }

            return _ready ??= await AskAsync(cancellationToken);
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <summary>A backup failed in a way that every other would: ask the remote again before the next.</summary>
    public async Task CloseAsync(Failure failure)
    {
        if (failure.HeldBack is { } held)
        {
            await HoldAsync(held);
            return;
        }

        _ready = null;
        Refusal = failure;
        (_refusedAt, _backOff) = (time.GetTimestamp(), retry.PauseAfter(failure, ++_refusals));
        _isStagingFull |= failure.IsStaging;
        await troubles.SetAsync(
            failure.IsStaging ? Troubles.OfStaging(remote.Name) : Troubles.OfRemote(remote.Name),
            failure.Text,
            CancellationToken.None,
            needsPerson: failure.Kind == FailureKind.NeedsOperator);
    }

    /// <summary>A backup went through, or failed of its own: nothing is wrong with the remote, nor with staging.</summary>
    public async Task WorkedAsync()
    {
        _refusals = 0;
        if (_isStagingFull)
        {
            _isStagingFull = false;
            await troubles.SetAsync(Troubles.OfStaging(remote.Name), null, CancellationToken.None);
        }
    }

    /// <summary>A person has perhaps mended it.</summary>
    public void AskAgain() => _backOff = TimeSpan.Zero;

    public void Dispose() => _asking.Dispose();

    private async Task<bool> IsHeldBackAsync(CancellationToken cancellationToken)
    {
        if (limits.Closed(remote) is { } closed)
        {
            await HoldAsync(closed);
        }
        else if (_held is { } held && held.Until <= time.GetUtcNow())
        {
            await uploads.ReleaseAsync(remote.Name, cancellationToken);
            _held = null;
        }

        return _held is not null;
    }

    private async Task HoldAsync(HeldBack held)
    {
        if (_held != held)
        {
            await uploads.HoldAsync(held);
            logger.RemoteHeldBack(remote.Name, LocalTime.InWords(held.Until, options.TimeZone), held.Why);
            _held = held;
        }
    }

    private async Task<ReadyRemote?> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            var ready = await gate.OpenAsync(remote, cancellationToken);
            Refusal = null;
            await troubles.SetAsync(Troubles.OfRemote(remote.Name), null, cancellationToken);
            return ready;
        }
        catch (Exception exception) when (exception is RcloneException or ConfigurationException or IOException or UnauthorizedAccessException)
        {
            await CloseAsync(Failure.From(exception));
            return null;
        }
    }
}
