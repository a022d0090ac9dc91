using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Transfer.Hashing;
using Perb.Transfer.Manifests;
using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Restore;

/// <summary>Whatever happens to a backup's files: <c>perb restore</c> notices, says it in one line, and leaves nothing false behind.</summary>
[Trait("Suite", "long")]
public sealed class RestoreDamageTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const string X = Workplace.RemoteName;
    private const int VolumeBytes = 512_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Volumes_mixed_up_or_missing_are_noticed() => AssertNoticedAsync(
        PacketKind.Mdc, Damage.Table(PacketKind.Mdc).Where(damage => damage.To is SealedAs.Four or SealedAs.LogAlone), refit: false);

    /// <summary>
    /// With the manifest made to fit, so that SHA-256 says nothing and what gpg says about each message has to do. Without that every damage is
    /// the same one, a wrong hash.
    /// </summary>
    [Theory]
    [Trait("Suite", "long")]
    [InlineData(PacketKind.Mdc)]
    [InlineData(PacketKind.Ocb)]
    public Task Each_damage_is_noticed_even_where_the_manifest_was_made_to_fit(PacketKind packet) =>
        AssertNoticedAsync(packet, Damage.Table(packet), refit: true);

    [Fact]
    public Task Damage_within_a_volume_is_noticed() => AssertNoticedAsync(
        PacketKind.Mdc, Damage.Table(PacketKind.Mdc).Where((damage, index) => damage.To is SealedAs.Small or SealedAs.Large && index % 25 == 0), refit: false);

    /// <summary>Whoever can write the remote can write the manifest, too; unless it is signed. Then names and order are what is left.</summary>
    [Fact]
    public Task Volumes_mixed_up_are_noticed_even_where_the_manifest_was_made_to_fit() => AssertNoticedAsync(
        PacketKind.Ocb, Damage.Table(PacketKind.Ocb).Where(damage => damage.To is SealedAs.Four or SealedAs.LogAlone), refit: true);

    [Fact]
    public async Task An_archive_that_is_whole_is_saved_where_only_log_and_notes_are_lost()
    {
        using var place = await SealedAsync(SealedAs.LogAlone, PacketKind.Mdc);
        File.Delete(Path.Combine(place.Staging, X + ".003-of-003.enc"));

        var ended = await RestoreAsync(place, place.RemoteOf(isFetched: true));

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("the archive itself is whole", ended.Errors, StringComparison.Ordinal);
        Assert.Equal(place.Content, await File.ReadAllBytesAsync(Path.Combine(place.Restored, Workplace.ArchiveName), Token));
        Assert.Single(Directory.GetFileSystemEntries(place.Restored));
    }

    [Fact]
    public async Task What_was_right_before_the_damage_is_named_and_gone_on_with_once_it_is_mended()
    {
        using var place = await SealedAsync(SealedAs.Four, PacketKind.Mdc);
        var third = Path.Combine(place.Staging, X + ".003-of-004.enc");
        var whole = await File.ReadAllBytesAsync(third, Token);
        await File.WriteAllBytesAsync(third, [.. whole[..1000], 0, .. whole[1001..]], Token);

        var ended = await RestoreAsync(place, place.RemoteOf(isFetched: true));

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("volumes 1 to 2 of 4 were right", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("003-of-004.enc has other content", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("fetching it once more", ended.Errors, StringComparison.Ordinal);
        place.AssertNothingRestored();

        await File.WriteAllBytesAsync(third, whole, Token);
        File.Delete(Path.Combine(place.Staging, X + ".001-of-004.enc")); // nobody needs it any more…
        await File.WriteAllBytesAsync(Path.Combine(place.Staging, X + ".001-of-004.enc"), new byte[whole.Length], Token); // …whatever it is

        var again = await RestoreAsync(place, place.RemoteOf(isFetched: true));

        Assert.True(again.ExitCode == 0, again.Errors);
        Assert.Contains("Going on with", again.Errors, StringComparison.Ordinal);
        place.AssertRestoredAlone();
    }

    [Fact]
    public async Task Nothing_is_taken_from_an_attempt_on_another_manifest()
    {
        using var place = await SealedAsync(SealedAs.Four, PacketKind.Mdc);
        var third = Path.Combine(place.Staging, X + ".003-of-004.enc");
        await File.WriteAllBytesAsync(third, new byte[10], Token);
        Assert.Equal(1, (await RestoreAsync(place, place.Staging)).ExitCode);

        foreach (var file in Directory.GetFiles(place.Staging))
        {
            File.Delete(file);
        }

        await place.SealAsync(place.Plan(key.Recipients, VolumeBytes), key.Recipients);

        var again = await RestoreAsync(place, place.Staging);

        Assert.True(again.ExitCode == 0, again.Errors);
        Assert.DoesNotContain("Going on with", again.Errors, StringComparison.Ordinal);
        place.AssertRestoredAlone();
    }

    [Fact]
    public async Task Damage_ends_stdout_at_once_and_not_with_0()
    {
        using var place = await SealedAsync(SealedAs.Four, PacketKind.Mdc);
        var third = Path.Combine(place.Staging, X + ".003-of-004.enc");
        var whole = await File.ReadAllBytesAsync(third, Token);
        await File.WriteAllBytesAsync(third, [.. whole[..1000], 0, .. whole[1001..]], Token);

        var ended = key.Gpg.Bash(
            $"unset PERB_CONFIG; '{PerbProcess.Program}' restore 100 --remote '{place.Staging}' --stdout > ../out", place.Restored);

        Assert.Equal(1, ended.ExitCode);
        Assert.Equal(place.Content[..((2 * VolumeBytes) - 512)], await File.ReadAllBytesAsync(Path.Combine(place.Restored, "..", "out"), Token));
    }

    [Theory]
    [InlineData("../../evil", "no plain file name")]
    [InlineData("authorized_keys", "does not belong")]
    [InlineData("vzdump-qemu-101-2026_11_20-02_00_01.vma.zst", "does not belong")]
    public async Task A_tar_of_something_else_is_refused(string name, string words)
    {
        using var place = new Workplace(100);
        var folder = Directory.CreateDirectory(Path.Combine(place.Restored, "..", "a", "b", "c")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(place.Restored, "..", "a", "evil"), place.Content, Token);
        await File.WriteAllBytesAsync(Path.Combine(folder, "authorized_keys"), place.Content, Token);
        await File.WriteAllBytesAsync(Path.Combine(folder, "vzdump-qemu-101-2026_11_20-02_00_01.vma.zst"), place.Content, Token);
        key.Gpg.Bash(
            $"tar -P -cf - {name} | gpg --batch --quiet --trust-model always -r {key.Fingerprint} --set-filename {X}.enc -o '{place.Staging}/{X}.enc' -e", folder).Ok();
        await RefitAsync(place.Staging, new Manifest
        {
            RemoteName = X,
            ArchiveBytes = 100,
            ArchiveModifiedAt = DateTimeOffset.UnixEpoch,
            VolumeBytes = 1 << 30,
            Volumes = [new ManifestVolume(X + ".enc", 0, new Digests(""))],
        });

        var ended = await RestoreAsync(place, place.Staging);

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains(words, ended.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(place.Restored));
    }

    private async Task AssertNoticedAsync(PacketKind packet, IEnumerable<Damage> table, bool refit)
    {
        var wrong = new List<string>();
        foreach (var group in table.GroupBy(damage => damage.To))
        {
            using var place = await SealedAsync(group.Key, packet);
            var manifest = Manifest.Parse(await File.ReadAllTextAsync(Path.Combine(place.Staging, X + ".sums"), Token));
            (await RestoreAsync(place, place.Staging)).Ok(); // undamaged, it comes back
            place.AssertRestored();
            foreach (var (damage, index) in group.Select((damage, index) => (damage, index)))
            {
                var folder = place.Fetch($"damaged-{index}");
                damage.Do(folder);
                if (refit)
                {
                    await RefitAsync(folder, manifest);
                }

                Clear(place.Restored);
                var ended = await RestoreAsync(place, folder);
                if (FaultOf(ended, place, damage, refit) is { } fault)
                {
                    wrong.Add($"{damage.What} ({damage.To}): {fault}: {ended.Errors}");
                }

                Directory.Delete(folder, recursive: true);
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static string? FaultOf(Ended ended, Workplace place, Damage damage, bool refit)
    {
        var restored = Directory.GetFiles(place.Restored, "vzdump-*");
        var isWhole = place.IsRestored(place.Restored);
        if (ended.ExitCode == 0)
        {
            return refit && isWhole ? null : $"0, {(isWhole ? "right" : "wrong")} files";
        }

        // The archive of the volumes before the damaged one may be whole, and is saved then.
        var isSaved = damage.To == SealedAs.LogAlone && restored.Length == 1 && File.ReadAllBytes(restored[0]).AsSpan().SequenceEqual(place.Content);
        return ended.ExitCode != 1 ? $"exit {ended.ExitCode}"
            : restored.Length > 0 && !isSaved ? $"left {string.Join(", ", restored)}"
            : ended.Errors.Split('\n').Count(line => line.StartsWith("perb: ", StringComparison.Ordinal)) != 1 ? "not one line"
            : null;
    }

    /// <summary>A manifest of the damaged files, as somebody would make it who can write the remote.</summary>
    private static async Task RefitAsync(string folder, Manifest manifest)
    {
        var volumes = new List<ManifestVolume>();
        foreach (var volume in manifest.Volumes)
        {
            var file = Path.Combine(folder, volume.Name);
            var content = File.Exists(file) ? await File.ReadAllBytesAsync(file, Token) : [];
            volumes.Add(new ManifestVolume(volume.Name, content.Length, Digests.Of(content, null)));
        }

        await File.WriteAllTextAsync(Path.Combine(folder, manifest.FileName), (manifest with { Volumes = volumes }).Format(), Token);
    }

    private static void Clear(string folder)
    {
        Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
    }

    private async Task<Workplace> SealedAsync(SealedAs form, PacketKind packet)
    {
        var (archiveBytes, volumeBytes) = form switch
        {
            SealedAs.Small => (100_000, 1 << 30),
            SealedAs.Large => (2_300_000, 1 << 30),
            SealedAs.Four => (1_800_000, VolumeBytes),
            _ => ((2 * VolumeBytes) - 512, VolumeBytes),
        };
        var place = new Workplace(archiveBytes);
        await place.SealAsync(place.Plan(key.Recipients, volumeBytes, packet), key.Recipients);
        return place;
    }

    private Task<Ended> RestoreAsync(Workplace place, string remote) =>
        RestoreCall.RunAsync(key.Gpg, "restore", X, "--remote", remote, "--to", place.Restored);
}
