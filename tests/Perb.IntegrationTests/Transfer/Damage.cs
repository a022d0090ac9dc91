using System.Buffers.Binary;
using Perb.TestKit.OpenPgp;
using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Transfer;

/// <summary>Who says first, with a status other than 0, that something is wrong. <c>cksum -c</c> does so in every case of the table.</summary>
public enum Notices
{
    Gpg,

    /// <summary>gpg ends in status 0, having written nothing or the wrong volume; tar cannot go on.</summary>
    Tar,

    /// <summary>gpg and tar end in status 0, and what they restored is right: the damage is in bits without a meaning.</summary>
    OnlyCksum,

    /// <summary>gpg and tar end in status 0, and what they restored is wrong or not all: what the recovery line begins with cksum for.</summary>
    OnlyCksumAndTheBytesAreWrong,
}

/// <summary>Which sealed backup a case begins with.</summary>
public enum SealedAs
{
    /// <summary>One volume below 1 MiB: definite lengths.</summary>
    Small,

    /// <summary>One volume of several MiB: partial lengths.</summary>
    Large,

    /// <summary>Four volumes, all but the last of one size, the archive in all of them.</summary>
    Four,

    /// <summary>Three volumes, of which the last has only log, notes and the end of the tar.</summary>
    LogAlone,
}

/// <summary>One way in which a backup's files can be wrong, done to a folder that holds them.</summary>
public sealed record Damage(string What, SealedAs To, Action<string> Do, Notices By)
{
    private const string X = Workplace.RemoteName;
    private static readonly byte[] Marker = [0xCA, 3, .. "PGP"u8];

    /// <summary>Seen with GnuPG 2.2.40 and 2.4.7, which agree in all of them.</summary>
    public static IEnumerable<Damage> Table(PacketKind packet) =>
        [.. SessionKeyPacket(), .. Framing(packet), .. Content(packet), .. Cuts(), .. Added(), .. Volumes()];

    private static IEnumerable<Damage> SessionKeyPacket()
    {
        foreach (var bit in Bits())
        {
            yield return Flip("tag of the session key packet", SealedAs.Small, bit, Notices.Gpg, (key, _) => key.Offset);

            // A length that leads astray hides the encrypted packet: gpg finds nothing to do, and that is no error to it.
            yield return Flip(
                "length of the session key packet", SealedAs.Small, bit, bit < 5 ? Notices.Tar : Notices.Gpg, (key, _) => key.Lengths[0].Offset);
            yield return Flip(
                "version of the session key packet", SealedAs.Small, bit, bit == 0 ? Notices.OnlyCksum : Notices.Gpg, (key, _) => key.OffsetOf(0));
        }

        foreach (var bit in new[] { 0, 7 })
        {
            yield return Flip("key id", SealedAs.Small, bit, Notices.Gpg, (key, _) => key.OffsetOf(1 + bit));
            yield return Flip("algorithm of the key", SealedAs.Small, bit, Notices.Gpg, (key, _) => key.OffsetOf(9));
            yield return Flip("encrypted session key", SealedAs.Small, bit, Notices.Gpg, (key, _) => key.OffsetOf(key.Body.Length - 1 - bit));
        }

        // 263 bits and 262 are as many octets.
        yield return Flip("number of bits of the ephemeral point", SealedAs.Small, 0, Notices.OnlyCksum, (key, _) => key.OffsetOf(11));
    }

    private static IEnumerable<Damage> Framing(PacketKind packet)
    {
        // A packet that gpg does not know is passed over without an error. 18 and 20 are the two encrypted ones; each has other neighbours.
        int[] passedOver = packet == PacketKind.Mdc ? [2, 3, 5] : [0, 1, 3, 5];
        foreach (var bit in Bits())
        {
            yield return Flip(
                "tag of the encrypted packet", SealedAs.Small, bit, passedOver.Contains(bit) ? Notices.Tar : Notices.Gpg,
                (_, encrypted) => encrypted.Offset);
        }

        foreach (var bit in new[] { 0, 3, 7 })
        {
            yield return Flip("tag of the encrypted packet", SealedAs.Large, bit, Notices.Gpg, (_, encrypted) => encrypted.Offset);
            yield return Flip("first partial length", SealedAs.Large, bit, Notices.Gpg, (_, encrypted) => encrypted.Lengths[0].Offset);
            yield return Flip("second partial length", SealedAs.Large, bit, Notices.Gpg, (_, encrypted) => encrypted.Lengths[1].Offset);
            yield return Flip("definite length, first octet", SealedAs.Small, bit, Notices.Gpg, (_, encrypted) => encrypted.Lengths[0].Offset);
            yield return Flip("definite length, last octet", SealedAs.Small, bit, Notices.Gpg, (_, encrypted) => encrypted.Lengths[0].Offset + 4);
        }

        // Behind partial lengths gpg reads on, whatever the last length says, unless the file ends before it.
        yield return LastLength("a last length that is too large", +1, Notices.Gpg);
        yield return LastLength("a last length that is too small", -1, Notices.OnlyCksum);
    }

