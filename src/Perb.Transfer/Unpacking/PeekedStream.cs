namespace Perb.Transfer.Unpacking;

/// <summary>A stream of which the beginning was looked at, and is still to be read.</summary>
public sealed class PeekedStream : ForwardStream
{
    private readonly Stream _rest;
    private ReadOnlyMemory<byte> _unread;

    private PeekedStream(ReadOnlyMemory<byte> head, Stream rest) => (Head, _unread, _rest) = (head, head, rest);

    /// <summary>As many bytes as were asked for, or all where there are fewer.</summary>
    public ReadOnlyMemory<byte> Head { get; }

    public static async Task<PeekedStream> OpenAsync(Stream stream, int count, CancellationToken cancellationToken)
    {
        var head = new byte[count];
        var read = await stream.ReadAtLeastAsync(head, count, throwOnEndOfStream: false, cancellationToken);
        return new PeekedStream(head.AsMemory(0, read), stream);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_unread.IsEmpty)
        {
            return _rest.ReadAsync(buffer, cancellationToken);
        }

        var take = Math.Min(buffer.Length, _unread.Length);
        _unread[..take].CopyTo(buffer);
        _unread = _unread[take..];
        return ValueTask.FromResult(take);
    }
}
