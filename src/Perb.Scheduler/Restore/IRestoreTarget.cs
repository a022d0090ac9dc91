using Perb.Transfer.Unpacking;

namespace Perb.Scheduler.Restore;

/// <summary>Where a backup's files go: into a directory, or, of the archive alone, to standard output.</summary>
internal interface IRestoreTarget
{
    /// <summary>The content of an entry follows.</summary>
    Task BeginAsync(TarEntry entry, bool isArchive, CancellationToken cancellationToken);

    ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>The whole content was written.</summary>
    Task EndAsync(CancellationToken cancellationToken);
}
