using System.Net.Sockets;
using System.Text;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Simulation.Http;

namespace Perb.IntegrationTests.MainJob;

/// <summary><c>perb run</c> as systemd runs it: polls, ships, and stops when it is told to.</summary>
public sealed class ServiceTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task A_backup_made_while_the_service_runs_is_noticed_and_published()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, "web");
        await using var service = perb.Run();
        await service.SaysAsync("Remote offsite is ready");

        await perb.BackUpAsync(TestContext.Current.CancellationToken, 101);
        await service.SaysAsync("Published 101-");

        Assert.Equal("published", (string?)Assert.Single(await perb.ListAsync())!["state"]);
        Assert.Equal(3, perb.Objects().Count);
        Assert.True((bool)(await perb.StatusAsync())["service"]!["running"]!);
        Assert.Equal(75, (await perb.RunAsync("run")).ExitCode);
        var once = await perb.RunAsync("once");
        Assert.Equal(75, once.ExitCode);
        OneLine.In(once, perb.State, "perb status");
        Assert.Equal(0, await service.TerminateAsync());
        Assert.False((bool)(await perb.StatusAsync())["service"]!["running"]!);
    }

    [Fact]
    public async Task Systemd_is_told_that_it_is_ready_and_that_it_still_lives()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(perb.PathOf("notify")));
        await using var service = PerbProcess.Start(
            new Dictionary<string, string?> { ["PERB_CONFIG"] = perb.Configuration, ["NOTIFY_SOCKET"] = perb.PathOf("notify"), ["WATCHDOG_USEC"] = "300000" },
            ["run"]);

        var heard = new List<string>();
        var buffer = new byte[1024];
        while (!heard.Contains("WATCHDOG=1"))
        {
            heard.Add(Encoding.ASCII.GetString(buffer, 0, await systemd.ReceiveAsync(buffer, TestContext.Current.CancellationToken)));
        }

        Assert.Equal(0, await service.TerminateAsync());
    }

    [Fact]
    public async Task A_stop_while_the_service_starts_is_a_clean_end()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.Node.Faults.Add(new Fault(FaultKind.Slow) { Path = "/access/permissions", Delay = TimeSpan.FromMinutes(2) });
        await using var service = perb.Run();
        await service.SaysAsync("on node pve1");

        Assert.Equal(0, await service.TerminateAsync());
    }

    [Fact]
    public async Task A_stop_does_not_wait_for_a_poll_that_nobody_answers()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.Node.Faults.Add(new Fault(FaultKind.Slow) { Path = "/tasks", Times = 9, Delay = TimeSpan.FromMinutes(5) });
        await using var service = perb.Run();
        await service.SaysAsync("Remote offsite is ready");

        Assert.Equal(0, await service.TerminateAsync());
        Assert.DoesNotContain("Trouble with proxmox", service.Output, StringComparison.Ordinal); // that is how its own patience would end
        Assert.DoesNotContain("stumbled", service.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_during_an_upload_hands_the_backup_back_and_the_next_run_goes_on()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 6 << 20);
        perb.Configure(("Remotes:0:BandwidthLimit", "512Ki"));
        await using (var service = perb.Run())
        {
            await Uploading.Async(perb);

            Assert.Equal(0, await service.TerminateAsync());
        }

        Assert.Empty(Uploading.Rclones(perb));
        perb.Configure();
        Assert.Equal(0, (await perb.RunAsync("once")).ExitCode);
        Assert.Contains($"{name}.sums", perb.Objects());
    }

    [Fact]
    public async Task A_killed_service_is_continued_without_a_trace()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var one = perb.AddArchive(101, TimeSpan.FromHours(1), 9 << 20);
        var other = perb.AddArchive(102, TimeSpan.FromHours(2), 1 << 20);
        perb.Configure(("Remotes:0:BandwidthLimit", "512Ki"));
        await using (var service = perb.Run())
        {
            await Uploading.Async(perb);
            await service.KillAsync();
        }

        perb.Configure();
        var once = await perb.RunAsync("once");

        Assert.True(once.ExitCode == 0, once.Errors);
        Assert.Empty(Uploading.Rclones(perb));
        Assert.Equal(
            ["perb.json", $"{one}.001-of-003.enc", $"{one}.002-of-003.enc", $"{one}.003-of-003.enc", $"{one}.sums", $"{other}.enc", $"{other}.sums"],
            perb.Objects().Order(Comparer<string>.Create((a, b) => a == "perb.json" ? -1 : b == "perb.json" ? 1 : string.CompareOrdinal(a, b))));
        Assert.All([one, other], name => Assert.Equal(0, perb.Key.Gpg.Bash($"cksum -c {name}.sums", perb.RemoteFolder).ExitCode));
        Assert.Empty(Directory.EnumerateFiles(perb.Staging));
    }
}

/// <summary>Watches the rclones of one installation.</summary>
internal static class Uploading
{
    /// <summary>Until an rclone writes a volume on the remote.</summary>
    public static Task Async(PerbInstallation perb) => Eventually.HoldsAsync(
        "a volume is being uploaded",
        () => Rclones(perb).Any(command => command.Contains("copyto", StringComparison.Ordinal) && command.Contains(".enc", StringComparison.Ordinal)));

    /// <summary>The command lines of running rclones that know this installation's configuration.</summary>
    public static List<string> Rclones(PerbInstallation perb) =>
        [.. Directory.EnumerateDirectories("/proc").Select(CommandLine)
            .Where(command => command.Contains("rclone\0", StringComparison.Ordinal) && command.Contains(perb.PathOf("rclone.conf"), StringComparison.Ordinal))];

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
