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
        Assert.Contains(says, Refusal(Save(Convert.FromHexString(hex))));
    }

    /// <summary>The sample certificate of RFC 9580, A.3: an Ed25519 key with an X25519 subkey, both of version 6.</summary>
    [Fact]
    public void A_key_of_version_6_is_refused_with_its_version()
    {
        var file = Path.Combine(_gpg.Folder, "v6.asc");
        File.WriteAllText(
            file,
            """
            -----BEGIN PGP PUBLIC KEY BLOCK-----

            xioGY4d/4xsAAAAg+U2nu0jWCmHlZ3BqZYfQMxmZu52JGggkLq2EVD34laPCsQYf
            GwoAAABCBYJjh3/jAwsJBwUVCg4IDAIWAAKbAwIeCSIhBssYbE8GCaaX5NUt+mxy
            KwwfHifBilZwj2Ul7Ce62azJBScJAgcCAAAAAK0oIBA+LX0ifsDm185Ecds2v8lw
            gyU2kCcUmKfvBXbAf6rhRYWzuQOwEn7E/aLwIwRaLsdry0+VcallHhSu4RN6HWaE
            QsiPlR4zxP/TP7mhfVEe7XWPxtnMUMtf15OyA51YBM4qBmOHf+MZAAAAIIaTJINn
            +eUBXbki+PSAld2nhJh/LVmFsS+60WyvXkQ1wpsGGBsKAAAALAWCY4d/4wKbDCIh
            BssYbE8GCaaX5NUt+mxyKwwfHifBilZwj2Ul7Ce62azJAAAAAAQBIKbpGG2dWTX8
            j+VjFM21J0hqWlEg+bdiojWnKfA5AQpWUWtnNwDEM0g12vYxoWM8Y81W+bHBw805
            I8kWVkXU6vFOi+HWvv/ira7ofJu16NnoUkhclkUrk0mXubZvyl4GBg==
            -----END PGP PUBLIC KEY BLOCK-----

            """);

        Assert.Contains("is a version 6 key, which not every gpg can read; only version 4 is supported", Refusal(file));
        Assert.NotEqual(0, _gpg.Run(["--import", file]).ExitCode);
    }

    /// <summary>Subkeys of RFC 9580's own algorithms in a version 4 key: other programs make them, no gpg of today encrypts to them.</summary>
    [Theory]
    [InlineData(PublicKeyAlgorithmTag.X25519)]
    [InlineData(PublicKeyAlgorithmTag.X448)]
    public void A_subkey_of_a_new_algorithm_is_passed_over_and_named_where_it_is_all_there_is(PublicKeyAlgorithmTag algorithm)
    {
        var primary = Rsa(Created);
        var known = Rsa(Created.AddDays(1));
        AssertChosenAsGpgDoes(WithSubkey(Ring(primary, known, Flags(PgpKeyFlags.CanEncryptStorage), null), primary, algorithm), known);

        var file = Save(WithSubkey(Alone(primary), primary, algorithm).GetEncoded());
        using var empty = new GpgHome();
        empty.Run(["--import", file]).Ok();
        Assert.Null(empty.Choice(Convert.ToHexString(primary.PublicKey.GetFingerprint())));
        Assert.Contains($"can only be encrypted to with {algorithm}, which is not supported; add an RSA or cv25519 (ECDH) subkey", Refusal(file));
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

    private static string Refusal(string file) => Assert.Single(Assert.Throws<RecipientException>(
        () => RecipientKeys.Load([file], TimeProvider.System.GetUtcNow(), new HashSet<string>())).Faults).Reason;

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

    /// <summary>A primary key that may certify and sign, and nothing else.</summary>
    private static PgpPublicKeyRing Alone(PgpKeyPair primary) => new PgpKeyRingGenerator(
        PgpSignature.PositiveCertification, primary, "Alone <alone@perb.test>", SymmetricKeyAlgorithmTag.Null, Array.Empty<char>(),
        useSha1: true, Flags(PgpKeyFlags.CanCertify | PgpKeyFlags.CanSign).Generate(), null, new SecureRandom()).GeneratePublicKeyRing();

    /// <summary>Adds a newer encryption subkey with a valid binding; BouncyCastle makes none of these algorithms, but parses them.</summary>
    private static PgpPublicKeyRing WithSubkey(PgpPublicKeyRing ring, PgpKeyPair primary, PublicKeyAlgorithmTag algorithm)
    {
        var seconds = (int)(Created.AddDays(2) - DateTime.UnixEpoch).TotalSeconds;
        var point = Enumerable.Range(9, algorithm == PublicKeyAlgorithmTag.X25519 ? 32 : 56).Select(value => (byte)value).ToArray();
        byte[] body = [4, (byte)(seconds >> 24), (byte)(seconds >> 16), (byte)(seconds >> 8), (byte)seconds, (byte)algorithm, .. point];
        byte[] packets = [.. ring.GetEncoded(), 0xCE, (byte)body.Length, .. body];
        var unbound = new PgpPublicKeyRing(packets).GetPublicKeys().Last();
        var binding = new PgpSignatureGenerator(PublicKeyAlgorithmTag.RsaGeneral, HashAlgorithmTag.Sha256);
        binding.InitSign(PgpSignature.SubkeyBinding, primary.PrivateKey);
        var flags = Flags(PgpKeyFlags.CanEncryptStorage);
        flags.SetSignatureCreationTime(isCritical: false, Created.AddDays(2));
        binding.SetHashedSubpackets(flags.Generate());
        return new PgpPublicKeyRing([.. packets, .. binding.GenerateCertification(primary.PublicKey, unbound).GetEncoded()]);
    }
}
