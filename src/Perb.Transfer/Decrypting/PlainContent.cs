using System.Threading.Channels;

namespace Perb.Transfer.Decrypting;

/// <summary>What was decrypted, in the order of its blocks; each is free again when it was read.</summary>
internal sealed class PlainContent(ChannelReader<DecryptionBlock> decrypted, DecryptionBlocks blocks) : ForwardStream
{
    private DecryptionBlock? _block;
    private int _segment;
    private int _inSegment;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = 0;
        while (count == 0 && buffer.Length > 0)
        {
            if (_block is null && (!await decrypted.WaitToReadAsync(cancellationToken) || !decrypted.TryRead(out _block)))
            {
                return 0;
            }

            count = Copy(_block!, buffer.Span);
        }

        return count;
    }

    private int Copy(DecryptionBlock block, Span<byte> buffer)
    {
        var count = 0;
        while (count < buffer.Length && _segment < block.Content.Count)
        {
            var left = block.Content[_segment].Span[_inSegment..];
            var take = Math.Min(left.Length, buffer.Length - count);
            left[..take].CopyTo(buffer[count..]);
            count += take;
            (_segment, _inSegment) = take == left.Length ? (_segment + 1, 0) : (_segment, _inSegment + take);
        }

        if (_segment == block.Content.Count)
        {
            (_block, _segment, _inSegment) = (null, 0, 0);
            blocks.Leave(block);
        }

        return count;
    }
}
