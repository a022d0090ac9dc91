using CsCheck;
using Perb.Transfer.Signing;

namespace Perb.Tests.Transfer;

/// <summary>Signatures and secret keys that were damaged at any place: refused, never another exception.</summary>
public sealed class SigningTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 2, 41, 7, TimeSpan.Zero);
    private static readonly byte[] Manifest = "# Perb manifest, format 1\n"u8.ToArray();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-signing-");
    private SigningKey _key = null!;
    private TrustedSigners _trusted = null!;

    private string File => Path.Combine(_folder.FullName, "signing.asc");

    public async ValueTask InitializeAsync()
    {
        _key = await NewSigningKey.CreateAsync(File, "Perb on pve1", Now, TestContext.Current.CancellationToken);
        _trusted = TrustedSigners.Load([], _key, Now);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void What_is_signed_is_believed_and_the_file_reads_back()
    {
        var again = SigningKey.Load(File, groupMayRead: false, Now);

        Assert.Equal(_key.Signer, again.Signer);
        Assert.Equal(_key.Signer, _trusted.Verify(Manifest, again.Sign(Manifest, Now), Now).Signer);
        Assert.Equal(["signing.asc"], _folder.GetFiles().Select(file => file.Name));
    }

    [Fact]
    public void A_bit_that_flipped_in_the_manifest_is_noticed()
    {
        var signature = _key.Sign(Manifest, Now);
        for (var bit = 0; bit < Manifest.Length * 8; bit++)
        {
            Assert.Null(_trusted.Verify(Flip(Manifest, bit), signature, Now).Signer);
        }
    }

    // Version, type, algorithms and the signed part; the second number. The packet's length before, and the issuer and a hint of the hash
    // between them, are not signed: what they say is not believed.
    [Fact]
    public void A_bit_that_flipped_in_the_signature_is_noticed()
    {
        var signature = _key.Sign(Manifest, Now);
        const int Header = 2;
        const int Signed = 6 + 29;
        for (var bit = Header * 8; bit < (Header + Signed) * 8; bit++)
        {
            Assert.Null(_trusted.Verify(Manifest, Flip(signature, bit), Now).Signer);
        }

        for (var bit = (signature.Length - 32) * 8; bit < signature.Length * 8; bit++)
        {
            Assert.Null(_trusted.Verify(Manifest, Flip(signature, bit), Now).Signer);
        }
    }

    [Fact]
    public void A_signature_cut_anywhere_is_refused()
    {
        var signature = _key.Sign(Manifest, Now);
        for (var length = 0; length < signature.Length; length++)
        {
            Assert.Null(_trusted.Verify(Manifest, signature[..length], Now).Signer);
            Assert.False(TrustedSigners.CanRead(signature[..length]));
        }

        Assert.True(TrustedSigners.CanRead(signature));
    }

    [Fact]
    public void Noise_as_a_signature_is_refused_in_printable_words() => Damaged(_key.Sign(Manifest, Now)).Sample(
        noise =>
        {
            var verdict = _trusted.Verify(Manifest, noise, Now);
            Assert.Equal(verdict.Signer is null, verdict.WhyNot.Length > 0);
            Assert.InRange(verdict.WhyNot.Length, 0, 1000);
            Assert.DoesNotContain(verdict.WhyNot, char.IsControl);
        },
        iter: 3000);

    [Fact]
    public void Noise_as_a_secret_key_is_refused_in_words_that_hold_nothing_of_it()
    {
        var armored = System.IO.File.ReadAllBytes(File);
        var body = System.Text.Encoding.ASCII.GetString(armored).Split('\n').Where(line => line.Length == 64).ToList();
        var secret = Convert.FromBase64String(string.Concat(body));
        var damaged = Path.Combine(_folder.FullName, "damaged");
        Gen.OneOf(Damaged(armored), Damaged(secret)).Sample(
            noise =>
            {
                System.IO.File.WriteAllBytes(damaged, noise);
                System.IO.File.SetUnixFileMode(damaged, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                try
                {
                    Assert.Equal(_key.Signer.Fingerprint, SigningKey.Load(damaged, groupMayRead: false, Now).Signer.Fingerprint);
                }
                catch (SignerException exception)
                {
                    Assert.InRange(exception.Message.Length, 1, 600);
                    Assert.DoesNotContain(exception.Message, char.IsControl);
                    Assert.DoesNotContain(body, line => exception.Message.Contains(line[..16], StringComparison.Ordinal));
                }
            },
            iter: 1500,
            threads: 1);
    }

    [Fact]
    public void Neither_the_key_nor_its_parts_print_a_secret()
    {
        Assert.Equal($"{_key.Signer.Fingerprint} (Perb on pve1)", _key.ToString());
        Assert.DoesNotContain("PRIVATE", _key.PublicKey, StringComparison.Ordinal);
        Assert.StartsWith("-----BEGIN PGP PUBLIC KEY BLOCK-----", _key.PublicKey, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_workers_may_verify_and_sign_at_once()
    {
        var signature = _key.Sign(Manifest, Now);

        Parallel.For(0, 200, i => Assert.NotNull(_trusted.Verify(Manifest, i % 2 == 0 ? signature : _key.Sign(Manifest, Now), Now).Signer));
    }

    private static byte[] Flip(byte[] content, int bit)
    {
        var flipped = content.ToArray();
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return flipped;
    }

    // Two bytes replaced, near the beginning more often, and one in three cut.
    private static Gen<byte[]> Damaged(byte[] whole) => Gen.Select(
        Gen.OneOf(Gen.Int[0, whole.Length - 1], Gen.Int[0, Math.Min(60, whole.Length - 1)]),
        Gen.Int[0, whole.Length - 1],
        Gen.Byte,
        Gen.Byte,
        Gen.OneOf(Gen.Int[0, whole.Length], Gen.Const(whole.Length), Gen.Const(whole.Length)),
        (first, second, one, other, length) =>
        {
            var damaged = whole.ToArray();
            (damaged[first], damaged[second]) = (one, other);
            return damaged[..length];
        });
}
