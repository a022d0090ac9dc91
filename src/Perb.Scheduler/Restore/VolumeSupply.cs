using System.Threading.Channels;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Remotes;
using Perb.Transfer.Manifests;
using Perb.Transfer.Posix;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Restore;

/// <summary>A volume that is here and has the size of the manifest, and its hash unless it is to be read in place.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Name">Its name on the remote.</param>
/// <param name="File">Where it is to be read.</param>
/// <param name="Facts">Of the file when it was checked.</param>
internal sealed record ReadyVolume(int Number, string Name, string File, FileFacts Facts);

/// <summary>
/// Brings volumes here in their order and proves them, a few ahead of decryption: while one is decrypted the next is fetched and hashed. On a
/// remote that is a directory of this machine they are read where they are.
/// </summary>
internal sealed class VolumeSupply : IAsyncDisposable
{
    private const int Attempts = 2;

    private readonly RemotePlace _place;
    private readonly Manifest _manifest;
    private readonly WorkDirectory _work;
    private readonly RcloneProgram _rclone;
    private readonly RestoreProgress _progress;
    private readonly bool _isProvenFirst;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _slots;
    private readonly CancellationTokenSource _stop;
    private readonly Channel<ReadyVolume> _ready = Channel.CreateUnbounded<ReadyVolume>();
    private readonly Task _bringing;

    /// <param name="from">The backup, with its manifest.</param>
    /// <param name="first">The first volume that is wanted.</param>
    /// <param name="slots">How many volumes may be here at once, 1 or more.</param>
    /// <param name="work">Where they are put.</param>
    /// <param name="rclone">Fetches them.</param>
    /// <param name="progress">Is told of it.</param>
    /// <param name="isProvenFirst">Also what is read in place is hashed before it is decrypted; else only meanwhile.</param>
    /// <param name="logger">Is told what did not go well.</param>
    /// <param name="cancellationToken">Stops rclone.</param>
    public VolumeSupply(
        FoundBackup from,
        int first,
        int slots,
        WorkDirectory work,
        RcloneProgram rclone,
        RestoreProgress progress,
        bool isProvenFirst,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        (_place, _manifest) = (from.Place, from.Backup.Read!.Manifest);
        (_work, _rclone, _progress, _isProvenFirst, _logger) = (work, rclone, progress, isProvenFirst, logger);
        _slots = new SemaphoreSlim(slots);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _bringing = Task.Run(() => BringAllAsync(first), CancellationToken.None);
    }

    /// <summary>Volumes are read where others can change them: whoever reads them hashes what he reads.</summary>
    public bool IsInPlace => _place.LocalDirectory is not null;

    /// <summary>The next volume, or null behind the last one.</summary>
    /// <exception cref="VolumeException">It is missing or damaged on the remote.</exception>
    /// <exception cref="RcloneException">The remote does not answer.</exception>
    public async Task<ReadyVolume?> NextAsync(CancellationToken cancellationToken) =>
        await _ready.Reader.WaitToReadAsync(cancellationToken) ? await _ready.Reader.ReadAsync(cancellationToken) : null;

    /// <summary>A volume has been decrypted whole.</summary>
    /// <param name="volume">It.</param>
    /// <param name="isNeeded">Not all that it held is on the disk: if this restore is interrupted, another needs it again.</param>
    public void Done(ReadyVolume volume, bool isNeeded)
    {
        try
        {
            if (!isNeeded && _place.LocalDirectory is null)
            {
                File.Delete(volume.File);
            }
        }
        finally
        {
            _slots.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _bringing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _slots.Dispose();
    }

    private async Task BringAllAsync(int first)
    {
        try
        {
            await EndFetcherAsync(_stop.Token);
            for (var number = first; number <= _manifest.Volumes.Count; number++)
            {
                await _slots.WaitAsync(_stop.Token);
                await _ready.Writer.WriteAsync(await BringAsync(number, _stop.Token), _stop.Token);
            }

            _ready.Writer.Complete();
        }
#pragma warning disable CA1031 // Handed to whoever waits for the next volume.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _ready.Writer.Complete(exception);
        }
    }

    private async Task<ReadyVolume> BringAsync(int number, CancellationToken cancellationToken)
    {
        var volume = _manifest.Volumes[number - 1];
        if (_place.LocalDirectory is { } directory)
        {
            var file = Path.Combine(directory, volume.Name);
            if (!_isProvenFirst && CheckVolume.SizeFaultOf(file, volume) is null && FileFacts.At(file) is { } facts)
            {
                return new ReadyVolume(number, volume.Name, file, facts);
            }

            return await CheckAsync(number, volume, file, cancellationToken)
                ?? throw new VolumeException(number, $"{file} {await FaultOfAsync(file, volume, cancellationToken)}");
        }

        var fetched = _work.FileOf(volume.Name);
        var kept = File.Exists(fetched) ? await CheckAsync(number, volume, fetched, cancellationToken) : null;
        return kept ?? await FetchAsync(number, volume, fetched, cancellationToken);
    }

    private async Task<ReadyVolume> FetchAsync(int number, ManifestVolume volume, string file, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await _rclone.CopyFromAsync(
                    _place.Path.Join(volume.Name),
                    file,
                    volume.SizeBytes + 1, // one more than there should be, so that a longer one is noticed
                    _progress.Fetching(number, _manifest.Volumes.Count),
                    started: fetcher =>
                    {
                        _work.Fetcher = fetcher;
                        return Task.CompletedTask;
                    },
                    cancellationToken);
            }
            catch (RcloneException exception) when (exception.Kind == RcloneFailure.NotFound)
            {
                throw new VolumeException(number, $"{_place.Path.Join(volume.Name)} is missing");
            }
            catch (RcloneException exception) when (exception.IsTransient && attempt < Attempts)
            {
                _logger.VolumeBrokeOff(volume.Name, exception.Message);
                continue;
            }
            finally
            {
                _progress.FetchingEnded();
            }

            if (await CheckAsync(number, volume, file, cancellationToken) is { } ready)
            {
                return ready;
            }

            var fault = await FaultOfAsync(file, volume, cancellationToken);
            File.Delete(file);
            if (attempt == Attempts)
            {
                throw new VolumeException(number, $"{_place.Path.Join(volume.Name)} {fault}");
            }

            _logger.VolumeFetchedAgain(volume.Name, fault);
        }
    }

    private static async Task<string> FaultOfAsync(string file, ManifestVolume volume, CancellationToken cancellationToken) =>
        await CheckVolume.FaultOfAsync(file, volume, into: null, cancellationToken) ?? "changed while it was read";

    private static async Task<ReadyVolume?> CheckAsync(int number, ManifestVolume volume, string file, CancellationToken cancellationToken)
    {
        var before = FileFacts.At(file);
        var fault = await CheckVolume.FaultOfAsync(file, volume, into: null, cancellationToken);
        return fault is null && before is not null && FileFacts.At(file) == before ? new ReadyVolume(number, volume.Name, file, before) : null;
    }

    private async Task EndFetcherAsync(CancellationToken cancellationToken)
    {
        if (_work.Fetcher is { } survivor)
        {
            await _rclone.EndSurvivorAsync(survivor, cancellationToken);
            _work.Fetcher = null;
        }
    }
}
