using Perb.Transfer.Unpacking;

namespace Perb.Scheduler.Restore;

/// <summary>The archive's bytes for <c>qmrestore -</c> and <c>pct restore … -</c>; log and notes have no place there.</summary>
internal sealed class StandardOutput(Stream output) : IRestoreTarget
{
    private bool _isArchive;
    private long _leftBytes = -1;

    /// <summary>All of the archive was written.</summary>
    public bool ArchiveIsWritten => _leftBytes == 0;

    public Task BeginAsync(TarEntry entry, bool isArchive, CancellationToken cancellationToken)
    {
        _isArchive = isArchive;
        if (isArchive)
        {
            _leftBytes = entry.SizeBytes;
        }

        return Task.CompletedTask;
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (!_isArchive)
        {
            return;
        }

        try
        {
            await output.WriteAsync(data, cancellationToken);
            _leftBytes -= data.Length;
        }
        catch (IOException exception)
        {
            throw new RestoreException($"whoever reads the archive does not read on: {exception.Message}");
        }
    }

    public Task EndAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);
}
