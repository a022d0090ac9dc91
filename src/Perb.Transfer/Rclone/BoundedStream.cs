namespace Perb.Transfer.Rclone;

/// <summary>A program's output that reports every read and throws once it is longer than any sane answer.</summary>
internal sealed class BoundedStream(Stream source, long maxBytes, Action sawBytes) : ForwardStream
{
    private long _readBytes;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await source.ReadAsync(buffer, cancellationToken);
        _readBytes += count;
        sawBytes();
        return _readBytes <= maxBytes ? count : throw new AnswerTooLongException();
    }
}

/// <summary>Never leaves <see cref="RcloneRun"/>.</summary>
internal sealed class AnswerTooLongException : Exception;
