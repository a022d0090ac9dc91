using System.Buffers;

namespace Perb.Transfer.Sealing;

/// <summary>
/// The packet that encrypts a volume's content. Its body goes to the output as it comes to be; nothing but
/// <see cref="Finish"/> writes the closing bytes, so what was given up midway never looks whole.
/// </summary>
internal interface IContentPacket : IDisposable
{
    int Tag { get; }

    /// <summary>The exact length of the body that holds so much content.</summary>
    long BodyBytes(long contentBytes);

    void Begin(ArrayBufferWriter<byte> output);

    /// <param name="content">Must lie in an array.</param>
    /// <param name="output">Receives about as many bytes.</param>
    void Encrypt(ReadOnlyMemory<byte> content, ArrayBufferWriter<byte> output);

    /// <summary>
    /// What the packet has to compute over the content besides its cipher. Takes the same bytes as <see cref="Encrypt"/>, in the same
    /// order, but may lag behind it, on another thread; before <see cref="Finish"/> it has to have seen them all.
    /// </summary>
    void Digest(ReadOnlySpan<byte> content);

    void Finish(ArrayBufferWriter<byte> output);
}
