using System.Text;
using CsCheck;
using Perb.Transfer.Keys;

namespace Perb.IntegrationTests.Transfer;

/// <summary>
/// Genuine keys of many kinds, mutilated. Whatever comes of it is either refused in one line, or still a key of its owner: nothing that
/// the owner did not sign is ever encrypted to.
/// </summary>
public sealed class KeyFuzzTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);
    private readonly GpgHome _gpg = new();
    private readonly List<(byte[] Binary, byte[] Armored, HashSet<string> Fingerprints)> _keys;

    public KeyFuzzTests()
    {
        string[] made =
        [
            Key("ed25519", "cv25519", "cv25519"),
            Key("rsa2048", "rsa2048"),
            Key("rsa1024"),
            Key("dsa1024", "elg1024"),
            Key("nistp256", "nistp384"),
            Key("brainpoolP256r1", "brainpoolP256r1"),
            Key("secp256k1", "secp256k1"),
        ];
        _gpg.Run(["--quick-add-uid", made[0], "Second <second@perb.test>"]).Ok();
        _gpg.Run(["--quick-set-expire", made[0], "2027-01-01", _gpg.Fingerprints(made[0])[1]]).Ok();
        _gpg.Run(["--command-fd", "0", "--expert", "--edit-key", made[0]], "key 2\nrevkey\ny\n0\n\ny\nsave\n").Ok();
        _keys = [.. made.Select(key => (
            File.ReadAllBytes(_gpg.Export(key, armored: false)), File.ReadAllBytes(_gpg.Export(key)), _gpg.Fingerprints(key).ToHashSet()))];
    }

    /// <summary>One change to bytes, told by three random numbers.</summary>
    private enum Change
    {
        FlipBit,
        SetByte,
        SetToLength,
        Remove,
        Repeat,
        Move,
        Insert,
        Cut,
    }

    public void Dispose() => _gpg.Dispose();

    [Fact]
    public void Genuine_keys_load() => Assert.All(_keys, key =>
    {
        Assert.Null(Load(key.Binary, key.Fingerprints));
        Assert.Null(Load(key.Armored, key.Fingerprints));
    });

    [Fact]
    public void A_mutilated_binary_key_is_refused_or_still_its_owner_s() => Sample(key => key.Binary, 1500);

    [Fact]
    public void A_mutilated_armored_key_is_refused_or_still_its_owner_s() => Sample(key => key.Armored, 500);

    [Fact]
    public void Packets_left_out_or_in_another_order_are_refused_or_still_the_owner_s() => Gen
        .Select(Gen.Int[0, _keys.Count - 1], Gen.Int[0, 40].Array[1, 16])
        .Sample(
            (which, order) =>
            {
                var packets = Packets(_keys[which].Binary);
                AssertRefusedOrOwn([.. order.SelectMany(index => packets[index % packets.Count])], _keys[which].Fingerprints);
            },
            iter: 400);

    private void Sample(Func<(byte[] Binary, byte[] Armored, HashSet<string> Fingerprints), byte[]> form, int iterations) => Gen
        .Select(Gen.Int[0, _keys.Count - 1], Gen.Select(Gen.Enum<Change>(), Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue], Gen.Byte).Array[1, 3])
        .Sample(
            (which, changes) =>
            {
                var bytes = form(_keys[which]).ToList();
                foreach (var (change, one, other, value) in changes)
                {
                    Apply(bytes, change, one, other, value);
                }

                AssertRefusedOrOwn([.. bytes], _keys[which].Fingerprints);
            },
            iter: iterations);

    private void AssertRefusedOrOwn(byte[] bytes, HashSet<string> fingerprints)
    {
        var refusal = Load(bytes, fingerprints);
        if (refusal is not null)
        {
            Assert.DoesNotContain(refusal, char.IsControl);
            Assert.InRange(refusal.Length, 10, 400);
        }
    }

    /// <summary>Null where the key is usable, and then it must be one of these; else the reason. No other exception gets out.</summary>
    private string? Load(byte[] bytes, HashSet<string> fingerprints)
    {
        var file = Path.Combine(_gpg.Folder, Guid.NewGuid().ToString("N"));
        File.WriteAllBytes(file, bytes);
        try
        {
            var recipient = Assert.Single(RecipientKeys.Load([file], Now, new HashSet<string>()));
            Assert.Contains(recipient.Fingerprint, fingerprints);
            Assert.Contains(recipient.SubkeyFingerprint, fingerprints);
            return null;
        }
        catch (RecipientException exception)
        {
            return Assert.Single(exception.Faults).Reason;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void Apply(List<byte> bytes, Change change, int one, int other, byte value)
    {
        if (bytes.Count == 0)
        {
            return;
        }

        var at = one % bytes.Count;
        var count = Math.Min(1 + other % 40, bytes.Count - at);
        switch (change)
        {
            case Change.FlipBit:
                bytes[at] ^= (byte)(1 << (other % 8));
                break;
            case Change.SetByte:
                bytes[at] = value;
                break;
            case Change.SetToLength:
                // Where packets and their numbers begin: small, huge and partial lengths.
                bytes[at % Math.Min(bytes.Count, 80)] = new byte[] { 0, 1, 191, 192, 223, 224, 254, 255 }[other % 8];
                break;
            case Change.Remove:
                bytes.RemoveRange(at, count);
                break;
            case Change.Repeat:
                bytes.InsertRange(at, bytes.GetRange(at, count));
                break;
            case Change.Move:
                var moved = bytes.GetRange(at, count);
                bytes.RemoveRange(at, count);
                bytes.InsertRange(other % (bytes.Count + 1), moved);
                break;
            case Change.Insert:
                bytes.InsertRange(at, Encoding.ASCII.GetBytes($"\r\n{value}\n\n-----BEGIN PGP "));
                break;
            default:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
        }
    }

    /// <summary>gpg exports old-format headers with definite lengths.</summary>
    private static List<byte[]> Packets(byte[] key)
    {
        var packets = new List<byte[]>();
        for (var at = 0; at < key.Length; at += packets[^1].Length)
        {
            var octets = 1 << (key[at] & 3);
            var length = 0;
            for (var i = 1; i <= octets; i++)
            {
                length = (length << 8) | key[at + i];
            }

            packets.Add(key[at..(at + 1 + octets + length)]);
        }

        return packets;
    }

    private string Key(string primary, params string[] subkeys)
    {
        var userId = $"{primary} <{primary}@perb.test>";
        var fingerprint = _gpg.Generate(userId, primary, subkeys.Length == 0 ? "cert,sign,encr" : "cert,sign");
        foreach (var subkey in subkeys)
        {
            _gpg.Add(fingerprint, subkey, "encr");
        }

        return fingerprint;
    }
}
