using System.Buffers;
using System.Security.Cryptography;
using CsCheck;
using Perb.TestKit.OpenPgp;
using Perb.Transfer.Decrypting;
using Perb.Transfer.Hashing;
using Perb.Transfer.Keys;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Transfer;

/// <summary>Messages of our format are decrypted here; everything that is not exactly one is a fault, or gpg's.</summary>
public sealed class MessageDecryptionTests : IDisposable
{
    private const string Name = "X.enc";
    private const int Chunk = 1 << 20;
    private const int OcbChunk = 4 << 20;
    private const int LiteralHeadBytes = 6 + 5;

    private readonly (RSA Secret, Recipient Recipient) _key = SealedMessages.Key();
    private readonly DecryptionBlocks _blocks = new();
    private readonly string _file = Path.GetTempFileName();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _key.Secret.Dispose();
        File.Delete(_file);
    }

    /// <summary>Around the ends of lengths and chunks, and more than there are blocks.</summary>
    [Fact]
    public async Task A_message_comes_back_whatever_its_length_and_the_pieces_in_which_it_is_read() => await Gen
        .Select(
            Gen.Frequency(
                (4, Gen.Int[0, 400]),
                (2, Gen.Int[0, 20_000]),
                (2, Gen.Int[Chunk - 200, Chunk + 200]),
                (2, Gen.Int[OcbChunk - 200, OcbChunk + 200]),
                (1, Gen.Int[3 * OcbChunk, 5 * OcbChunk])),
            Gen.Enum<PacketKind>(),
            Gen.Int[1, 2 * Chunk],
            Gen.String[Gen.Char.AlphaNumeric, 0, 200])
        .SampleAsync(
            async (length, packet, piece, name) =>
            {
                var content = SealedMessages.Bytes(length);
                var whole = Seal(packet, content, name);

                var read = await ReadAsync(whole.Message, whole.SessionKey, piece);

                Assert.Null(read.Fault);
                if (MessageHead.Of(whole.Message, whole.Message.Length) is null)
                {
                    return; // one of the lengths that belong to two bodies; it is counted in MessageHeadTests
                }

                Assert.Equal(name, read.Name);
                Assert.True(content.AsSpan().SequenceEqual(read.Content));
                Assert.Equal(Digests.Of(whole.Message, null).Sha256, read.Sha256);
            },
            iter: 60,
            threads: 1);

    [Theory]
    [InlineData(PacketKind.Mdc)]
    [InlineData(PacketKind.Ocb)]
    public async Task Cut_at_any_byte_it_is_never_whole(PacketKind packet)
    {
        var (message, sessionKey) = Seal(packet, SealedMessages.Bytes(300), Name);
        for (var length = 0; length < message.Length; length++)
        {
            Assert.False((await ReadAsync(message[..length], sessionKey)).IsWhole, $"cut after {length} of {message.Length}");
        }
    }

    /// <summary>The head was looked at, and then the file became shorter.</summary>
    [Theory]
    [InlineData(PacketKind.Mdc)]
    [InlineData(PacketKind.Ocb)]
    public async Task Cut_while_it_is_read_it_is_never_whole(PacketKind packet)
    {
        var (message, sessionKey) = Seal(packet, SealedMessages.Bytes(2 * OcbChunk), Name);
        var head = MessageHead.Of(message, message.Length)!;
        foreach (var length in new[] { head.SessionKeyBytes, Chunk, OcbChunk + 1, message.Length - 20, message.Length - 1 })
        {
            var read = await ReadAsync(message[..length], sessionKey, head: head);

            Assert.Contains("it ends before its end", read.Fault, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(PacketKind.Mdc)]
    [InlineData(PacketKind.Ocb)]
    public async Task A_flipped_bit_anywhere_in_the_encrypted_packet_is_noticed(PacketKind packet)
    {
        var (message, sessionKey) = Seal(packet, SealedMessages.Bytes(200), Name);
        for (var bit = PacketReader.Read(message)[^1].Offset * 8; bit < message.Length * 8; bit++)
        {
            var damaged = message.ToArray();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));

            Assert.False((await ReadAsync(damaged, sessionKey)).IsWhole, $"bit {bit % 8} of byte {bit / 8}");
        }
    }

    [Theory]
    [InlineData(PacketKind.Mdc)]
    [InlineData(PacketKind.Ocb)]
    public async Task A_flipped_bit_in_a_large_one_is_noticed(PacketKind packet)
    {
        var (message, sessionKey) = Seal(packet, SealedMessages.Bytes((2 * OcbChunk) + 5000), Name);
        var encrypted = PacketReader.Read(message)[^1];
        var lengths = encrypted.Lengths.SelectMany(length => Enumerable.Range(length.Offset, length.Octets));
        foreach (var at in lengths.Concat([encrypted.Offset, encrypted.End - 1, encrypted.End - 17, Chunk, OcbChunk, OcbChunk + 40, 6_000_000]))
        {
            var damaged = message.ToArray();
            damaged[at] ^= 1;

            Assert.False((await ReadAsync(damaged, sessionKey)).IsWhole, $"byte {at}");
        }
    }

    [Theory]
    [InlineData(new[] { 1, 0, 2 }, 0)]
    [InlineData(new[] { 0, 0, 2 }, 1)]
    [InlineData(new[] { 0, 2 }, 1)]
    [InlineData(new[] { 0, 1 }, 2)]
    [InlineData(new[] { 0 }, 1)]
    [InlineData(new[] { 0, 1, 2, 2 }, 2)]
    [InlineData(new[] { 0, 1, 1, 2 }, 2)]
    public async Task Chunks_in_another_order_are_noticed_and_what_comes_out_before_is_right(int[] order, int rightChunks)
    {
        var content = SealedMessages.Bytes((2 * OcbChunk) + 1000);
        var (message, sessionKey) = Seal(PacketKind.Ocb, content, Name);
        var packets = PacketReader.Read(message);
        var body = packets[^1].Body;
        var head = OcbChunks.BodyHead.Length + OcbCipher.NonceBytes;
        byte[] Part(int chunk) => body[(head + (chunk * (OcbChunk + 16)))..(int)Math.Min(head + ((chunk + 1L) * (OcbChunk + 16)), body.Length - 16)];
        byte[] mixed = [.. body[..head], .. order.SelectMany(Part), .. body[^16..]];

        var read = await ReadAsync([.. message[..packets[^1].Offset], .. Framed(OcbChunks.PacketTag, mixed)], sessionKey);

        Assert.False(read.IsWhole);
        Assert.True(read.Content.Length <= Math.Max(0, (rightChunks * OcbChunk) - LiteralHeadBytes), $"{read.Content.Length}");
        Assert.True(content.AsSpan().StartsWith(read.Content));
    }

    [Fact]
    public async Task Nothing_of_a_chunk_comes_out_whose_tag_is_wrong()
    {
        var content = SealedMessages.Bytes(3 * OcbChunk);
        var (message, sessionKey) = Seal(PacketKind.Ocb, content, Name);
        message[(2 * OcbChunk) - 5000] ^= 1;

        var read = await ReadAsync(message, sessionKey);

        Assert.Contains("a chunk is not what was encrypted", read.Fault, StringComparison.Ordinal);
        Assert.InRange(read.Content.Length, OcbChunk - (2 * Chunk), OcbChunk);
        Assert.True(content.AsSpan().StartsWith(read.Content));
    }

    [Theory]
    [InlineData(PacketKind.Mdc, 200)]
    [InlineData(PacketKind.Ocb, 200)]
    [InlineData(PacketKind.Mdc, 2 * Chunk)]
    [InlineData(PacketKind.Ocb, 2 * Chunk)]
    public async Task Whatever_follows_it_is_noticed(PacketKind packet, int length)
    {
        var (message, sessionKey) = Seal(packet, SealedMessages.Bytes(length), Name);
        foreach (var added in new[] { [0], new byte[512], [0xCA, 3, .. "PGP"u8], [0xCB, 8, .. "b\0\0\0\0\0xx"u8], message })
        {
            Assert.False((await ReadAsync([.. message, .. added], sessionKey)).IsWhole, $"{added.Length} bytes");
        }
    }

    /// <summary>Rightly encrypted, but not what Perb writes: gpg knows what to do with it.</summary>
    [Theory]
    [InlineData(8, "b")]
    [InlineData(11, "t")]
    public async Task What_is_encrypted_in_another_form_is_left_to_gpg(int tag, string begin)
    {
        foreach (var packet in Enum.GetValues<PacketKind>())
        {
            var (message, sessionKey) = Encrypt(packet, PacketFraming.Packet(tag, [.. begin.Select(letter => (byte)letter), 1, (byte)'X', 0, 0, 0, 0, 1]));

            Assert.True((await ReadAsync(message, sessionKey)).IsForGpg);
        }
    }

    [Fact]
    public async Task A_literal_packet_with_a_date_is_left_to_gpg()
    {
        var (message, sessionKey) = Encrypt(PacketKind.Mdc, PacketFraming.Packet(11, [(byte)'b', 1, (byte)'X', 1, 2, 3, 4, 1]));

        Assert.True((await ReadAsync(message, sessionKey)).IsForGpg);
    }

    [Theory]
    [InlineData(PacketKind.Mdc)]
    [InlineData(PacketKind.Ocb)]
    public async Task Another_session_key_opens_nothing(PacketKind packet)
    {
        var (message, _) = Seal(packet, SealedMessages.Bytes(2 * OcbChunk), Name);

        var read = await ReadAsync(message, new byte[32]);

        Assert.False(read.IsWhole);
        Assert.Empty(read.Content);
    }

    /// <summary>Wherever whoever reads it stands: nothing waits for a block that never becomes free.</summary>
    [Fact]
    public async Task Given_up_midway_it_ends_and_its_blocks_serve_the_next_message()
    {
        var content = SealedMessages.Bytes(5 * OcbChunk);
        foreach (var packet in Enum.GetValues<PacketKind>())
        {
            var (message, sessionKey) = Seal(packet, content, Name);
            await File.WriteAllBytesAsync(_file, message, Token);
            await using (var decryption = Start(MessageHead.Of(message, message.Length)!, sessionKey, digests: null))
            {
                Assert.Equal(Name, await decryption.NameAsync(Token));
                await decryption.Content.ReadExactlyAsync(new byte[100_000], Token);
            }

            Assert.True((await ReadAsync(message, sessionKey)).IsWhole);
        }
    }

    private (byte[] Message, byte[] SessionKey) Seal(PacketKind packet, byte[] content, string name)
    {
        using var message = new VolumeMessage(packet, name, content.Length, [_key.Recipient], hideRecipients: false);
        var written = SealedMessages.Write(message, content, []);
        return (written, MessageOpener.SessionKeyOf(written, _key.Secret));
    }

    private static (byte[] Message, byte[] SessionKey) Encrypt(PacketKind kind, byte[] content)
    {
        var sessionKey = RandomNumberGenerator.GetBytes(32);
        using IContentPacket packet = kind == PacketKind.Mdc ? new MdcPacket(sessionKey) : new OcbPacket(sessionKey);
        var body = new ArrayBufferWriter<byte>();
        packet.Begin(body);
        packet.Encrypt(content, body);
        packet.Digest(content);
        packet.Finish(body);
        return ([.. PacketFraming.Packet(1, [3, .. new byte[20]]), .. Framed(packet.Tag, body.WrittenSpan.ToArray())], sessionKey);
    }

    private static byte[] Framed(int tag, byte[] body)
    {
        var framed = new List<ReadOnlyMemory<byte>>();
        new PacketFraming(tag, body.Length).Frame(body, framed);
        return [.. framed.SelectMany(segment => segment.ToArray())];
    }

    private async Task<Read> ReadAsync(byte[] message, byte[] sessionKey, int piece = Chunk, MessageHead? head = null)
    {
        head ??= MessageHead.Of(message.AsMemory(0, Math.Min(message.Length, MessageHead.Bytes)), message.Length);
        if (head is null)
        {
            return new Read(null, null, [], null);
        }

        await File.WriteAllBytesAsync(_file, message, Token);
        using var digests = new DigestPass(also: null);
        await using var decryption = Start(head, sessionKey, digests);
        using var content = new MemoryStream();
        string? name = null;
        try
        {
            name = await decryption.NameAsync(Token);
            if (name is null)
            {
                return new Read(null, null, [], null);
            }

            await decryption.Content.CopyToAsync(content, piece, Token);
            await decryption.FinishAsync(Token);
            return new Read(name, null, content.ToArray(), digests.Finish().Sha256);
        }
        catch (DecryptionException exception)
        {
            Assert.False(exception.KeyIsMissing);
            return new Read(name, exception.Message, content.ToArray(), null);
        }
    }

    private MessageDecryption Start(MessageHead head, byte[] sessionKey, DigestPass? digests) => new(
        _file,
        File.OpenHandle(_file),
        head,
        head.Kind == PacketKind.Mdc ? new MdcOpening(sessionKey, head.LiteralBytes) : new OcbOpening(sessionKey, head.LiteralBytes),
        _blocks,
        digests,
        Token);

    private sealed record Read(string? Name, string? Fault, byte[] Content, string? Sha256)
    {
        public bool IsForGpg => Name is null && Fault is null;

        public bool IsWhole => Name is not null && Fault is null;
    }
}
