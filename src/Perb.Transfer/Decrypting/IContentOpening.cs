namespace Perb.Transfer.Decrypting;

/// <summary>Decrypts the body of an encrypted packet, as it comes; the reverse of <see cref="Sealing.IContentPacket"/>.</summary>
internal interface IContentOpening : IDisposable
{
    /// <summary>So many plain bytes stand before the literal packet.</summary>
    int PrefixBytes { get; }

    /// <summary>So many plain bytes, from the first on, may go out: those that a tag has proven, where there are tags.</summary>
    long ReleasedBytes { get; }

    /// <param name="body">The next bytes; must lie in an array.</param>
    /// <param name="plain">Receives about as many; has room for two cipher blocks more.</param>
    /// <returns>How many came out.</returns>
    /// <exception cref="InvalidDataException">They are damaged; one line, which goes on from the file's name.</exception>
    int Decrypt(ReadOnlyMemory<byte> body, Span<byte> plain);

    /// <summary>After the last byte was decrypted.</summary>
    /// <exception cref="InvalidDataException">It was not all, or not right.</exception>
    void Finish();
}
