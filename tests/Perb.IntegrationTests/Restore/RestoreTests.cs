using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Restore;

/// <summary>What was sealed comes back by <c>perb restore</c> on a machine that has nothing but gpg, its key, and rclone.</summary>
public sealed class RestoreTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const string X = Workplace.RemoteName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(PacketKind.Mdc, true, 1)]
    [InlineData(PacketKind.Mdc, true, 5)]
    [InlineData(PacketKind.Mdc, false, 5)]
    [InlineData(PacketKind.Ocb, true, 5)]
    [InlineData(PacketKind.Ocb, false, 1)]
    public async Task Archive_log_and_notes_come_back_with_their_names_and_times(PacketKind packet, bool isFetched, int volumes)
    {
        using var place = await SealedAsync(2_990_000, volumes, packet);

        var ended = await RestoreAsync(place, X, isFetched, "--json");

        Assert.Equal(
            (100, "qemu", X, Path.Combine(place.Restored, Workplace.ArchiveName), 2_990_000, true),
            ((int)ended.Document()["guest"]!, (string)ended.Document()["guestType"]!, (string)ended.Document()["remoteName"]!,
                (string)ended.Document()["archive"]!, (int)ended.Document()["sizeBytes"]!, (bool)ended.Document()["hasManifest"]!));
        place.AssertRestoredAlone();
    }

    [Fact]
    public async Task GnuPG_24_decrypts_for_it_as_well()
    {
        using var place = await SealedAsync(2_990_000, 3, PacketKind.Ocb);
        var gpg = key.In(GpgVersion.Gpg24);

        (await RestoreCall.RunAsync(gpg, "restore", X, "--remote", place.RemoteOf(true), "--to", place.Restored)).Ok();

        place.AssertRestoredAlone();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(512)]
    public async Task The_smallest_archives_too(int archiveBytes)
    {
        using var place = await SealedAsync(archiveBytes, 1);

        (await RestoreAsync(place, "100", isFetched: true)).Ok();

        place.AssertRestoredAlone();
    }

    [Fact]
    public async Task Volumes_smaller_than_a_header_are_put_together()
    {
        using var place = new Workplace(1000);
        await place.SealAsync(place.Plan(key.Recipients, 300), key.Recipients);

        (await RestoreAsync(place, X, isFetched: false)).Ok();

        place.AssertRestoredAlone();
    }

    [Fact]
    public async Task What_is_done_is_said_in_words_with_the_next_command()
    {
        using var place = await SealedAsync(100_000, 1);

        var ended = (await RestoreAsync(place, "100", isFetched: true)).Ok();

        Assert.Contains($"Restored {X} from :local:", ended.Output, StringComparison.Ordinal);
        Assert.Contains($"qmrestore {Path.Combine(place.Restored, Workplace.ArchiveName)} 100", ended.Output, StringComparison.Ordinal);
        Assert.Contains("1 volume(s)", ended.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Workplace.ArchiveName)]
    [InlineData("vzdump-qemu-" + X + ".log")]
    [InlineData("vzdump-qemu-" + X + ".vma")]
    public async Task Nothing_is_replaced(string name)
    {
        using var place = await SealedAsync(100_000, 1);
        await File.WriteAllTextAsync(Path.Combine(place.Restored, name), "mine", Token);

        var ended = await RestoreAsync(place, X, isFetched: true);

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains($"{name} exists already", ended.Errors, StringComparison.Ordinal);
        Assert.Equal([Path.Combine(place.Restored, name)], Directory.GetFileSystemEntries(place.Restored));
        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(place.Restored, name), Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_archive_alone_goes_to_stdout(bool isFetched)
    {
        using var place = await SealedAsync(2_990_000, 4);

        var ended = key.Gpg.Bash(
            $"PERB_CONFIG= ; unset PERB_CONFIG; '{PerbProcess.Program}' restore 100 --remote '{place.RemoteOf(isFetched)}' --stdout > ../out", place.Restored);

        Assert.True(ended.ExitCode == 0, ended.Errors);
        Assert.Equal(place.Content, await File.ReadAllBytesAsync(Path.Combine(place.Restored, "..", "out"), Token));
        Assert.Empty(Directory.GetFileSystemEntries(place.Restored));
    }

    [Fact]
    public async Task A_reader_that_does_not_read_on_is_told()
    {
        using var place = await SealedAsync(2_990_000, 4);

        var ended = key.Gpg.Bash(
            $"unset PERB_CONFIG; set -o pipefail; '{PerbProcess.Program}' restore 100 --remote '{place.Staging}' --stdout | head -c 10 > /dev/null", place.Restored);

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("does not read on", ended.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(place.Restored));
    }

    [Fact]
    public async Task Without_the_private_key_one_line_says_for_which_it_is_and_what_was_fetched_stays()
    {
        using var place = await SealedAsync(2_990_000, 2);
        using var stranger = new GpgHome();

        var ended = await RestoreCall.RunAsync(stranger, "restore", X, "--remote", place.RemoteOf(true), "--to", place.Restored);

        Assert.Equal(1, ended.ExitCode);
        OneLine.NoTrace(ended);
        Assert.Contains("gpg cannot use a private key", ended.Errors, StringComparison.Ordinal);
        Assert.Contains(key.Recipients[0].SubkeyFingerprint[^16..], ended.Errors, StringComparison.Ordinal);
        place.AssertNothingRestored();

        // With the key: nothing of it is in the way.
        (await RestoreAsync(place, X, isFetched: true)).Ok();
        place.AssertRestoredAlone();
    }

    [Theory]
    [InlineData(2, "restore", "web", "--remote", "/nowhere")]
    [InlineData(2, "restore", "100", "--at", "soon", "--remote", "/nowhere")]
    [InlineData(2, "restore", "100")]
    [InlineData(2, "restore", "100", "--remote", "nowhere")]
    [InlineData(2, "restore", "100", "--remote", "/nowhere", "--stdout", "--json")]
    [InlineData(2, "restore", "100", "--remote", "/nowhere", "--signer", "/x", "--allow-unsigned")]
    [InlineData(78, "restore", "100", "--remote", "/nowhere", "--signer", "/nowhere/x")]
    [InlineData(1, "restore", "100", "--remote", "/nowhere")]
    [InlineData(1, "restore", "100", "--remote", "nowhere:perb")]
    [InlineData(2, "list", "--remote-only")]
    public async Task What_cannot_be_done_is_one_line(int exitCode, params string[] arguments)
    {
        var ended = await RestoreCall.RunAsync(key.Gpg, arguments);

        Assert.Equal(exitCode, ended.ExitCode);
        OneLine.In(ended);
    }

    [Fact]
    public async Task A_destination_that_is_not_there_is_not_made()
    {
        using var place = await SealedAsync(1000, 1);

        var ended = await RestoreCall.RunAsync(key.Gpg, "restore", X, "--remote", place.Staging, "--to", Path.Combine(place.Restored, "x"));

        Assert.Equal(2, ended.ExitCode);
        OneLine.In(ended, "there is no such directory");
    }

    private async Task<Workplace> SealedAsync(int archiveBytes, int volumes, PacketKind packet = PacketKind.Mdc)
    {
        var place = new Workplace(archiveBytes);
        var tarBytes = place.Plan(key.Recipients, 1 << 30).Tar.TotalBytes;
        var plan = place.Plan(key.Recipients, (tarBytes + volumes - 1) / volumes, packet);
        Assert.Equal(volumes, plan.VolumeCount);
        await place.SealAsync(plan, key.Recipients);
        return place;
    }

    private Task<Ended> RestoreAsync(Workplace place, string named, bool isFetched, params string[] more) =>
        RestoreCall.RunAsync(key.Gpg, ["restore", named, "--remote", place.RemoteOf(isFetched), "--to", place.Restored, .. more]);
}
