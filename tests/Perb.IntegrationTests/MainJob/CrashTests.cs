using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Scheduler.Backups;

namespace Perb.IntegrationTests.MainJob;

/// <summary>The program dies by SIGKILL, at every named place and at any instant: afterwards everything is on the remote once and whole.</summary>
public sealed class CrashTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const int Killed = 137;

    public static TheoryData<string> Points => [.. CrashPoint.All.Except(OfVoidPlans).Select(point => point.Name)];

    private static IReadOnlyList<CrashPoint> OfVoidPlans { get; } = [CrashPoint.VolumeRemoved, CrashPoint.PlanVoid];

    [Theory]
    [MemberData(nameof(Points))]
    [Trait("Suite", "long")]
    public async Task After_a_crash_the_next_run_goes_on_and_sends_at_most_one_volume_again(string point)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 9 << 20);
        var recorder = perb.ConfigureFaulty(("Remotes:0:BandwidthLimit", "20MiB"));
        Assert.Equal(Killed, (await CrashAsync(perb, point)).ExitCode);

        var next = await perb.RunAsync("once");

        Assert.True(next.ExitCode == 0, next.Errors);
        perb.AssertWhole(name);
        Assert.Empty(Uploading.Rclones(perb));
        Assert.Equal("published", (string?)Assert.Single(await perb.ListAsync())!["state"]);
        Assert.InRange(PerbInstallation.ObjectsOf(name).Sum(recorder.Copies), 4, 5);
    }

    [Theory]
    [InlineData("void-volume-removed")]
    [InlineData("plan-void")]
    [Trait("Suite", "long")]
    public async Task What_a_void_plan_made_is_gone_however_its_removal_is_cut(string point)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 9 << 20);
        Assert.Equal(Killed, (await CrashAsync(perb, "all-verified")).ExitCode);
        var before = File.ReadAllBytes(perb.PathOf("remote", $"{name}.001-of-003.enc"));
        var other = key.Gpg.Generate($"Other <{point}@perb.test>", "ed25519", "cert,sign");
        key.Gpg.Add(other, "cv25519", "encr");
        perb.Configure(("Encryption:Recipients", new JsonArray(perb.RecipientFile, key.Gpg.Export(other))));
        Assert.Equal(Killed, (await CrashAsync(perb, point)).ExitCode);

        var next = await perb.RunAsync("once");

        Assert.True(next.ExitCode == 0, next.Errors);
        perb.AssertWhole(name);
        Assert.NotEqual(before.Length, File.ReadAllBytes(perb.PathOf("remote", $"{name}.001-of-003.enc")).Length); // to two recipients
    }

    [Fact]
    public Task Twenty_deaths_at_any_instant_lose_nothing() => DieAsync(deaths: 20, seed: 1);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("Suite", "long")]
    public Task Hundreds_of_deaths_at_any_instant_lose_nothing(int seed) => DieAsync(deaths: 120, seed);

    private async Task DieAsync(int deaths, int seed)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.Configure(("Remotes:0:Uploads", 2), ("Staging:Sealers", 2));
        var random = new Random(seed);
        var archives = new List<(string Name, int Volumes)>();
        for (var died = 0; died < deaths;)
        {
            if (archives.All(archive => File.Exists(perb.PathOf("remote", $"{archive.Name}.sums"))))
            {
                archives.Add((perb.AddArchive(101 + archives.Count, TimeSpan.FromHours(1), 13 << 20), 4));
                archives.Add((perb.AddArchive(101 + archives.Count, TimeSpan.FromHours(1), 1 << 20), 1));
            }

            await using var run = perb.Run("once");
            died += await run.KillAfterAsync(TimeSpan.FromMilliseconds(random.Next(300, 2500))) == Killed ? 1 : 0;
        }

        var last = await perb.RunAsync("once");

        Assert.True(last.ExitCode == 0, last.Errors);
        Assert.Empty(Uploading.Rclones(perb));
        Assert.Empty(Directory.EnumerateFiles(perb.Staging));
        Assert.Equal(
            archives.SelectMany(archive => PerbInstallation.ObjectsOf(archive.Name, archive.Volumes)).Append("perb.json").Order(StringComparer.Ordinal),
            perb.Objects());
        Assert.All(archives, archive => Assert.Equal(0, key.Gpg.Bash($"cksum -c {archive.Name}.sums", perb.RemoteFolder).ExitCode));
        Assert.All(await perb.ListAsync(), backup => Assert.Equal("published", (string?)backup!["state"]));
    }

    private static Task<Ended> CrashAsync(PerbInstallation perb, string point) =>
        perb.RunAsync(new Dictionary<string, string?> { ["PERB_CRASH_AT"] = point }, "once");
}
