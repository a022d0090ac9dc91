using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;
using Perb.Transfer.Keys;

namespace Perb.IntegrationTests.Transfer;

/// <summary>Keys that gpg itself never makes, but other programs or an attacker do; gpg's choice is still the measure.</summary>
public sealed class CraftedKeyTests : IDisposable
{
    private static readonly DateTime Created = new(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private readonly GpgHome _gpg = new();

    private sealed class UnknownCritical() : SignatureSubpacket((SignatureSubpacketTag)99, true, false, [1]);

    public void Dispose() => _gpg.Dispose();

    [Fact]
    public void Without_flags_the_algorithm_decides()
    {
        var primary = Rsa(Created);
        var subkey = Rsa(Created.AddDays(1));
        AssertChosenAsGpgDoes(Ring(primary, subkey, new PgpSignatureSubpacketGenerator(), null), subkey);
    }

    [Fact]
    public void What_the_unhashed_part_of_a_binding_says_is_not_believed()
    {
        var primary = Rsa(Created);
        var subkey = Rsa(Created.AddDays(1));
        var forged = new PgpSignatureSubpacketGenerator();
        forged.SetKeyExpirationTime(isCritical: false, 60);
        forged.SetKeyFlags(isCritical: false, PgpKeyFlags.CanSign);
        AssertChosenAsGpgDoes(Ring(primary, subkey, Flags(PgpKeyFlags.CanEncryptStorage), forged.Generate()), subkey);
    }

    [Fact]
    public void A_binding_with_a_critical_part_that_is_unknown_binds_nothing()
    {
        var primary = Rsa(Created);
        var flags = Flags(PgpKeyFlags.CanEncryptStorage);
        flags.AddCustomSubpacket(new UnknownCritical());
        AssertChosenAsGpgDoes(Ring(primary, Rsa(Created.AddDays(1)), flags, null), primary);
    }

    [Fact]
    public void A_subkey_made_in_the_future_is_passed_over()
    {
        var primary = Rsa(Created);
        var future = Rsa(TimeProvider.System.GetUtcNow().UtcDateTime.AddYears(1));
        AssertChosenAsGpgDoes(Ring(primary, future, Flags(PgpKeyFlags.CanEncryptStorage), null), primary);
    }

    [Theory]
    [InlineData("C60A0600000000000000000000", "version 6")]
    [InlineData("99000805000000000000000000", "version 5")]
    [InlineData("C5050400000000000000", "PRIVATE key")]
    [InlineData("C60504000000006300000000", "not an OpenPGP public key")]
    [InlineData("D2FF00FF00FF", "not an OpenPGP public key")]
    [InlineData("FFFFFFFFFFFFFFFF", "not an OpenPGP public key")]
    [InlineData("", "not an OpenPGP public key")]
    public void What_is_no_version_4_public_key_is_refused_in_words(string hex, string says)
    {
        var file = Save(Convert.FromHexString(hex));
        var exception = Assert.Throws<RecipientException>(() => RecipientKeys.Load([file], TimeProvider.System.GetUtcNow(), new HashSet<string>()));
        Assert.Contains(says, exception.Message);
    }

    [Fact]
    public void A_damaged_key_file_is_never_another_exception()
    {
        var whole = Ring(Rsa(Created), Rsa(Created.AddDays(1)), Flags(PgpKeyFlags.CanEncryptStorage), null).GetEncoded();
        var random = new Random(7);
        for (var i = 0; i < 1500; i++)
        {
            var damaged = whole.ToArray();

            // Headers and versions lie near the beginning, and packets begin anywhere.
            damaged[random.Next(i % 2 == 0 ? damaged.Length : 60)] = (byte)random.Next(256);
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            var file = Save(damaged[..(i % 3 == 0 ? random.Next(1, damaged.Length + 1) : damaged.Length)]);
            var exception = Record.Exception(() => RecipientKeys.Load([file], TimeProvider.System.GetUtcNow(), new HashSet<string>()));
            Assert.True(exception is null or RecipientException, exception?.ToString());
        }
    }

    private void AssertChosenAsGpgDoes(PgpPublicKeyRing ring, PgpKeyPair expected)
    {
        var file = Save(ring.GetEncoded());
        _gpg.Run(["--import", file]).Ok();
        var recipient = Assert.Single(RecipientKeys.Load([file], TimeProvider.System.GetUtcNow(), new HashSet<string>()));
        Assert.Equal(Convert.ToHexString(expected.PublicKey.GetFingerprint()), recipient.SubkeyFingerprint);
        Assert.Equal(_gpg.Choice(recipient.Fingerprint), recipient.SubkeyFingerprint[^16..]);
    }

    private string Save(byte[] content)
    {
        var file = Path.Combine(_gpg.Folder, "crafted.gpg");
        File.WriteAllBytes(file, content);
        return file;
    }

    private static PgpKeyPair Rsa(DateTime created)
    {
        var generator = new RsaKeyPairGenerator();
        generator.Init(new RsaKeyGenerationParameters(BigInteger.ValueOf(65537), new SecureRandom(), 1024, 20));
        AsymmetricCipherKeyPair pair = generator.GenerateKeyPair();
        return new PgpKeyPair(PublicKeyAlgorithmTag.RsaGeneral, pair, created);
    }

    private static PgpSignatureSubpacketGenerator Flags(int flags)
    {
        var generator = new PgpSignatureSubpacketGenerator();
        generator.SetKeyFlags(isCritical: false, flags);
        return generator;
    }

    private static PgpPublicKeyRing Ring(
        PgpKeyPair primary, PgpKeyPair subkey, PgpSignatureSubpacketGenerator hashed, PgpSignatureSubpacketVector? unhashed)
    {
        var generator = new PgpKeyRingGenerator(
            PgpSignature.PositiveCertification, primary, "Crafted <crafted@perb.test>", SymmetricKeyAlgorithmTag.Null, Array.Empty<char>(),
            useSha1: true, null, null, new SecureRandom());
        generator.AddSubKey(subkey, hashed.Generate(), unhashed, HashAlgorithmTag.Sha256);
        return generator.GeneratePublicKeyRing();
    }
}
