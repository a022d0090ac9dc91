using System.Buffers;

namespace Perb.Transfer.Sealing;

/// <summary>
/// What one step of a <see cref="VolumeMessage"/> yields: the bytes to write next, and the plain bytes behind them, which the packet may
/// still have to digest. Used again for a later step, never for two at once.
/// </summary>
internal sealed class MessagePart
{
    /// <summary>In the order in which they are written.</summary>
    public List<ReadOnlyMemory<byte>> Output { get; } = [];

    public List<ReadOnlyMemory<byte>> Plain { get; } = [];

    public ArrayBufferWriter<byte> Body { get; } = new(PacketFraming.ChunkBytes + (64 << 10));

    public void Clear()
    {
        Output.Clear();
        Plain.Clear();
        Body.ResetWrittenCount();
    }
}
