using Perb.Transfer;
using Perb.Transfer.Decrypting;
using Perb.Transfer.Hashing;
using Perb.Transfer.Manifests;
using Perb.Transfer.Posix;

namespace Perb.Scheduler.Restore;

/// <summary>
/// The tar stream that a backup's volumes hold, as one stream. Each volume is decrypted here with the session key that gpg told, or else by gpg;
/// it must call itself by its own name, hold exactly its share, and end whole, before the next one is begun.
/// </summary>
/// <param name="manifest">What the volumes are.</param>
/// <param name="supply">Brings them.</param>
/// <param name="volumeEnded">
/// All bytes of this volume were read, and they were right. Goes on while the next volume is read; it is waited for before that one ends.
/// </param>
internal sealed class DecryptedVolumes(
    Manifest manifest, VolumeSupply supply, Func<ReadyVolume, CancellationToken, Task> volumeEnded) : ForwardStream
{
    private readonly DecryptionBlocks _blocks = new();
    private VolumeAhead? _ahead;
    private ReadyVolume? _volume;
    private IDecryption? _decryption;
    private DigestPass? _digests;
    private Task _ended = Task.CompletedTask;
    private long _volumeBytes;
    private string? _fault;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_decryption is not null || await BeginNextAsync(cancellationToken))
        {
            var count = await _decryption!.Content.ReadAsync(buffer, cancellationToken);
            if (count > 0)
            {
                _volumeBytes += count;
                return count;
            }

            await EndAsync(cancellationToken);
        }

        await _ended;
        return 0;
    }

    /// <summary>After something went wrong with a volume that is read in place: whether it is not the manifest's, which explains all else.</summary>
    public async Task<VolumeException?> FaultAsync(CancellationToken cancellationToken) =>
        _volume is { } volume && supply.IsInPlace
        && await CheckVolume.FaultOfAsync(volume.File, ManifestOf(volume), into: null, cancellationToken) is { } fault
            ? new VolumeException(volume.Number, $"{volume.File} {fault}")
            : null;

    public override async ValueTask DisposeAsync()
    {
        await _ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_ahead is not null)
        {
            await _ahead.DisposeAsync();
        }

        if (_decryption is not null)
        {
            await _decryption.DisposeAsync();
        }

        _digests?.Dispose();
        await base.DisposeAsync();
    }

    private async Task<bool> BeginNextAsync(CancellationToken cancellationToken)
    {
        await using var next = _ahead ?? new VolumeAhead(supply, cancellationToken);
        _ahead = null;
        if (!next.Volume.IsCompleted)
        {
            await _ended; // there may be no room for the next before it, and none ever where it failed
        }

        _volume = await next.Volume;
        if (_volume is null)
        {
            return false;
        }

        _volumeBytes = 0;
        _decryption = await StartAsync(_volume, await next.MessageAsync(cancellationToken), cancellationToken);
        var name = await _decryption.NameAsync(cancellationToken);
        if (name is not null && name != _volume.Name) // null: gpg failed, and will say why
        {
            throw new VolumeException(
                _volume.Number, $"{_volume.Name} says that it is '{Printable.Clean(name, 100)}': it was swapped, renamed, or made by somebody else");
        }

        _ahead = new VolumeAhead(supply, cancellationToken);
        return true;
    }

    /// <summary>In place the very bytes are hashed that are decrypted: the file may have become another since it was looked at.</summary>
    private async Task<IDecryption> StartAsync(ReadyVolume volume, UnlockedMessage? message, CancellationToken cancellationToken)
    {
        if (message is not null)
        {
            _digests = supply.IsInPlace ? new DigestPass(also: null) : null;
            if (await message.DecryptAsync(_blocks, _digests, cancellationToken) is { } own)
            {
                return own;
            }

            _digests?.Dispose();
            _digests = null;
        }

        _fault = supply.IsInPlace ? "was not read to its end" : null;
        return GpgDecryption.Start(volume.File, supply.IsInPlace ? FeedAsync : null, cancellationToken);
    }

    private async Task FeedAsync(Stream gpg, CancellationToken cancellationToken) => _fault = await CheckVolume.FaultOfAsync(
        _volume!.File, ManifestOf(_volume), gpg, cancellationToken);

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        await _decryption!.FinishAsync(cancellationToken);
        await _decryption.DisposeAsync();
        _decryption = null;
        var (volume, isLast) = (_volume!, _volume!.Number == manifest.Volumes.Count);
        if (_digests is not null)
        {
            _fault = CheckVolume.FaultOf(_digests.Finish(), ManifestOf(volume));
            _digests.Dispose();
            _digests = null;
        }

        if (_fault is not null || FileFacts.At(volume.File) != volume.Facts)
        {
            throw new VolumeException(volume.Number, $"{volume.File} changed while it was decrypted{(_fault is null ? "" : $": it {_fault}")}");
        }

        if (isLast ? _volumeBytes > manifest.VolumeBytes : _volumeBytes != manifest.VolumeBytes)
        {
            throw new VolumeException(volume.Number, $"{volume.Name} holds {_volumeBytes} bytes where its manifest says {manifest.VolumeBytes}");
        }

        await _ended;
        _ended = volumeEnded(volume, cancellationToken);
    }

    private ManifestVolume ManifestOf(ReadyVolume volume) => manifest.Volumes[volume.Number - 1];
}
