using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Perb.Transfer.Sealing;

/// <summary>
/// AES-256 in OpenPGP's CFB (full blocks, IV zero), computed by the platform's CBC, which is half again as fast as its CFB. With E the
/// block cipher, P and C plain and cipher blocks, CFB is C[i] = P[i] ^ X[i] with X[1] = E(0) and X[i+1] = E(C[i]) = E(P[i] ^ X[i]).
/// That recurrence is CBC: a CBC encryptor with IV zero that is given a zero block yields X[1], and then turns P[i] into X[i+1].
/// So the cipher stays the platform's (ADR 5), and what is ours is one exclusive or. Decrypting has no recurrence, since all C are there:
/// X[i+1] = E(C[i]) is the platform's ECB of them.
/// </summary>
internal sealed class CfbCipher : IDisposable
{
    public const int BlockBytes = 16;

    // Small enough to stay in a core's cache between the cipher and the exclusive or.
    private const int StepBytes = 64 << 10;

    private readonly Aes _aes;
    private readonly ICryptoTransform _masks;

    // X of the block that comes next, then those of the blocks after it as they are made.
    private readonly byte[] _mask = new byte[BlockBytes + StepBytes];

    // The given bytes of a block that is not whole yet: its X is used up byte by byte, the next one needs the whole of it.
    private readonly byte[] _begun = new byte[BlockBytes];
    private int _begunBytes;

    public CfbCipher(byte[] key, CipherDirection direction)
    {
        _aes = Aes.Create();
#pragma warning disable CA5358 // Not what encrypts: CFB needs the block cipher by itself, of blocks that are random already.
        _aes.Mode = direction == CipherDirection.Encrypt ? CipherMode.CBC : CipherMode.ECB;
#pragma warning restore CA5358
        _aes.Padding = PaddingMode.None;
        _masks = _aes.CreateEncryptor(key, new byte[BlockBytes]);
        _ = _masks.TransformBlock(new byte[BlockBytes], 0, BlockBytes, _mask, 0);
    }

    /// <summary>As many bytes come out as go in.</summary>
    /// <param name="input">Must lie in an array, as the platform's ciphers want it.</param>
    /// <param name="output">At least as long; not the same memory.</param>
    public void Transform(ReadOnlyMemory<byte> input, Span<byte> output)
    {
        if (_begunBytes > 0)
        {
            var fill = Math.Min(BlockBytes - _begunBytes, input.Length);
            Begin(input.Span[..fill], output);
            input = input[fill..];
            output = output[fill..];
        }

        if (!MemoryMarshal.TryGetArray(input, out var array))
        {
            throw new InvalidOperationException("The platform's cipher needs an array");
        }

        while (input.Length >= BlockBytes)
        {
            var take = Math.Min(input.Length - (input.Length % BlockBytes), StepBytes);
            _ = _masks.TransformBlock(array.Array!, array.Offset + array.Count - input.Length, take, _mask, BlockBytes);
            ExclusiveOr.Of(input.Span[..take], _mask, output);
            _mask.AsSpan(take, BlockBytes).CopyTo(_mask);
            input = input[take..];
            output = output[take..];
        }

        Begin(input.Span, output);
    }

    public void Dispose()
    {
        _masks.Dispose();
        _aes.Dispose();
        CryptographicOperations.ZeroMemory(_mask);
        CryptographicOperations.ZeroMemory(_begun);
    }

    private void Begin(ReadOnlySpan<byte> input, Span<byte> output)
    {
        ExclusiveOr.Of(input, _mask.AsSpan(_begunBytes), output);
        input.CopyTo(_begun.AsSpan(_begunBytes));
        _begunBytes += input.Length;
        if (_begunBytes == BlockBytes)
        {
            _ = _masks.TransformBlock(_begun, 0, BlockBytes, _mask, 0);
            _begunBytes = 0;
        }
    }
}
