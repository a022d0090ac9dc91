using Perb.Transfer.Hashing;
using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Transfer;

/// <summary>What README says about its recovery lines: that they need nothing else, and what each part of them is for.</summary>
public sealed class RecoveryLineTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const string X = Workplace.RemoteName;

    [Theory]
    [InlineData(null)]
    [InlineData(HashKind.Md5)]
    [InlineData(HashKind.Sha1)]
    [InlineData(HashKind.Dropbox)]
    [InlineData(HashKind.QuickXor)]
    public async Task Fetching_and_restoring_as_documented_gives_the_same_bytes(HashKind? alsoHash)
    {
        using var place = await SealedAsync(PacketKind.Mdc, alsoHash);

        // "gdrive" is a name in rclone's configuration; here it stands for a folder.
        Directory.CreateSymbolicLink(Path.Combine(place.Restored, "..", "perb"), place.Staging);
        var root = Path.GetDirectoryName(place.Restored);
        var remote = $"export RCLONE_CONFIG=/dev/null RCLONE_CONFIG_GDRIVE_TYPE=alias RCLONE_CONFIG_GDRIVE_REMOTE='{root}'; ";
        key.Gpg.Bash(remote + ReadmeLines.Fetch(X), place.Restored).Ok();
        Assert.Equal(4, Directory.GetFiles(place.Restored).Length);

        var ended = key.Gpg.Bash(ReadmeLines.SeveralVolumes(X), place.Restored);

        Assert.True(ended.ExitCode == 0, ended.Errors);
        place.AssertRestored(place.Restored);
        Assert.Equal(0, key.Gpg.Bash($"sha256sum -c {X}.sums", place.Restored).ExitCode);
    }

    [Fact]
    public async Task The_line_works_within_brackets_too()
    {
        using var place = await SealedAsync(PacketKind.Ocb);
        var ended = key.Gpg.Bash($"( {ReadmeLines.SeveralVolumes(X)} )\necho still here", place.Staging).Ok();
        Assert.EndsWith("still here\n", ended.Output);
        place.AssertRestored(place.Staging);
    }

    [Fact]
    public async Task Without_pipefail_tar_hides_that_gpg_found_damage()
    {
        using var place = await SealedAsync(PacketKind.Mdc, volumes: 1);
        DamageContent(place, X + ".enc");

        // cksum would stop it before; what is shown is what the rest of the line is worth.
        var line = ReadmeLines.OneVolume(X).Without($"cksum -c {X}.sums && ");

        Assert.NotEqual(0, key.Gpg.Bash(line, place.Staging).ExitCode);
        Assert.Equal(0, key.Gpg.Bash(line.Without("set -o pipefail; "), place.Staging).ExitCode);
        var restored = await File.ReadAllBytesAsync(Path.Combine(place.Staging, Workplace.ArchiveName), TestContext.Current.CancellationToken);
        Assert.Equal(place.Content.Length, restored.Length);
        Assert.NotEqual(place.Content, restored);
    }

    [Fact]
    public async Task Without_exit_1_a_damaged_volume_before_the_last_ends_in_status_0()
    {
        using var place = await SealedAsync(PacketKind.Mdc);
        DamageContent(place, X + ".002-of-003.enc");
        var line = ReadmeLines.SeveralVolumes(X).Without($"cksum -c {X}.sums && ");

        Assert.NotEqual(0, key.Gpg.Bash(line, place.Staging).ExitCode);
        Assert.Equal(0, key.Gpg.Bash(line.Without(" || exit 1"), place.Staging).ExitCode);
    }

    /// <summary>The manifest lists neither what is left of an older plan nor what somebody planted, so cksum says nothing about it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task With_a_pattern_instead_of_the_names_in_the_manifest_other_volumes_are_taken_in_and_end_in_status_0(bool isPlanted)
    {
        using var place = await SealedAsync(PacketKind.Mdc);
        await (isPlanted ? PlantFirstAsync(place) : LeaveLastOfOlderPlanAsync(place));
        var line = ReadmeLines.SeveralVolumes(X);
        var pattern = line.Replace($"$(sed -n 's/^SHA256 (\\(.*\\)) = .*/\\1/p' {X}.sums)", $"{X}.*.enc", StringComparison.Ordinal);
        Assert.NotEqual(line, pattern);

        var ended = key.Gpg.Bash(pattern.Replace("gpg -d \"$v\"", "echo \"$v\" >&2; gpg -d \"$v\"", StringComparison.Ordinal), place.Staging);
        Assert.Equal(0, ended.ExitCode);
        Assert.Contains(isPlanted ? $"{X}.000-of-003.enc" : $"{X}.004-of-004.enc", ended.Errors, StringComparison.Ordinal);
        var archive = await File.ReadAllBytesAsync(Path.Combine(place.Staging, Workplace.ArchiveName), TestContext.Current.CancellationToken);
        Assert.Equal(isPlanted, "false"u8.SequenceEqual(archive));

        Array.ForEach(Directory.GetFiles(place.Staging, "vzdump-*"), File.Delete);
        Assert.Equal(0, key.Gpg.Bash(line, place.Staging).ExitCode);
        Assert.Equal(place.Content, await File.ReadAllBytesAsync(Path.Combine(place.Staging, Workplace.ArchiveName), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Without_cksum_a_stale_volume_under_the_right_name_ends_in_status_0()
    {
        using var place = await SealedAsync(PacketKind.Ocb);
        var name = X + ".002-of-003.enc";
        var content = place.Content.ToArray();
        content[content.Length / 2] ^= 1;
        using (var other = new Workplace(content.Length))
        {
            await File.WriteAllBytesAsync(other.Archive, content, TestContext.Current.CancellationToken);
            await other.SealAsync(other.Plan(key.Recipients, VolumeBytes(3), PacketKind.Ocb), key.Recipients);
            File.Copy(Path.Combine(other.Staging, name), Path.Combine(place.Staging, name), overwrite: true);
        }

        var line = ReadmeLines.SeveralVolumes(X);

        Assert.NotEqual(0, key.Gpg.Bash(line, place.Staging).ExitCode);
        Assert.NotEqual(0, key.Gpg.Bash($"sha256sum -c {X}.sums", place.Staging).ExitCode);
        Assert.Equal(0, key.Gpg.Bash(line.Without($"cksum -c {X}.sums && "), place.Staging).ExitCode);
        var restored = Path.Combine(place.Staging, Workplace.ArchiveName);
        Assert.Equal(content, await File.ReadAllBytesAsync(restored, TestContext.Current.CancellationToken));
    }

    private static int VolumeBytes(int volumes) => 3_000_000 / volumes;

    private async Task<Workplace> SealedAsync(PacketKind packet, HashKind? alsoHash = null, int volumes = 3)
    {
        var place = new Workplace(2_990_000);
        var plan = place.Plan(key.Recipients, VolumeBytes(volumes), packet);
        Assert.Equal(volumes, plan.VolumeCount);
        await place.SealAsync(plan, key.Recipients, alsoHash);
        return place;
    }

    // A small one: where more follows than a pipe holds, tar has ended by then, and gpg notices that nobody listens.
    private async Task LeaveLastOfOlderPlanAsync(Workplace place)
    {
        using var older = new Workplace(2_990_000);
        var plan = older.Plan(key.Recipients, 995_000);
        Assert.InRange(plan.RangeOf(4).Length, 1, 16_000);
        await older.SealAsync(plan, key.Recipients);
        File.Copy(Path.Combine(older.Staging, plan.VolumeName(4)), Path.Combine(place.Staging, plan.VolumeName(4)));
    }

    // A false archive, and the head of a file that swallows all that follows: tar is content with that, since nothing is missing.
    private async Task PlantFirstAsync(Workplace place)
    {
        var folder = Directory.CreateDirectory(Path.Combine(place.Restored, "..", "planted")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, Workplace.ArchiveName), "false", TestContext.Current.CancellationToken);
        key.Gpg.Bash(
            $"truncate -s {place.Plan(key.Recipients, VolumeBytes(3)).Tar.TotalBytes} rest; "
            + $"{{ tar --format=ustar -cf - {Workplace.ArchiveName} | head -c 1024; tar --format=ustar -cf - rest | head -c 512; }} "
            + $"| gpg --batch --quiet --trust-model always -r {key.Fingerprint} -o '{place.Staging}/{X}.000-of-003.enc' -e",
            folder).Ok();
    }

    private static void DamageContent(Workplace place, string volume)
    {
        var path = Path.Combine(place.Staging, volume);
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
    }
}
