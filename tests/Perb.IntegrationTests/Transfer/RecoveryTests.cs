using Perb.Transfer.Hashing;
using Perb.Transfer.Keys;
using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Transfer;

/// <summary>What is on a remote comes back with gpg, tar and cksum alone, by the very lines that README gives.</summary>
public sealed class RecoveryTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const string X = Workplace.RemoteName;
    private static readonly string OneVolume = ReadmeLines.OneVolume(X);

    [Theory]
    [InlineData(PacketKind.Mdc)]
    [InlineData(PacketKind.Ocb)]
    public async Task A_backup_in_one_volume_comes_back(PacketKind packet)
    {
        using var place = new Workplace(5_000_003);
        var plan = place.Plan(key.Recipients, 1 << 30, packet);
        await place.SealAsync(plan, key.Recipients);

        var ended = key.Gpg.Bash(OneVolume, place.Staging);

        Assert.True(ended.ExitCode == 0, ended.Errors);
        place.AssertRestored(place.Staging);
        Assert.Equal(
            plan.ArchiveModifiedAt.ToUnixTimeSeconds(),
            new DateTimeOffset(File.GetLastWriteTimeUtc(Path.Combine(place.Staging, Workplace.ArchiveName))).ToUnixTimeSeconds());
    }

    [Theory]
    [InlineData(PacketKind.Mdc, HashKind.Md5)]
    [InlineData(PacketKind.Ocb, HashKind.Sha1)]
    [InlineData(PacketKind.Mdc, HashKind.Dropbox)]
    public async Task A_backup_in_several_volumes_comes_back(PacketKind packet, HashKind alsoHash)
    {
        using var place = new Workplace(11_600_000);
        var plan = place.Plan(key.Recipients, 1_000_000, packet);
        var volumes = await place.SealAsync(plan, key.Recipients, alsoHash);
        Assert.Equal(12, volumes.Count);

        var ended = key.Gpg.Bash(ReadmeLines.SeveralVolumes(X), place.Staging);

        Assert.True(ended.ExitCode == 0, ended.Errors);
        place.AssertRestored(place.Staging);
        Assert.Equal(0, key.Gpg.Bash($"sha256sum -c {X}.sums", place.Staging).ExitCode);
    }

    [Theory]
    [InlineData("rsa3072", "cert,sign", "rsa3072")]
    [InlineData("rsa4096", "cert,sign", "rsa4096")]
    [InlineData("rsa2048", "cert,sign,encr", null)]
    [InlineData("ed25519", "cert,sign", "cv25519")]
    [InlineData("nistp256", "cert,sign", "nistp256")]
    [InlineData("nistp521", "cert,sign", "nistp521")]
    [InlineData("brainpoolP384r1", "cert,sign", "brainpoolP384r1")]
    [InlineData("secp256k1", "cert,sign", "secp256k1")]
    [InlineData("dsa2048", "cert,sign", "elg2048")]
    public async Task Every_algorithm_of_gpg_decrypts(string primary, string usage, string? subkey)
    {
        using var gpg = new GpgHome();
        var fingerprint = gpg.Generate("Algorithm <algorithm@perb.test>", primary, usage);
        if (subkey is not null)
        {
            gpg.Add(fingerprint, subkey, "encr");
        }

        var recipients = Load(gpg.Export(fingerprint));
        using var place = new Workplace(100_000);

        // Several times: numbers that begin with zeros are rare, and their length differs.
        for (var i = 0; i < 5; i++)
        {
            await place.SealAsync(place.Plan(recipients, 1 << 30), recipients);
            var ended = gpg.Bash(OneVolume, place.Staging);
            Assert.True(ended.ExitCode == 0, ended.Errors);
            place.AssertRestored(place.Staging);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_of_several_recipients_can_decrypt_whether_hidden_or_not(bool hidden)
    {
        using var other = new GpgHome();
        var fingerprint = other.Generate("Other <other@perb.test>", "rsa2048", "cert,sign");
        other.Add(fingerprint, "rsa2048", "encr");
        var recipients = Load(key.Gpg.Export(key.Fingerprint), other.Export(fingerprint, armored: false));
        using var place = new Workplace(2_000_000);
        await place.SealAsync(place.Plan(recipients, 1 << 30, PacketKind.Mdc, hidden), recipients);

        foreach (var gpg in new[] { key.Gpg, other })
        {
            var ended = gpg.Bash(OneVolume, place.Staging);
            Assert.True(ended.ExitCode == 0, ended.Errors);
            place.AssertRestored(place.Staging);
        }

        var expected = hidden
            ? ["0000000000000000", "0000000000000000"]
            : recipients.Select(recipient => recipient.SubkeyFingerprint[^16..]);
        Assert.Equal(expected, key.Gpg.KeyIds(Path.Combine(place.Staging, X + ".enc")));
    }

    [Theory]
    [InlineData(PacketKind.Mdc, "encrypted data packet", "mdc_method: 2")]
    [InlineData(PacketKind.Ocb, "aead encrypted packet: cipher=9 aead=2 cb=16", "aead encrypted packet")]
    public async Task Each_volume_bears_its_own_name_and_no_date_inside(PacketKind packet, string outer, string detail)
    {
        using var place = new Workplace(3_000_000);
        var volumes = await place.SealAsync(place.Plan(key.Recipients, 1 << 20, packet), key.Recipients);

        foreach (var volume in volumes)
        {
            var packets = key.Gpg.ListPackets(volume.Path);
            Assert.Contains($"mode b (62), created 0, name=\"{volume.Name}\"", packets);
            Assert.Contains(outer, packets);
            Assert.Contains(detail, packets);
            Assert.DoesNotContain("compressed packet", packets);
        }
    }

    [Theory]
    [InlineData(PacketKind.Mdc)]
    [InlineData(PacketKind.Ocb)]
    public async Task Sizes_around_every_boundary_of_packets_and_chunks_come_back(PacketKind packet)
    {
        const int chunk = 1 << 20;
        const int ocbChunk = 4 << 20;
        const int literal = 6 + 27;
        const int tarAround = 512 + 512 + 512 + 512 + 512 + 1024;
        foreach (var edge in new[] { chunk, ocbChunk })
        {
            // Where the literal packet, or the encrypted one, ends at a boundary; and the bytes beside it.
            foreach (var around in new[] { 0, literal, literal + 6, literal + 10, literal + 22, literal + 45, literal + 51 })
            {
                // The archive's padding makes the content a multiple of 512; cutting it into volumes reaches every size.
                using var place = new Workplace(edge + chunk - tarAround);
                var plan = place.Plan(key.Recipients, edge - around, packet);
                await place.SealAsync(plan, key.Recipients);

                var ended = key.Gpg.Bash(ReadmeLines.Restore(X, plan.VolumeCount), place.Staging);

                Assert.True(ended.ExitCode == 0, $"{edge} {around}: {ended.Errors}");
                place.AssertRestored(place.Staging);
            }
        }
    }

    [Fact]
    public async Task Tar_reads_an_archive_beyond_8_GiB_and_what_follows_it()
    {
        const long large = (100L << 30) + 7;
        using var place = new Workplace(0);
        var tar = TarStream.For(Workplace.ArchiveName, large, DateTimeOffset.UnixEpoch, new TarCompanion("x.log", Workplace.Log, DateTimeOffset.UnixEpoch), null);
        await using (var file = File.Create(Path.Combine(place.Staging, "sparse.tar")))
        {
            await file.WriteAsync(tar.Head, TestContext.Current.CancellationToken);
            file.Position = tar.Head.Length + large;
            await file.WriteAsync(tar.Tail, TestContext.Current.CancellationToken);
        }

        var ended = key.Gpg.Bash("TZ=UTC tar -tvf sparse.tar", place.Staging).Ok();

        Assert.Equal("", ended.Errors);
        Assert.Equal(
            [$"-rw-r--r-- root/root {large} 1970-01-01 00:00 {Workplace.ArchiveName}", $"-rw-r--r-- root/root {Workplace.Log.Length} 1970-01-01 00:00 x.log"],
            ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))));
    }

    private static IReadOnlyList<Recipient> Load(params string[] files) =>
        RecipientKeys.Load(files, TimeProvider.System.GetUtcNow(), new HashSet<string>());
}
