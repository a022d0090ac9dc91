using System.Formats.Tar;
using CsCheck;
using Perb.Transfer.Sealing;
using Perb.Transfer.Unpacking;
using TarEntry = Perb.Transfer.Unpacking.TarEntry;

namespace Perb.Tests.Transfer;

public sealed class TarEntriesTests
{
    private const string Name = "vzdump-qemu-100-2026_11_20-02_00_01.vma.zst";
    private static readonly DateTimeOffset Time = new(2026, 11, 20, 2, 41, 7, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 511)]
    [InlineData(512, 513)]
    [InlineData(100_000, 3)]
    public async Task Our_own_stream_comes_back(int archiveBytes, int logBytes)
    {
        var entries = await ReadAsync(new MemoryStream(Ours(archiveBytes, logBytes)), isOurs: true);

        Assert.Equal([Name, "x.log", Name + ".notes"], entries.Select(entry => entry.Entry.Name));
        Assert.Equal([Bytes(archiveBytes), Bytes(logBytes), []], entries.Select(entry => entry.Content));
        Assert.All(entries, entry => Assert.Equal(Time, entry.Entry.ModifiedAt));
    }

    [Fact]
    public async Task Sizes_and_names_come_from_pax_records()
    {
        var name = new string('n', 150) + "é.log";
        var header = TarHeader.For(name, 20L << 30, Time);
        var tar = new TarEntries(new MemoryStream(header), isOurs: true);

        Assert.Equal(new TarEntry(name, 20L << 30, Time), await tar.NextAsync(Token));
    }

    [Theory]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.V7)]
    public async Task Tars_of_other_programs_are_read_where_they_are_not_ours(TarEntryFormat format)
    {
        using var tar = new MemoryStream();
        await using (var writer = new TarWriter(tar, format, leaveOpen: true))
        {
            await writer.WriteEntryAsync(Of(format, TarEntryType.RegularFile, "var/lib/vz/dump/" + Name, Bytes(1000)), Token);
        }

        tar.Write(new byte[8 * 1024]); // tar programs fill up to 10 KiB
        tar.Position = 0;

        var entry = Assert.Single(await ReadAsync(tar, isOurs: false));

        Assert.Equal((Name, 1000L, Time), (entry.Entry.Name, entry.Entry.SizeBytes, entry.Entry.ModifiedAt));
        Assert.Equal(Bytes(1000), entry.Content);
    }

    [Theory]
    [InlineData(TarEntryType.Directory, "vzdump")]
    [InlineData(TarEntryType.SymbolicLink, Name)]
    [InlineData(TarEntryType.HardLink, Name)]
    [InlineData(TarEntryType.Fifo, Name)]
    [InlineData(TarEntryType.CharacterDevice, Name)]
    [InlineData(TarEntryType.BlockDevice, Name)]
    public async Task Only_regular_files_are_read(TarEntryType type, string name)
    {
        foreach (var isOurs in new[] { true, false })
        {
            using var tar = await TarOfAsync(Of(TarEntryFormat.Ustar, type, name, []));
            await Assert.ThrowsAsync<TarException>(() => ReadAsync(tar, isOurs));
        }
    }

    [Theory]
    [InlineData("../../etc/cron.d/evil", true)]
    [InlineData("/etc/passwd", true)]
    [InlineData("a/" + Name, true)]
    [InlineData("..", true)]
    [InlineData(".", true)]
    [InlineData("..", false)]
    [InlineData("a/..", false)]
    [InlineData("a/", false)]
    [InlineData("a\nb", true)]
    [InlineData("a\u001bb", false)]
    public async Task No_name_leads_anywhere(string name, bool isOurs)
    {
        foreach (var format in new[] { TarEntryFormat.Ustar, TarEntryFormat.Pax })
        {
            using var tar = await TarOfAsync(Of(format, TarEntryType.RegularFile, name, Bytes(3)));
            await Assert.ThrowsAsync<TarException>(() => ReadAsync(tar, isOurs));
        }
    }

    [Fact]
    public async Task A_tar_cut_anywhere_is_noticed()
    {
        var whole = Ours(1500, 10);
        for (var length = 0; length < whole.Length; length += 37)
        {
            await Assert.ThrowsAsync<TarException>(() => ReadAsync(new MemoryStream(whole, 0, length), isOurs: true));
        }

        await Assert.ThrowsAsync<TarException>(() => ReadAsync(new MemoryStream(whole, 0, whole.Length - 1), isOurs: true));
    }

    [Fact]
    public async Task Anything_behind_the_end_mark_is_noticed()
    {
        await Assert.ThrowsAsync<TarException>(() => ReadAsync(new MemoryStream([.. Ours(10, 10), 0]), isOurs: true));
        Assert.Equal(3, (await ReadAsync(new MemoryStream([.. Ours(10, 10), 0]), isOurs: false)).Count);
        await Assert.ThrowsAsync<TarException>(() => ReadAsync(new MemoryStream([.. Ours(10, 10), 1]), isOurs: false));
    }

    /// <summary>Whatever is changed in it, reading ends: with the same names or with the one exception.</summary>
    [Fact]
    public void A_changed_byte_in_a_header_is_noticed_or_changes_nothing_that_matters() => Gen.Select(Gen.Int[0, 511], Gen.Int[1, 255]).Sample((at, change) =>
    {
        var tar = Ours(1500, 10);
        tar[at] ^= (byte)change;
        try
        {
            var entries = ReadAsync(new MemoryStream(tar), isOurs: true).GetAwaiter().GetResult();
            Assert.Equal(Name, entries[0].Entry.Name);
            Assert.Equal(Bytes(1500), entries[0].Content);
        }
        catch (TarException)
        {
        }
    });

    [Theory]
    [InlineData("99999 path=x\n")]
    [InlineData("x path=x\n")]
    [InlineData("10 path\n==")]
    [InlineData("11 size=-1\n")]
    [InlineData("10 size=x\n")]
    [InlineData("9 path=x\n9")]
    [InlineData("1 =\n")]
    [InlineData("8 path=x\n")]
    public async Task A_malformed_pax_record_is_one_exception(string records)
    {
        var tar = TarHeader.For(new string('n', 150), 0, Time);
        var bytes = System.Text.Encoding.ASCII.GetBytes(records.PadRight(512, '\0'));
        bytes.CopyTo(tar, 512);

        await Assert.ThrowsAsync<TarException>(() => ReadAsync(new MemoryStream(tar), isOurs: true));
    }

    [Fact]
    public async Task Reading_can_begin_within_an_entry()
    {
        var whole = Ours(100_000, 10);
        var entry = new TarEntry(Name, 100_000, Time);
        var tar = new TarEntries(new MemoryStream(whole, 512 + 60_000, whole.Length - 512 - 60_000), isOurs: true, entry, 40_000);

        Assert.Equal(Bytes(100_000)[60_000..], await ContentAsync(tar));
        Assert.Equal("x.log", (await tar.NextAsync(Token))!.Name);
    }

    [Fact]
    public async Task A_peeked_stream_is_read_from_its_beginning()
    {
        var peeked = await PeekedStream.OpenAsync(new MemoryStream(Bytes(1000)), 300, Token);
        using var all = new MemoryStream();
        await peeked.CopyToAsync(all, Token);

        Assert.Equal(Bytes(1000)[..300], peeked.Head.ToArray());
        Assert.Equal(Bytes(1000), all.ToArray());
    }

    private static byte[] Ours(int archiveBytes, int logBytes)
    {
        var tar = TarStream.For(Name, archiveBytes, Time, new TarCompanion("x.log", Bytes(logBytes), Time), new TarCompanion(Name + ".notes", [], Time));
        return [.. tar.Head, .. Bytes(archiveBytes), .. tar.Tail];
    }

    private static async Task<MemoryStream> TarOfAsync(System.Formats.Tar.TarEntry entry)
    {
        var tar = new MemoryStream();
        await using (var writer = new TarWriter(tar, entry.Format, leaveOpen: true))
        {
            await writer.WriteEntryAsync(entry, Token);
        }

        tar.Position = 0;
        return tar;
    }

    private static System.Formats.Tar.TarEntry Of(TarEntryFormat format, TarEntryType type, string name, byte[] content)
    {
        type = format == TarEntryFormat.V7 && type == TarEntryType.RegularFile ? TarEntryType.V7RegularFile : type;
        System.Formats.Tar.TarEntry entry = format switch
        {
            TarEntryFormat.V7 => new V7TarEntry(type, name),
            TarEntryFormat.Pax => new PaxTarEntry(type, name),
            TarEntryFormat.Gnu => new GnuTarEntry(type, name),
            _ => new UstarTarEntry(type, name),
        };
        entry.ModificationTime = Time;
        if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
        {
            entry.LinkName = "/etc/shadow";
        }

        if (content.Length > 0)
        {
            entry.DataStream = new MemoryStream(content);
        }

        return entry;
    }

    private static async Task<List<(TarEntry Entry, byte[] Content)>> ReadAsync(Stream stream, bool isOurs)
    {
        var entries = new List<(TarEntry, byte[])>();
        var tar = new TarEntries(stream, isOurs);
        while (await tar.NextAsync(Token) is { } entry)
        {
            entries.Add((entry, await ContentAsync(tar)));
        }

        return entries;
    }

    private static async Task<byte[]> ContentAsync(TarEntries tar)
    {
        using var content = new MemoryStream();
        var buffer = new byte[777];
        int count;
        while ((count = await tar.ReadAsync(buffer, Token)) > 0)
        {
            content.Write(buffer, 0, count);
        }

        return content.ToArray();
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}
