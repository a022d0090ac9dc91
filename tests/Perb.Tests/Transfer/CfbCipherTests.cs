using System.Security.Cryptography;
using CsCheck;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Transfer;

public sealed class CfbCipherTests
{
    private static readonly Gen<(byte[] Key, int Length, int[] Small, int[] Large)> Pieces =
        Gen.Select(Gen.Byte.Array[32], Gen.Int[0, 200_000], Gen.Int[0, 40].Array[0, 12], Gen.Int[0, 90_000].Array[0, 4]);

    [Fact]
    public void It_is_the_platforms_cfb_whatever_the_pieces() => Pieces.Sample(
        (key, length, small, large) =>
        {
            var plain = Bytes(length);
            Assert.Equal(Expected(key, plain), Transform(key, CipherDirection.Encrypt, plain, [.. small, .. large]));
        },
        iter: 300);

    [Fact]
    public void It_decrypts_what_the_platforms_cfb_encrypted_whatever_the_pieces() => Pieces.Sample(
        (key, length, small, large) =>
        {
            var plain = Bytes(length);
            Assert.Equal(plain, Transform(key, CipherDirection.Decrypt, Expected(key, plain), [.. small, .. large]));
        },
        iter: 300);

    [Fact]
    public void What_does_not_lie_in_an_array_is_refused()
    {
        using var cipher = new CfbCipher(new byte[32], CipherDirection.Encrypt);
        using var native = new NativeBytes();
        Assert.Throws<InvalidOperationException>(() => cipher.Transform(native.Memory, new byte[64]));
    }

    private static byte[] Transform(byte[] key, CipherDirection direction, byte[] input, IReadOnlyList<int> pieces)
    {
        using var cipher = new CfbCipher(key, direction);
        var output = new byte[input.Length];
        var at = 0;
        foreach (var piece in pieces.Append(input.Length))
        {
            var take = Math.Min(piece, input.Length - at);
            cipher.Transform(input.AsMemory(at, take), output.AsSpan(at));
            at += take;
        }

        return output;
    }

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Expected(byte[] key, byte[] plain)
    {
        using var aes = Aes.Create();
        aes.Key = key;

        // Whole blocks, as OpenPGP wants them; what fills up the last one is cut off again.
        var padded = new byte[(plain.Length + 15) / 16 * 16];
        plain.CopyTo(padded, 0);
        return aes.EncryptCfb(padded, new byte[16], PaddingMode.None, feedbackSizeInBits: 128)[..plain.Length];
    }

    private sealed class NativeBytes : System.Buffers.MemoryManager<byte>
    {
        private readonly byte[] _hidden = new byte[64];

        public override Span<byte> GetSpan() => _hidden;

        public override System.Buffers.MemoryHandle Pin(int elementIndex = 0) => default;

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