    private static IEnumerable<Damage> Content(PacketKind packet)
    {
        // Offsets in the body of the encrypted packet; from the end where negative.
        (string What, int At)[] places = packet == PacketKind.Mdc
            ?
            [
                ("version", 0), ("random prefix", 1), ("repeated octets of the prefix", 17), ("literal tag", 19), ("literal length", 20),
                ("literal format", 21), ("length of the name", 22), ("name", 24), ("date", 50), ("content, first partial", 1000),
                ("content, second partial", 1_500_000), ("content, end", -30), ("MDC tag", -22), ("MDC length", -21),
                ("MDC, first octet", -20), ("MDC, last octet", -1),
            ]
            :
            [
                ("version", 0), ("cipher", 1), ("mode", 2), ("chunk size", 3), ("nonce, first octet", 4), ("nonce, last octet", 18),
                ("literal tag", 19), ("literal length", 20), ("literal format", 21), ("length of the name", 22), ("name", 24), ("date", 50),
                ("content, first partial", 1000), ("content, second partial", 1_500_000), ("content, end", -40),
                ("tag of the last chunk", -32), ("last tag, first octet", -16), ("last tag, last octet", -1),
            ];
        return from place in places
            from bit in new[] { 0, 5 }
            select Flip(place.What, SealedAs.Large, bit, Notices.Gpg, (_, encrypted) =>
                encrypted.OffsetOf(place.At < 0 ? encrypted.Body.Length + place.At : place.At));
    }

    private static IEnumerable<Damage> Cuts()
    {
        yield return Cut("to nothing", SealedAs.Small, Notices.Gpg, (_, _) => 0);
        yield return Cut("after the first tag", SealedAs.Small, Notices.Gpg, (key, _) => key.Offset + 1);
        yield return Cut("after the first length", SealedAs.Small, Notices.Gpg, (key, _) => key.OffsetOf(0));

        // Nothing to decrypt is no error to gpg, and it writes nothing.
        yield return Cut("after the first octet of the session key packet", SealedAs.Small, Notices.Tar, (key, _) => key.OffsetOf(1));
        yield return Cut("within the session key packet", SealedAs.Small, Notices.Tar, (key, _) => key.OffsetOf(50));
        yield return Cut("before the last octet of the session key packet", SealedAs.Small, Notices.Tar, (key, _) => key.End - 1);
        yield return Cut("after the session key packet", SealedAs.Large, Notices.Tar, (key, _) => key.End);
        yield return Cut("after the tag of the encrypted packet", SealedAs.Large, Notices.Gpg, (_, encrypted) => encrypted.Offset + 1);
        foreach (var index in new[] { 0, 1, 2 })
        {
            foreach (var beside in new[] { -1, 0, 1, 2 })
            {
                if (index > 0 || beside > 0)
                {
                    yield return Cut(
                        $"{beside:+0;-0;0} at length {index}", SealedAs.Large, Notices.Gpg,
                        (_, encrypted) => encrypted.Lengths[index].Offset + beside);
                }
            }
        }

        foreach (var fromEnd in new[] { 1, 2, 15, 16, 17, 20, 21, 22, 23, 31, 32, 33, 50 })
        {
            yield return Cut($"{fromEnd} before the end", SealedAs.Large, Notices.Gpg, (_, encrypted) => encrypted.End - fromEnd);
            yield return Cut($"{fromEnd} before the end of a small one", SealedAs.Small, Notices.Gpg, (_, encrypted) => encrypted.End - fromEnd);
        }
    }

    private static IEnumerable<Damage> Added()
    {
        yield return Append("a zero", SealedAs.Small, [0], Notices.Gpg);
        yield return Append("zeros", SealedAs.Large, new byte[512], Notices.Gpg);
        yield return Append("text", SealedAs.Small, [.. "more"u8], Notices.Gpg);
        yield return Append("a marker packet", SealedAs.Small, Marker, Notices.OnlyCksum);
        yield return Append("a marker packet", SealedAs.Large, Marker, Notices.Gpg);
        yield return Append("a literal packet in the clear", SealedAs.Small, [0xCB, 8, .. "b\0\0\0\0\0xx"u8], Notices.Gpg);
        yield return new("itself appended", SealedAs.Small, Edit((whole, _, _) => [.. whole, .. whole]), Notices.Gpg);
        yield return new("a marker packet before it", SealedAs.Small, Edit((whole, _, _) => [.. Marker, .. whole]), Notices.OnlyCksum);
        yield return new(
            "its session key packet once more before it", SealedAs.Small, Edit((whole, key, _) => [.. whole[..key.End], .. whole]),
            Notices.OnlyCksum);
        yield return new("a zero before it", SealedAs.Small, Edit((whole, _, _) => [0, .. whole]), Notices.Gpg);
    }

