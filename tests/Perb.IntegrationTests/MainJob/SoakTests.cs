using System.Globalization;
using Microsoft.Data.Sqlite;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.TestKit;

namespace Perb.IntegrationTests.MainJob;

/// <summary>
/// A week in minutes: every night an archive of each guest, then vzdump's prune, in all weathers. The real program, so that the clock is the
/// real one; what is compressed is the time between two nights, and the administrator who pushes does so in seconds.
/// </summary>
[Trait("Suite", "long")]
public sealed class SoakTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const int Guests = 8;
    private const int Kept = 2;
    private const int VolumeBytes = 1 << 20;
    private static readonly TimeSpan LongestNight = TimeSpan.FromMinutes(10);

    private static readonly string[] Weathers = ["calm", "killed", "stopped", "remote away", "node away", "arrives wrong", "rclone hangs", "calm"];

    private readonly Random _random = new(7);

    [Fact]
    public async Task A_week_in_all_weathers_loses_nothing_and_leaves_nothing_behind()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var rclone = perb.ConfigureFaulty(
            ("Discovery:Reconcile", "0/5 * * * * ?"),
            ("Discovery:IgnoreOlderThan", "30.00:00:00"),
            ("Encryption:VolumeSize", "1MiB"),
            ("Rclone:StallTimeout", "00:00:05"),
            ("Staging:Sealers", 2),
            ("Remotes:0:Uploads", 2));
        var made = new List<string>();
        var uses = new List<(int Files, int OfStore, long Mebibytes)>();
        var service = perb.Run();
        try
        {
            await Eventually.HoldsAsync("the store is there", async () => (await perb.RunAsync("status")).ExitCode == 0);
            for (var night = 0; night < Weathers.Length; night++)
            {
                var before = made.Count;
                var mend = await BeginAsync(perb, rclone, Weathers[night]);
                for (var guest = 0; guest < Guests; guest++)
                {
                    var age = TimeSpan.FromDays(Weathers.Length - night) + TimeSpan.FromMinutes(guest);
                    made.Add(perb.AddArchive(101 + guest, age, _random.Next(50_000, 5 * VolumeBytes / 2)));
                    Prune(perb, 101 + guest);
                }

                if (Weathers[night] is "killed" or "stopped")
                {
                    await Eventually.HoldsAsync("something of the night is sent", () => made[before..].Any(name => rclone.Copies($"{name}.enc") > 0));
                    service = await RestartAsync(perb, service, Weathers[night] == "killed");
                }

                await mend();
                await ShippedAsync(perb, made[before..]);
                uses.Add(UseOf(service));
            }

            Assert.Equal(0, await service.TerminateAsync());
            Assert.DoesNotContain("   at ", service.Output, StringComparison.Ordinal);
        }
        finally
        {
            await service.DisposeAsync();
        }

        await AssertNothingLostAsync(perb, made);
        AssertNothingLeftBehind(perb);

        // Since the last restart. The store's files are counted apart: a connection of its pool is up to three of them, and stays for some minutes.
        var (first, last) = (uses[2], uses[^1]);
        Assert.True(last.Files <= first.Files + 10, $"{first.Files} open files became {last.Files}");
        Assert.True(last.OfStore <= first.OfStore + 24, $"{first.OfStore} open files of the store became {last.OfStore}");
        Assert.True(last.Mebibytes <= first.Mebibytes + 60, $"{first.Mebibytes} MiB became {last.Mebibytes}");
    }

    /// <returns>What ends the weather.</returns>
    private static async Task<Func<Task>> BeginAsync(PerbInstallation perb, FaultyRclone rclone, string weather)
    {
        switch (weather)
        {
            case "remote away":
                rclone.Refuses("*offsite:*");
                return async () =>
                {
                    await Eventually.HoldsAsync("the remote is trouble", async () => (await perb.StatusAsync())["troubles"]!.AsArray().Count > 0);
                    rclone.Mend();
                };
            case "node away":
                var port = perb.Node.Url.Port;
                await perb.Node.DisposeAsync();
                return async () =>
                {
                    await Eventually.HoldsAsync("the node is trouble", async () => (await perb.StatusAsync())["troubles"]!.AsArray().Count > 0);
                    await perb.StartNodeAsync(port, TestContext.Current.CancellationToken);
                };
            case "arrives wrong":
                rclone.Corrupts("copyto*.enc");
                break;
            case "rclone hangs":
                rclone.Hangs("copyto*.enc");
                break;
        }

        return () => Task.CompletedTask;
    }

    private static async Task<PerbProcess> RestartAsync(PerbInstallation perb, PerbProcess service, bool kill)
    {
        await (kill ? service.KillAsync() : service.TerminateAsync());
        await service.DisposeAsync();
        return perb.Run();
    }

    // As an administrator who comes in the morning: what waits for its next attempt is pushed.
    private static async Task ShippedAsync(PerbInstallation perb, IReadOnlyList<string> names)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(LongestNight);
        while ((await perb.ListAsync()).Count(backup => names.Contains((string)backup!["remoteName"]!) && IsAtRest((string)backup["state"]!)) < names.Count)
        {
            Assert.False(deadline.IsCancellationRequested, (await perb.RunAsync("status")).Output);
            if ((await perb.StatusAsync())["queue"]!.AsArray().Any(entry => entry!["backup"]!["failure"] is not null))
            {
                await perb.RunAsync("retry", "--all");
            }
        }
    }

    private static bool IsAtRest(string state) => state is "published" or "source-missing" or "failed";

    private static void Prune(PerbInstallation perb, int guest)
    {
        var archives = Directory.GetFiles(perb.DumpFolder, $"vzdump-lxc-{guest}-*.tar.zst").OrderDescending(StringComparer.Ordinal);
        foreach (var archive in archives.Skip(Kept))
        {
            File.Delete(archive);
            File.Delete(archive + ".notes");
            File.Delete(archive.Replace(".tar.zst", ".log", StringComparison.Ordinal));
        }
    }

    private static async Task AssertNothingLostAsync(PerbInstallation perb, List<string> made)
    {
        var states = (await perb.ListAsync()).ToDictionary(backup => (string)backup!["remoteName"]!, backup => (string)backup!["state"]!);
        Assert.Equal(made.Order(StringComparer.Ordinal), states.Keys.Order(StringComparer.Ordinal));
        var missing = made.Where(name => states[name] != "published").ToList();
        Assert.All(missing, name => Assert.Equal("source-missing", states[name]));
        Assert.All(missing, name => Assert.False(File.Exists(Path.Combine(perb.DumpFolder, $"vzdump-lxc-{name}.tar.zst")), name));
        Assert.Equal(
            made.Except(missing).Order(StringComparer.Ordinal),
            perb.Objects().Where(name => name.EndsWith(".sums", StringComparison.Ordinal)).Select(name => name[..^".sums".Length]));
        perb.Key.Gpg.Bash("set -e; for sums in *.sums; do cksum --quiet -c $sums; done", perb.RemoteFolder).Ok();
        Assert.All(
            perb.Objects().Where(name => name != "perb.json"),
            name => Assert.Contains($"{name[..name.IndexOf('.', StringComparison.Ordinal)]}.sums", perb.Objects()));
    }

    private static void AssertNothingLeftBehind(PerbInstallation perb)
    {
        Assert.Empty(Directory.EnumerateFiles(perb.Staging));
        Assert.Empty(Uploading.Rclones(perb));
        using var connection = new SqliteConnection($"Data Source={perb.Store};Mode=ReadOnly;Pooling=False");
        connection.Open();
        foreach (var nothing in (string[])["uploader", "activity", "trouble", "backup WHERE lease_token IS NOT NULL"])
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT count(*) FROM {nothing}";
            Assert.True((long)command.ExecuteScalar()! == 0, nothing);
        }
    }

    private static (int Files, int OfStore, long Mebibytes) UseOf(PerbProcess service)
    {
        var resident = File.ReadLines($"/proc/{service.Id}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        var files = service.OpenFiles;
        var ofStore = files.Count(file => file.Contains("/perb.db", StringComparison.Ordinal));
        return (files.Count - ofStore, ofStore, long.Parse(resident.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024);
    }
}
