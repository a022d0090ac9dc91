using Perb.Transfer.Decrypting;

namespace Perb.Scheduler.Restore;

/// <summary>The volume that comes next: it is brought, and gpg asked for its session key, while the one before is decrypted.</summary>
internal sealed class VolumeAhead : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly Task<UnlockedMessage?> _unlocking;

    public VolumeAhead(VolumeSupply supply, CancellationToken cancellationToken)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Volume = supply.NextAsync(_stop.Token);
        _unlocking = UnlockAsync();
    }

    /// <summary>Null behind the last one. Throws what the supply throws.</summary>
    public Task<ReadyVolume?> Volume { get; }

    /// <summary>Null: its whole goes through gpg.</summary>
    /// <exception cref="DecryptionException">There is no key for it.</exception>
    public Task<UnlockedMessage?> MessageAsync(CancellationToken cancellationToken) => _unlocking.WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)_unlocking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_unlocking.IsCompletedSuccessfully)
        {
            (await _unlocking)?.Dispose();
        }

        _stop.Dispose();
    }

    private async Task<UnlockedMessage?> UnlockAsync() =>
        await Volume is { } volume ? await UnlockedMessage.UnlockAsync(volume.File, _stop.Token) : null;
}
