using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.MainJob;

/// <summary>Perb is killed at an exact place, and the world changes before its next run: only whole copies are ever published.</summary>
[Trait("Suite", "long")]
public sealed class ContinuationTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const int Killed = 137;
    private const string FirstIsVerified = "copyto*.002-of-003.enc";
    private const string AllAreVerified = "copyto*.sums";

    [Theory]
    [InlineData(FirstIsVerified, "deleted")]
    [InlineData(FirstIsVerified, "truncated")]
    [InlineData(AllAreVerified, "deleted")]
    public async Task What_was_verified_is_sent_again_where_the_remote_has_it_no_more(string killedAt, string harm)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = await KilledAsync(perb, killedAt);
        var first = Path.Combine(perb.RemoteFolder, $"{name}.001-of-003.enc");
        Assert.True(File.Exists(first));
        Harm(perb, first, harm);

        var once = await perb.RunAsync("once");

        Assert.True(once.ExitCode == 0, once.Errors);
        perb.AssertWhole(name);
    }

    [Fact]
    public async Task An_empty_place_that_was_marked_is_not_filled_although_nothing_was_published_there_yet_unless_a_person_marks_it()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = await KilledAsync(perb, FirstIsVerified);
        var mark = File.ReadAllBytes(perb.PathOf("remote", "perb.json"));
        Harm(perb, "", "emptied"); // as a mount point is when its disk is away

        var once = await perb.RunAsync("once");

        Assert.True(once.ExitCode == 78, $"{once.ExitCode}: {once.Errors}");
        Assert.Contains("perb.json is not there, but this installation wrote it: is the remote mounted", once.Errors, StringComparison.Ordinal);
        Assert.Empty(perb.Objects());

        File.WriteAllBytes(perb.PathOf("remote", "perb.json"), mark);
        (await perb.RunAsync("once")).Ok();
        perb.AssertWhole(name);
    }

    [Fact]
    public async Task An_owner_file_that_vanishes_stops_the_run_with_the_question_whether_the_remote_is_mounted()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = await KilledAsync(perb, FirstIsVerified);
        perb.ConfigureFaulty().Loses("cat*perb.json");

        var once = await perb.RunAsync("once");

        Assert.Equal(75, once.ExitCode);
        OneLine.NoTrace(once);
        Assert.Contains("perb.json is not there any more: is the remote mounted", once.Errors, StringComparison.Ordinal);
        Assert.Equal([$"{name}.001-of-003.enc"], perb.Objects());
    }

    [Fact]
    public async Task An_empty_place_where_copies_should_be_is_not_filled()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddArchive(102, TimeSpan.FromHours(2));
        (await perb.RunAsync("once")).Ok();
        perb.AddArchive(101, TimeSpan.FromHours(1));
        Harm(perb, "", "emptied");

        var once = await perb.RunAsync("once");

        Assert.Equal(78, once.ExitCode);
        OneLine.NoTrace(once);
        Assert.Contains("is the remote mounted", once.Errors, StringComparison.Ordinal);
        Assert.Empty(perb.Objects());
    }

    [Fact]
    public async Task A_volume_that_arrived_before_the_end_is_proven_and_not_sent_again()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = await KilledAsync(perb, "lsjson*--stat*.001-of-003.enc");

        var once = await perb.RunAsync("once");

        Assert.True(once.ExitCode == 0, once.Errors);
        perb.AssertWhole(name);
        Assert.All(PerbInstallation.ObjectsOf(name), one => Assert.Equal(1, perb.ConfigureFaulty().Copies(one)));
    }

    [Fact]
    public async Task A_manifest_that_was_sent_but_not_recorded_is_taken_over()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = await KilledAsync(perb, "lsjson*--stat*.sums");
        Assert.Contains($"{name}.sums", perb.Objects());

        var once = await perb.RunAsync("once");

        Assert.True(once.ExitCode == 0, once.Errors);
        perb.AssertWhole(name);
        Assert.All(PerbInstallation.ObjectsOf(name), one => Assert.Equal(1, perb.ConfigureFaulty().Copies(one)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(-1)]
    public async Task A_manifest_that_was_cut_short_is_removed_and_published_again(int length)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = await KilledAsync(perb, "lsjson*--stat*.sums");
        Cut(Path.Combine(perb.RemoteFolder, $"{name}.sums"), length);

        var once = await perb.RunAsync("once");

        Assert.True(once.ExitCode == 0, once.Errors);
        Assert.Contains("was cut short", once.Errors, StringComparison.Ordinal);
        perb.AssertWhole(name);
        Assert.Equal(1, perb.ConfigureFaulty().Copies($"{name}.001-of-003.enc"));
    }

    [Fact]
    public async Task A_short_manifest_that_is_not_the_beginning_of_our_own_stays_where_it_is()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = await KilledAsync(perb, "lsjson*--stat*.sums");
        var manifest = Path.Combine(perb.RemoteFolder, $"{name}.sums");
        File.WriteAllText(manifest, "somebody else's");

        var once = await perb.RunAsync("once");

        Assert.Equal(3, once.ExitCode);
        Assert.Equal("somebody else's", File.ReadAllText(manifest));
    }

    [Fact]
    public async Task An_older_store_takes_over_what_was_published_since()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = await KilledAsync(perb, FirstIsVerified);
        var saved = perb.FolderOf("saved");
        Move(perb.State, saved, File.Copy);
        (await perb.RunAsync("once")).Ok();
        Move(saved, perb.State, (from, to) => File.Copy(from, to, overwrite: true));

        var once = await perb.RunAsync("once");

        Assert.True(once.ExitCode == 0, once.Errors);
        perb.AssertWhole(name);
        Assert.Equal(1, perb.ConfigureFaulty().Copies($"{name}.sums"));
    }

    [Fact]
    public async Task Nothing_that_was_sealed_to_earlier_recipients_is_published()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = await KilledAsync(perb, FirstIsVerified);
        var first = Path.Combine(perb.RemoteFolder, $"{name}.001-of-003.enc");
        var before = File.ReadAllBytes(first);
        var other = key.Gpg.Generate("Other <other@perb.test>", "ed25519", "cert,sign");
        var subkey = key.Gpg.Add(other, "cv25519", "encr");
        perb.Configure(
            ("Encryption:Recipients", new JsonArray(key.Gpg.Export(other))), ("Encryption:HideRecipients", false));

        var once = await perb.RunAsync("once");

        Assert.True(once.ExitCode == 0, once.Errors);
        perb.AssertWhole(name);
        Assert.NotEqual(before, File.ReadAllBytes(first));
        Assert.All(
            Directory.EnumerateFiles(perb.RemoteFolder, "*.enc"), volume => Assert.Equal([subkey[^16..]], key.Gpg.KeyIds(volume)));
    }

    private static async Task<string> KilledAsync(PerbInstallation perb, string at)
    {
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 9 << 20);
        var rclone = perb.ConfigureFaulty();
        rclone.Kills(at);
        Assert.Equal(Killed, (await perb.RunAsync("once")).ExitCode);
        Assert.True(rclone.HasStruck);
        return name;
    }

    private static void Harm(PerbInstallation perb, string first, string harm)
    {
        switch (harm)
        {
            case "emptied":
                Directory.Delete(perb.RemoteFolder, recursive: true);
                Directory.CreateDirectory(perb.RemoteFolder);
                break;
            case "deleted":
                File.Delete(first);
                break;
            default:
                Cut(first, 1 << 20);
                break;
        }
    }

    private static void Cut(string path, int length)
    {
        using var file = File.OpenWrite(path);
        file.SetLength(length < 0 ? file.Length + length : length);
    }

    private static void Move(string from, string to, Action<string, string> copy)
    {
        foreach (var file in Directory.EnumerateFiles(to, "perb.db*"))
        {
            File.Delete(file);
        }

        foreach (var file in Directory.EnumerateFiles(from, "perb.db*"))
        {
            copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }
}
