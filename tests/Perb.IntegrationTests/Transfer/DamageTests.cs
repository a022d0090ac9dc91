using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Transfer;

/// <summary>
/// Whatever happens to the files of a backup on their way: who notices. That gpg or tar do is not enough to rely on, and that is why
/// the recovery line begins with cksum, which has to notice every time.
/// </summary>
public sealed class DamageTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const string X = Workplace.RemoteName;

    // Two volumes of archive with its header, nothing of it in the third.
    private const int VolumeBytes = 512_000;

    [Theory]
    [InlineData(PacketKind.Mdc)]
    [InlineData(PacketKind.Ocb)]
    public Task Volumes_mixed_up_or_missing_are_noticed_by_whom_the_table_says(PacketKind packet) => AssertTableAsync(
        GpgVersion.Installed, packet, Damage.Table(packet).Where(damage => damage.To is SealedAs.Four or SealedAs.LogAlone));

    [Theory]
    [Trait("Suite", "long")]
    [InlineData(GpgVersion.Installed, PacketKind.Mdc)]
    [InlineData(GpgVersion.Installed, PacketKind.Ocb)]
    [InlineData(GpgVersion.Gpg24, PacketKind.Mdc)]
    [InlineData(GpgVersion.Gpg24, PacketKind.Ocb)]
    public Task Each_damage_is_noticed_by_whom_the_table_says(GpgVersion version, PacketKind packet) =>
        AssertTableAsync(version, packet, Damage.Table(packet));

    [Theory]
    [InlineData(PacketKind.Mdc)]
    [InlineData(PacketKind.Ocb)]
    public async Task A_bit_anywhere_in_the_encrypted_packet_is_noticed_by_gpg(PacketKind packet)
    {
        using var place = await SealedAsync(SealedAs.Large, packet);
        var random = new Random(4711);
        for (var i = 0; i < 20; i++)
        {
            var at = random.Next(200, (int)new FileInfo(Path.Combine(place.Staging, X + ".enc")).Length);
            var folder = place.Fetch($"flip-{i}");
            var path = Path.Combine(folder, X + ".enc");
            var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
            bytes[at] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
            Assert.True(key.Gpg.Bash($"gpg -d {X}.enc", folder).ExitCode != 0, $"a flip at {at} went unnoticed");
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_whole_backup_under_the_name_of_another_is_noticed()
    {
        using var place = await SealedAsync(SealedAs.Four, PacketKind.Ocb);
        var other = X.Replace("100-", "200-", StringComparison.Ordinal);
        foreach (var file in Directory.GetFiles(place.Staging))
        {
            File.Copy(file, Path.Combine(place.Restored, Path.GetFileName(file).Replace(X, other, StringComparison.Ordinal)));
        }

        Assert.NotEqual(0, key.Gpg.Bash(ReadmeLines.SeveralVolumes(other), place.Restored).ExitCode);
    }

    /// <summary>cksum checks what the manifest lists, and the line takes nothing else.</summary>
    [Theory]
    [InlineData("000-of-004")]
    [InlineData("0021-of-004")]
    [InlineData("004-of-004a")]
    public async Task A_planted_volume_is_not_taken_in(string number)
    {
        using var place = await SealedAsync(SealedAs.Four, PacketKind.Mdc);
        File.Copy(Path.Combine(place.Staging, X + ".002-of-004.enc"), Path.Combine(place.Staging, $"{X}.{number}.enc"));

        var ended = key.Gpg.Bash(ReadmeLines.SeveralVolumes(X), place.Staging);

        Assert.True(ended.ExitCode == 0, ended.Errors);
        place.AssertRestored(place.Staging);
    }

    private async Task AssertTableAsync(GpgVersion version, PacketKind packet, IEnumerable<Damage> table)
    {
        var home = key.In(version);
        var wrong = new List<string>();
        foreach (var group in table.GroupBy(damage => damage.To))
        {
            using var place = await SealedAsync(group.Key, packet);
            Assert.Equal((Notices.OnlyCksum, 0), WhoNotices(home, place, place.Fetch("whole")));
            foreach (var (damage, index) in group.Select((damage, index) => (damage, index)))
            {
                var folder = place.Fetch($"damaged-{index}");
                damage.Do(folder);
                var (by, cksum) = WhoNotices(home, place, folder);
                if (by != damage.By || cksum == 0)
                {
                    wrong.Add($"{damage.What} ({damage.To}): {by}, expected {damage.By}; cksum {cksum}");
                }

                Directory.Delete(folder, recursive: true);
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static (Notices By, int Cksum) WhoNotices(GpgHome home, Workplace place, string folder)
    {
        var several = File.Exists(Path.Combine(folder, X + ".enc")) ? X + ".enc" : X + ".*-of-*.enc";
        var ended = home.Bash(
            $"for v in {several}; do gpg -d \"$v\" || exit 1; done | tar -x; status=(\"${{PIPESTATUS[@]}}\"); "
            + $"cksum -c {X}.sums >&2; echo \"${{status[*]}} $?\"",
            folder).Ok();
        var status = ended.Output.Trim().Split(' ').Select(int.Parse).ToArray();
        var by = status switch
        {
            [not 0, _, _] => Notices.Gpg,
            [_, not 0, _] => Notices.Tar,
            _ => place.IsRestored(folder) ? Notices.OnlyCksum : Notices.OnlyCksumAndTheBytesAreWrong,
        };
        return (by, status[2]);
    }

    private async Task<Workplace> SealedAsync(SealedAs form, PacketKind packet)
    {
        var (archiveBytes, volumeBytes, volumes) = form switch
        {
            SealedAs.Small => (100_000, 1 << 30, 1),
            SealedAs.Large => (2_300_000, 1 << 30, 1),
            SealedAs.Four => (1_800_000, VolumeBytes, 4),
            _ => (2 * VolumeBytes - 512, VolumeBytes, 3),
        };
        var place = new Workplace(archiveBytes);
        var plan = place.Plan(key.Recipients, volumeBytes, packet);
        Assert.Equal(volumes, plan.VolumeCount);
        await place.SealAsync(plan, key.Recipients);
        return place;
    }
}
