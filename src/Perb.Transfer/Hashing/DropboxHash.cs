using System.Security.Cryptography;

namespace Perb.Transfer.Hashing;

/// <summary>Dropbox's content hash: SHA-256 over the SHA-256 of every block of 4 MiB.</summary>
internal sealed class DropboxHash : RunningHash
{
    private const int BlockBytes = 4 << 20;
    private readonly IncrementalHash _block = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash _whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _inBlock;

    public override void Append(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            var take = Math.Min(data.Length, BlockBytes - _inBlock);
            _block.AppendData(data[..take]);
            _inBlock += take;
            data = data[take..];
            if (_inBlock == BlockBytes)
            {
                CloseBlock();
            }
        }
    }

    public override string Finish()
    {
        if (_inBlock > 0)
        {
            CloseBlock();
        }

        return Convert.ToHexStringLower(_whole.GetHashAndReset());
    }

    public override void Dispose()
    {
        _block.Dispose();
        _whole.Dispose();
    }

    private void CloseBlock()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _block.GetHashAndReset(hash);
        _whole.AppendData(hash);
        _inBlock = 0;
    }
}
