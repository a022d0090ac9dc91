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
    // A limit ends at midnight or earlier; on the day on which a clock goes back that is an hour later.
    private static readonly TimeSpan LongestHold = TimeSpan.FromHours(25);

    private readonly SemaphoreSlim _asking = new(1);
    private ReadyRemote? _ready;
    private Closed? _closed;
    private int _refusals;
    private bool _isStagingFull;
    private bool _hasRefusedWork; // which asking does not show: its gate is open while a quota is used up or a disk is full
    private bool _isHoldRecorded = true; // an earlier life's is over, too

    /// <summary>Why the remote could not be opened the last time, or null; what a backup met there is that backup's.</summary>
    public Failure? Refusal => _closed is { IsOfGate: true } refused ? refused.Why : null;

    /// <summary>How long to wait before it is worth asking again; on the clock that nobody can set, so that a year is never waited for.</summary>
    public TimeSpan Wait => _closed switch
    {
        null => TimeSpan.Zero,
        { Why.HeldBack: { } held } when held.Until <= time.GetUtcNow() => TimeSpan.Zero, // it is over by either clock
        var closed => closed.For - time.GetElapsedTime(closed.Since),
    };

    /// <summary>Null where the remote cannot be used now.</summary>
    public async Task<ReadyRemote?> OpenAsync(CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken);
        try
        {
            return await IsClosedAsync(cancellationToken) ? null : _ready ??= await AskAsync(cancellationToken);
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <summary>A backup failed in a way that every other would: ask the remote again before the next.</summary>
    /// <param name="failure">How it failed.</param>
    /// <param name="opening">What it was carried under: of one that is over, another worker told already.</param>
    public async Task CloseAsync(Failure failure, ReadyRemote opening)
    {
        if (failure.HeldBack is { } held)
        {
            await HoldAsync(held);
            return;
        }

        if (opening != _ready)
        {
            return;
        }

        _hasRefusedWork |= !failure.IsStaging;
        await RefusedAsync(failure, isOfGate: false);
    }

    /// <summary>It took a volume or a whole backup, or nothing waits for it any more: what it refused before is over.</summary>
    public async Task TookAsync()
    {
        if (_hasRefusedWork)
        {
            (_hasRefusedWork, _refusals) = (false, 0);
            await troubles.SetAsync(Troubles.OfRemote(remote.Name), null, CancellationToken.None);
        }
    }

    /// <summary>A backup went through: nothing is wrong with the remote, and the next may be tried at once.</summary>
    public async Task WorkedAsync()
    {
        _refusals = 0;
        AskAgain();
        await TookAsync();
    }

    /// <summary>A backup went through, or failed of its own: staging has room.</summary>
    public async Task StagingWorkedAsync()
    {
        if (_isStagingFull)
        {
            _isStagingFull = false;
            await troubles.SetAsync(Troubles.OfStaging(remote.Name), null, CancellationToken.None);
        }
    }

    /// <summary>A person has perhaps mended it.</summary>
    public void AskAgain()
    {
        if (_closed is { Why.HeldBack: null } refused)
        {
            _closed = refused with { For = TimeSpan.Zero };
        }
    }

    public void Dispose() => _asking.Dispose();

    private async Task RefusedAsync(Failure failure, bool isOfGate)
    {
        _ready = null;
        _closed = new Closed(time.GetTimestamp(), retry.PauseAfter(failure, ++_refusals), failure, isOfGate);
        _isStagingFull |= failure.IsStaging;
        await troubles.SetAsync(
            failure.IsStaging ? Troubles.OfStaging(remote.Name) : Troubles.OfRemote(remote.Name),
            failure.Text,
            CancellationToken.None,
            needsPerson: failure.Kind == FailureKind.NeedsOperator);
    }

    private async Task<bool> IsClosedAsync(CancellationToken cancellationToken)
    {
        if (limits.Closed(remote) is { } held)
        {
            await HoldAsync(held);
            return true;
        }

        if (Wait > TimeSpan.Zero)
        {
            return true;
        }

        if (_isHoldRecorded)
        {
            await uploads.ReleaseAsync(remote.Name, cancellationToken);
            _isHoldRecorded = false;
            _closed = _closed is { Why.HeldBack: null } ? _closed : null;
        }

        return false;
    }

    private async Task HoldAsync(HeldBack held)
    {
        if (_closed?.Why.HeldBack != held)
        {
            await uploads.HoldAsync(held);
            logger.RemoteHeldBack(remote.Name, LocalTime.InWords(held.Until, options.TimeZone), held.Why);
            var left = held.Until - time.GetUtcNow();
            _closed = new Closed(time.GetTimestamp(), left < LongestHold ? left : LongestHold, Failure.From(new HeldBackException(held)), IsOfGate: false);
            _isHoldRecorded = true;
        }
    }

    private async Task<ReadyRemote?> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            var ready = await gate.OpenAsync(remote, cancellationToken);
            _closed = null;
            if (!_hasRefusedWork)
            {
                await troubles.SetAsync(Troubles.OfRemote(remote.Name), null, cancellationToken);
            }

            return new ReadyRemote(ready.Remote, ready.Hash) { LocalRoot = ready.LocalRoot, Took = TookAsync };
        }
        catch (Exception exception) when (exception is RcloneException or ConfigurationException or IOException or UnauthorizedAccessException)
        {
            await RefusedAsync(Failure.From(exception), isOfGate: true);
            return null;
        }
    }

    /// <param name="Since">On the clock that nobody can set.</param>
    /// <param name="For">How long nothing is asked of the remote.</param>
    /// <param name="Why">What it refused; or the limit that holds it back.</param>
    /// <param name="IsOfGate">It was asked, and did not open.</param>
    private sealed record Closed(long Since, TimeSpan For, Failure Why, bool IsOfGate);
}
