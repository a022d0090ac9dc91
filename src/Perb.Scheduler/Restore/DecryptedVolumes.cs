using Perb.Transfer;
using Perb.Transfer.Decrypting;
using Perb.Transfer.Manifests;
using Perb.Transfer.Posix;

namespace Perb.Scheduler.Restore;

/// <summary>
/// The tar stream that a backup's volumes hold, as one stream. Each volume is decrypted by a gpg of its own, must call itself by its own name,
/// hold exactly its share, and end whole, before the next one is begun.
/// </summary>
/// <param name="manifest">What the volumes are.</param>
/// <param name="supply">Brings them.</param>
/// <param name="volumeEnded">All bytes of this volume were read, and gpg says that they were right.</param>
internal sealed class DecryptedVolumes(
    Manifest manifest, VolumeSupply supply, Func<ReadyVolume, CancellationToken, Task> volumeEnded) : ForwardStream
{
    private ReadyVolume? _volume;
    private GpgDecryption? _gpg;
    private long _volumeBytes;
    private string? _fault;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_gpg is not null || await BeginNextAsync(cancellationToken))
        {
            var count = await _gpg!.Content.ReadAsync(buffer, cancellationToken);
            if (count > 0)
            {
                _volumeBytes += count;
                return count;
            }

            await EndAsync(cancellationToken);
        }

        return 0;
    }

    /// <summary>After something went wrong with a volume that is read in place: whether it is not the manifest's, which explains all else.</summary>
    public async Task<VolumeException?> FaultAsync(CancellationToken cancellationToken) =>
        _volume is { } volume && supply.IsInPlace
        && await CheckVolume.FaultOfAsync(volume.File, manifest.Volumes[volume.Number - 1], into: null, cancellationToken) is { } fault
            ? new VolumeException(volume.Number, $"{volume.File} {fault}")
            : null;

    public override async ValueTask DisposeAsync()
    {
        if (_gpg is not null)
        {
            await _gpg.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    private async Task<bool> BeginNextAsync(CancellationToken cancellationToken)
    {
        _volume = await supply.NextAsync(cancellationToken);
        if (_volume is null)
        {
            return false;
        }

        (_volumeBytes, _fault) = (0, supply.IsInPlace ? "was not read to its end" : null);
        _gpg = GpgDecryption.Start(_volume.File, supply.IsInPlace ? FeedAsync : null, cancellationToken);
        var name = await _gpg.NameAsync(cancellationToken);
        return name is null || name == _volume.Name // null: gpg failed, and will say why
            ? true
            : throw new VolumeException(
                _volume.Number, $"{_volume.Name} says that it is '{Printable.Clean(name, 100)}': it was swapped, renamed, or made by somebody else");
    }

    // gpg gets the very bytes that are hashed: the file may have become another since it was looked at.
    private async Task FeedAsync(Stream gpg, CancellationToken cancellationToken) => _fault = await CheckVolume.FaultOfAsync(
        _volume!.File, manifest.Volumes[_volume.Number - 1], gpg, cancellationToken);

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        await _gpg!.FinishAsync(cancellationToken);
        await _gpg.DisposeAsync();
        _gpg = null;
        var (volume, isLast) = (_volume!, _volume!.Number == manifest.Volumes.Count);
        if (_fault is not null || FileFacts.At(volume.File) != volume.Facts)
        {
            throw new VolumeException(volume.Number, $"{volume.File} changed while it was decrypted{(_fault is null ? "" : $": it {_fault}")}");
        }

        if (isLast ? _volumeBytes > manifest.VolumeBytes : _volumeBytes != manifest.VolumeBytes)
        {
            throw new VolumeException(volume.Number, $"{volume.Name} holds {_volumeBytes} bytes where its manifest says {manifest.VolumeBytes}");
        }

        await volumeEnded(volume, cancellationToken);
    }
}
