using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Simulation.Vzdump;

namespace Perb.IntegrationTests.Hook;

/// <summary>The real hook, run in a vzdump task, and the real service, whose next poll is an hour away.</summary>
public sealed class HookDiscoveryTests(SharedKey key) : IClassFixture<SharedKey>, IAsyncLifetime
{
    private readonly HookUnderTest _hook = new();
    private PerbInstallation _perb = null!;
    private string _script = "";

    public async ValueTask InitializeAsync()
    {
        _perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        _perb.AddContainer(101, "web");
        _perb.Configure(("Discovery:Poll", "01:00:00"), ("Discovery:SpoolDirectory", JsonValue.Create(_hook.Spool)));
        _script = _hook.WriteScript(
            "hook", $"PERB_HOOK_CONF='{_hook.Configuration}' exec /bin/sh '{HookUnderTest.Script}' \"$@\"");
    }

    public async ValueTask DisposeAsync()
    {
        await _perb.DisposeAsync();
        _hook.Dispose();
    }

    [Fact]
    public async Task What_the_hook_tells_of_is_shipped_at_once()
    {
        await using var service = await ServeAsync();

        await BackUpAsync();
        await service.SaysAsync("Published 101-");

        var backup = Assert.Single(await _perb.ListAsync())!;
        Assert.Contains("found by the hook: log-end", await HistoryAsync((long)backup["id"]!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_is_shipped_while_its_task_goes_on()
    {
        // The task does not end before the copy is there: its job-end waits for it, and would give up after a minute.
        var wait = $"i=0; [ \"$1\" = job-end ] && until [ -e '{_perb.RemoteFolder}'/101-*.sums ] || [ $i = 600 ]; do i=$((i + 1)); /bin/sleep 0.1; done";
        _hook.Configure($"CHAIN={_hook.WriteScript("slow", $"{wait}; [ \"$i\" -lt 600 ]")}");
        await using var service = await ServeAsync();

        var result = await BackUpAsync();

        Assert.Equal("OK", result.Status);
    }

    [Fact]
    public async Task A_spool_that_appears_later_is_noticed_and_once_reads_it_too()
    {
        Directory.Delete(_hook.Spool);
        await using (var service = await ServeAsync())
        {
            Directory.CreateDirectory(_hook.Spool);
            await BackUpAsync();
            await service.SaysAsync("Published 101-"); // at the latest when the watch is renewed
            Assert.Equal(0, await service.TerminateAsync());
        }

        _perb.AddContainer(102, "db");
        await BackUpAsync(102);
        await Eventually.HoldsAsync("all events are written", () => Directory.EnumerateFiles(_hook.Spool, "*.event").Count() == 4);

        Assert.Equal(0, (await _perb.RunAsync("once")).ExitCode);

        Assert.Equal(["published", "published"], (await _perb.ListAsync()).Select(backup => (string?)backup!["state"]));
    }

    private async Task<PerbProcess> ServeAsync()
    {
        var service = _perb.Run();
        await service.SaysAsync("Remote offsite is ready");
        await Eventually.HoldsAsync("it reconciled", async () => (await _perb.StatusAsync()).ToJsonString().Contains("\"lastReconcile\":\"", StringComparison.Ordinal));
        return service;
    }

    private Task<Perb.Simulation.Tasks.TaskResult> BackUpAsync(int guest = 101) => _perb.Node.RunBackupAsync(
        new BackupRun { Guests = [guest], HookScript = _script }, TestContext.Current.CancellationToken);

    private async Task<string> HistoryAsync(long id)
    {
        var database = await Perb.Scheduler.Store.Database.OpenForReadingAsync(_perb.Store, TestContext.Current.CancellationToken);
        await using var connection = await database.ConnectAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT group_concat(text) FROM event WHERE backup_id = {id}";
        return (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
