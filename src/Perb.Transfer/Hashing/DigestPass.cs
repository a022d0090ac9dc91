namespace Perb.Transfer.Hashing;

/// <summary>Computes the <see cref="Digests"/> of bytes that pass by, SHA-256 and at most one other kind.</summary>
public sealed class DigestPass(HashKind? also) : IDisposable
{
    private readonly HashKind? _also = also is HashKind.Sha256 ? null : also;
    private readonly RunningHash _sha256 = RunningHash.Of(HashKind.Sha256);
    private readonly RunningHash? _other = also is null or HashKind.Sha256 ? null : RunningHash.Of(also.Value);

    public void Append(ReadOnlySpan<byte> data)
    {
        _sha256.Append(data);
        _other?.Append(data);
    }

    /// <summary>Call once, after the last byte.</summary>
    public Digests Finish() => new(_sha256.Finish(), _also, _other?.Finish());

    public void Dispose()
    {
        _sha256.Dispose();
        _other?.Dispose();
    }
}
