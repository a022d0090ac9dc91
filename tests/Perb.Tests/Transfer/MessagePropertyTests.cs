using System.Security.Cryptography;
using CsCheck;
using Perb.TestKit.OpenPgp;
using Perb.Transfer.Hashing;
using Perb.Transfer.Keys;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Transfer;

/// <summary>Whatever is sealed, a reader that was written apart from Perb opens it and finds the same bytes.</summary>
public sealed class MessagePropertyTests : IDisposable
{
    private const int Chunk = 1 << 20;
    private const int OcbChunk = 4 << 20;
    private readonly List<(RSA Secret, Recipient Recipient)> _keys = [.. Enumerable.Range(0, 3).Select(_ => SealedMessages.Key())];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-messages-");

    /// <summary>Everything that is small, and what lies around the ends of partial lengths and chunks.</summary>
    private static readonly Gen<int> ContentBytes = Gen.Frequency(
        (4, Gen.Int[0, 400]),
        (2, Gen.Int[0, 20_000]),
        (2, Gen.Int[Chunk - 200, Chunk + 200]),
        (1, Gen.Int[2 * Chunk - 200, 2 * Chunk + 200]),
        (2, Gen.Int[OcbChunk - 200, OcbChunk + 200]));

    private static readonly Gen<PacketKind> Packet = Gen.Enum<PacketKind>();

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        _keys.ForEach(key => key.Secret.Dispose());
    }

    [Fact]
    public void A_message_opens_whatever_its_length_its_pieces_and_its_recipients() => Gen
        .Select(ContentBytes, Gen.Int[1, Chunk].List[0, 5], Packet, Gen.Int[1, 3], Gen.Bool, Gen.String[Gen.Char.AlphaNumeric, 1, 200])
        .Sample(
            (length, pieces, packet, recipients, hidden, name) =>
            {
                var content = SealedMessages.Bytes(length);
                var chosen = _keys.Take(recipients).ToList();
                using var message = new VolumeMessage(packet, name, length, [.. chosen.Select(key => key.Recipient)], hidden);
                var written = SealedMessages.Write(message, content, pieces);

                Assert.Equal(message.TotalBytes, written.Length);
                Assert.InRange(written.Length, length + 1, VolumeMessage.BytesAtMost(length, recipients));
                foreach (var (secret, _) in chosen)
                {
                    var opened = MessageOpener.Open(written, secret);
                    Assert.Equal(packet == PacketKind.Mdc ? 18 : 20, opened.Tag);
                    Assert.Equal(name, opened.Name);
                    Assert.True(content.AsSpan().SequenceEqual(opened.Content));
                    Assert.Equal(
                        chosen.Select(key => hidden ? new string('0', 16) : key.Recipient.SubkeyFingerprint[^16..]),
                        opened.KeyIds);
                }
            },
            iter: 60);

    [Fact]
    public async Task Volumes_of_any_plan_open_to_the_ranges_of_its_tar_stream() => await Gen
        .Select(Gen.Int[0, 30_000], Gen.Int[0, 2000], Gen.Int[1, 9], Packet, Gen.Bool)
        .SampleAsync(
            async (archiveBytes, logBytes, volumes, packet, hidden) =>
            {
                var folder = _folder.CreateSubdirectory(Guid.NewGuid().ToString("N"));
                var archive = Path.Combine(folder.FullName, "vzdump-lxc-100-2026_11_20-02_00_01.tar");
                var content = SealedMessages.Bytes(archiveBytes);
                await File.WriteAllBytesAsync(archive, content);
                using var source = SourceArchive.Open(archive);
                var log = new TarCompanion("x.log", SealedMessages.Bytes(logBytes), DateTimeOffset.UnixEpoch);
                var tar = TarStream.For(source.Name, archiveBytes, source.ModifiedAt, log, null);
                var (secret, recipient) = _keys[0];
                var plan = SealingPlanTests.Plan(archiveBytes, 1) with
                {
                    ArchiveName = source.Name,
                    ArchiveModifiedAt = source.ModifiedAt,
                    Tar = tar,
                    VolumeBytes = (tar.TotalBytes + volumes - 1) / volumes,
                    Packet = packet,
                    HideRecipients = hidden,
                    RecipientFingerprints = [recipient.SubkeyFingerprint],
                };

                var plain = new List<byte>();
                for (var number = 1; number <= plan.VolumeCount; number++)
                {
                    var volume = await new VolumeSealer().SealAsync(
                        plan, number, source, [recipient], folder.FullName, HashKind.Md5, null, TestContext.Current.CancellationToken);
                    var written = await File.ReadAllBytesAsync(volume.Path);
                    Assert.Equal(volume.SizeBytes, written.Length);
                    Assert.InRange(written.Length, plan.RangeOf(number).Length, plan.SealedBytesAtMost(number));
                    Assert.Equal(Digests.Of(written, HashKind.Md5), volume.Digests);
                    var opened = MessageOpener.Open(written, secret);
                    Assert.Equal(plan.VolumeName(number), opened.Name);
                    plain.AddRange(opened.Content);
                }

                Assert.Equal([.. tar.Head, .. content, .. tar.Tail], plain);
            },
            iter: 40);

    /// <summary>No bit of a message is without meaning to a strict reader, but for the key ids and the number's length.</summary>
    [Fact]
    public void A_flipped_bit_within_the_encrypted_packet_is_always_noticed()
    {
        var (secret, recipient) = _keys[0];
        foreach (var packet in Enum.GetValues<PacketKind>())
        {
            using var message = new VolumeMessage(packet, "X.enc", 300, [recipient], hideRecipients: false);
            var whole = SealedMessages.Write(message, SealedMessages.Bytes(300), []);
            var start = PacketReader.Read(whole)[^1].Offset;
            Gen.Select(Gen.Int[start, whole.Length - 1], Gen.Int[0, 7]).Sample(
                (at, bit) =>
                {
                    var damaged = whole.ToArray();
                    damaged[at] ^= (byte)(1 << bit);
                    Assert.Throws<FormatException>(() => MessageOpener.Open(damaged, secret));
                },
                iter: 300);
        }
    }
}