    private static IEnumerable<Damage> Volumes()
    {
        yield return new("the first two volumes swapped", SealedAs.Four, folder => Swap(folder, 1, 2, 4), Notices.Tar);
        yield return new("two volumes of one size swapped", SealedAs.Four, folder => Swap(folder, 2, 3, 4), Notices.OnlyCksumAndTheBytesAreWrong);
        yield return new("the last two volumes swapped", SealedAs.Four, folder => Swap(folder, 3, 4, 4), Notices.Tar);
        yield return new("the first volume missing", SealedAs.Four, folder => File.Delete(Path(folder, 1, 4)), Notices.Tar);
        yield return new("a volume missing", SealedAs.Four, folder => File.Delete(Path(folder, 2, 4)), Notices.Tar);
        yield return new("the last volume missing", SealedAs.Four, folder => File.Delete(Path(folder, 4, 4)), Notices.Tar);
        yield return new(
            "the last volume missing, which has no more than log and notes", SealedAs.LogAlone, folder => File.Delete(Path(folder, 3, 3)),
            Notices.OnlyCksumAndTheBytesAreWrong);
        yield return new(
            "a volume that is a copy of the first", SealedAs.Four, folder => Copy(folder, 1, 2, 4), Notices.OnlyCksumAndTheBytesAreWrong);
        yield return new(
            "a volume that is a copy of its neighbour", SealedAs.Four, folder => Copy(folder, 2, 3, 4), Notices.OnlyCksumAndTheBytesAreWrong);
        yield return new("a last volume that is a copy of its neighbour", SealedAs.Four, folder => Copy(folder, 3, 4, 4), Notices.Tar);
        yield return new(
            "a volume renamed", SealedAs.Four, folder => Rename(Path(folder, 2, 4), Path(folder, 2, 4) + ".bak"), Notices.Tar);
        yield return new(
            "a flip in the content of a volume", SealedAs.Four, EditVolume(2, 4, whole => Flipped(whole, whole.Length / 2, 3)), Notices.Gpg);
        yield return new("an empty volume", SealedAs.Four, EditVolume(2, 4, _ => []), Notices.Gpg);
        yield return new("a volume cut within its session key packet", SealedAs.Four, EditVolume(2, 4, whole => whole[..50]), Notices.Tar);
        yield return new(
            "the volume of log and notes cut within its session key packet", SealedAs.LogAlone, EditVolume(3, 3, whole => whole[..50]),
            Notices.OnlyCksumAndTheBytesAreWrong);
        yield return new(
            "the volume of log and notes with a tag that gpg passes over", SealedAs.LogAlone,
            EditVolume(3, 3, whole => Flipped(whole, PacketReader.Read(whole)[1].Offset, 5)), Notices.OnlyCksumAndTheBytesAreWrong);
    }

    private static IEnumerable<int> Bits() => Enumerable.Range(0, 8);

    private static Damage Flip(string what, SealedAs to, int bit, Notices by, Func<RawPacket, RawPacket, int> at) =>
        new($"flip: {what}, bit {bit}", to, Edit((whole, key, encrypted) => Flipped(whole, at(key, encrypted), bit)), by);

    private static Damage Cut(string where, SealedAs to, Notices by, Func<RawPacket, RawPacket, int> at) =>
        new($"cut: {where}", to, Edit((whole, key, encrypted) => whole[..at(key, encrypted)]), by);

    private static Damage Append(string what, SealedAs to, byte[] added, Notices by) =>
        new($"appended: {what}", to, Edit((whole, _, _) => [.. whole, .. added]), by);

    private static Damage LastLength(string what, int change, Notices by) => new(what, SealedAs.Large, Edit((whole, _, encrypted) =>
    {
        var last = encrypted.Lengths[^1];
        var changed = whole.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(changed.AsSpan(last.Offset + 1), last.Bytes + change);
        return changed;
    }), by);

    private static Action<string> Edit(Func<byte[], RawPacket, RawPacket, byte[]> edit) => folder =>
    {
        var path = System.IO.Path.Combine(folder, X + ".enc");
        var whole = File.ReadAllBytes(path);
        var packets = PacketReader.Read(whole);
        File.WriteAllBytes(path, edit(whole, packets[0], packets[1]));
    };

    private static Action<string> EditVolume(int number, int count, Func<byte[], byte[]> edit) =>
        folder => File.WriteAllBytes(Path(folder, number, count), edit(File.ReadAllBytes(Path(folder, number, count))));

    private static byte[] Flipped(byte[] whole, int at, int bit)
    {
        var flipped = whole.ToArray();
        flipped[at] ^= (byte)(1 << bit);
        return flipped;
    }

    private static void Rename(string from, string to)
    {
        File.Copy(from, to);
        File.Delete(from);
    }

    private static void Swap(string folder, int one, int other, int count)
    {
        var kept = File.ReadAllBytes(Path(folder, one, count));
        Copy(folder, other, one, count);
        File.WriteAllBytes(Path(folder, other, count), kept);
    }

    private static void Copy(string folder, int from, int to, int count) =>
        File.Copy(Path(folder, from, count), Path(folder, to, count), overwrite: true);

    private static string Path(string folder, int number, int count) => System.IO.Path.Combine(folder, VolumeNames.Of(X, number, count));
}
