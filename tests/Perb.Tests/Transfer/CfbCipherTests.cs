using System.Security.Cryptography;
using CsCheck;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Transfer;

public sealed class CfbCipherTests
{
    [Fact]
    public void It_is_the_platforms_cfb_whatever_the_pieces() =>
        Gen.Select(Gen.Byte.Array[32], Gen.Int[0, 200_000], Gen.Int[0, 40].Array[0, 12], Gen.Int[0, 90_000].Array[0, 4]).Sample((key, length, small, large) =>
        {
            var plain = new byte[length];
            new Random(length).NextBytes(plain);
            using var cipher = new CfbCipher(key);
            var encrypted = new byte[length];
            var at = 0;
            foreach (var piece in small.Concat(large).Append(length))
            {
                var take = Math.Min(piece, length - at);
                cipher.Encrypt(plain.AsMemory(at, take), encrypted.AsSpan(at));
                at += take;
            }

            Assert.Equal(Expected(key, plain), encrypted);
        }, iter: 300);

    [Fact]
    public void What_does_not_lie_in_an_array_is_refused()
    {
        using var cipher = new CfbCipher(new byte[32]);
        using var native = new NativeBytes();
        Assert.Throws<InvalidOperationException>(() => cipher.Encrypt(native.Memory, new byte[64]));
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
