using System.Security.Cryptography;

namespace Perb.Transfer.Hashing;

/// <summary>One hash in the making.</summary>
internal abstract class RunningHash : IDisposable
{
    public static RunningHash Of(HashKind kind) => kind switch
    {
        HashKind.Sha256 => new PlatformHash(HashAlgorithmName.SHA256),
        HashKind.Sha1 => new PlatformHash(HashAlgorithmName.SHA1),
        HashKind.Md5 => new PlatformHash(HashAlgorithmName.MD5),
        HashKind.Dropbox => new DropboxHash(),
        HashKind.QuickXor => new QuickXorHash(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    public abstract void Append(ReadOnlySpan<byte> data);

    /// <summary>Lower-case hexadecimal; call once.</summary>
    public abstract string Finish();

    public abstract void Dispose();

    private sealed class PlatformHash(HashAlgorithmName algorithm) : RunningHash
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(algorithm);

        public override void Append(ReadOnlySpan<byte> data) => _hash.AppendData(data);

        public override string Finish() => Convert.ToHexStringLower(_hash.GetHashAndReset());

        public override void Dispose() => _hash.Dispose();
    }
}
