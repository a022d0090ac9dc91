namespace Perb.Transfer.Rclone;

/// <summary>A program's output that reports every read and throws once it is longer than any sane answer.</summary>
internal sealed class BoundedStream(Stream source, long maxBytes, Action sawBytes) : Stream
{
    private long _readBytes;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _readBytes;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await source.ReadAsync(buffer, cancellationToken);
        _readBytes += count;
        sawBytes();
        return _readBytes <= maxBytes ? count : throw new AnswerTooLongException();
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();
}

/// <summary>Never leaves <see cref="RcloneRun"/>.</summary>
internal sealed class AnswerTooLongException : Exception;
