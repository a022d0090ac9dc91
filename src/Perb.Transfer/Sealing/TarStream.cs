namespace Perb.Transfer.Sealing;

/// <summary>A small file that travels behind the archive: vzdump's <c>.log</c> or <c>.notes</c>, under its own name.</summary>
public sealed record TarCompanion(string Name, byte[] Content, DateTimeOffset ModifiedAt);

/// <summary>
/// The one tar stream that all volumes of a backup are cut from. Only the archive's own bytes are not kept: <see cref="Head"/> is
/// what precedes them, <see cref="Tail"/> their padding, the companions and the end mark. So the size is known before the first
/// byte is read, and any range can be produced on its own, the same at every attempt.
/// </summary>
#pragma warning disable CA1711 // A stream in tar's sense of the word; not System.IO.Stream, and never meant to be.
public sealed record TarStream(byte[] Head, long ArchiveBytes, byte[] Tail)
#pragma warning restore CA1711
{
    public long TotalBytes => Head.Length + ArchiveBytes + Tail.Length;

    /// <summary>Lays out the stream: the archive, then its log, then its notes.</summary>
    /// <param name="archiveName">A file name without a folder.</param>
    /// <param name="archiveBytes">0 or more.</param>
    /// <param name="archiveModifiedAt">Recorded in whole seconds.</param>
    /// <param name="log">The task log beside the archive, if there is one.</param>
    /// <param name="notes">The notes beside the archive, if there are some.</param>
    public static TarStream For(
        string archiveName, long archiveBytes, DateTimeOffset archiveModifiedAt, TarCompanion? log, TarCompanion? notes)
    {
        using var tail = new MemoryStream();
        tail.Write(TarHeader.Padding(archiveBytes));
        foreach (var companion in new[] { log, notes }.OfType<TarCompanion>())
        {
            tail.Write(TarHeader.For(companion.Name, companion.Content.Length, companion.ModifiedAt));
            tail.Write(companion.Content);
            tail.Write(TarHeader.Padding(companion.Content.Length));
        }

        tail.Write(new byte[2 * TarHeader.BlockBytes]);
        return new TarStream(TarHeader.For(archiveName, archiveBytes, archiveModifiedAt), archiveBytes, tail.ToArray());
    }

    /// <summary>Fills the buffer with the stream's bytes from this offset; the archive's own come from the source.</summary>
    /// <exception cref="SourceChangedException">The source ends early.</exception>
    internal async ValueTask ReadExactlyAsync(
        SourceArchive source, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, TotalBytes - buffer.Length);
        var tailStart = Head.Length + ArchiveBytes;
        while (!buffer.IsEmpty)
        {
            int take;
            if (offset < Head.Length)
            {
                take = Math.Min(buffer.Length, Head.Length - (int)offset);
                Head.AsMemory((int)offset, take).CopyTo(buffer);
            }
            else if (offset < tailStart)
            {
                take = (int)Math.Min(buffer.Length, tailStart - offset);
                await source.ReadExactlyAsync(buffer[..take], offset - Head.Length, cancellationToken);
            }
            else
            {
                take = buffer.Length;
                Tail.AsMemory((int)(offset - tailStart), take).CopyTo(buffer);
            }

            offset += take;
            buffer = buffer[take..];
        }
    }
}
