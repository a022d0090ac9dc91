using System.Runtime.InteropServices;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Simulation.Storage;
using Perb.Simulation.Tasks;
using Perb.Simulation.Vzdump;

namespace Perb.IntegrationTests.Hook;

/// <summary>
/// <c>WAIT=1</c>: the real hook, run by the simulated node in a vzdump task, waits for the real service and writes into the task log. The
/// storage is a shared one, whose archives are settled as soon as their log is there.
/// </summary>
[Trait("Suite", "long")]
public sealed class HookWaitTests(SharedKey key) : IClassFixture<SharedKey>, IAsyncLifetime
{
    private readonly HookUnderTest _hook = new();
    private PerbInstallation _perb = null!;
    private string _script = "";

    public async ValueTask InitializeAsync()
    {
        _perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        _perb.Node.AddStorage(new StorageDefinition("nas") { Path = _perb.FolderOf("nas"), Shared = true });
        _perb.AddContainer(101, "web");
        _script = _hook.WriteScript(
            "hook", $"PERB_HOOK_CONF='{_hook.Configuration}' exec /bin/sh '{HookUnderTest.Script}' \"$@\"");
        Wait();
    }

    public async ValueTask DisposeAsync()
    {
        await _perb.DisposeAsync();
        _hook.Dispose();
    }

    [Fact]
    public async Task The_task_ends_well_once_its_archives_are_offsite_and_its_log_tells_of_them()
    {
        _perb.AddMachine(100, "mail");
        await using var service = await ServeAsync();

        var result = await BackUpAsync(100, 101);

        Assert.True(result.Status == "OK", string.Join('\n', result.Log));
        var copies = Copies(result).ToList();
        Assert.Equal(2, copies.Count);
        Assert.All(copies, line => Assert.Contains(" to offsite: published, verified by hash, ", line, StringComparison.Ordinal));
        Assert.Contains("INFO: perb: all copies of this task are done", result.Log);
        Assert.Equal(["published", "published"], (await _perb.ListAsync()).Select(backup => (string?)backup!["state"]));
        Assert.True(result.Log.ToList().FindIndex(line => line.Contains("verified by hash", StringComparison.Ordinal))
            < result.Log.ToList().FindIndex(line => line.Contains("Backup job finished", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_copy_that_fails_fails_the_task_with_the_reason()
    {
        // The name of what is to come is known from backup-start on: another program's file stands in its place.
        Wait($"CHAIN={_hook.WriteScript(
            "plant",
            $"[ \"$1\" = backup-start ] || exit 0; n=${{TARGET##*/vzdump-lxc-}}; echo other >'{_perb.RemoteFolder}'/\"${{n%%.*}}.enc\"")}");
        await using var service = await ServeAsync();

        var result = await BackUpAsync(101);

        Assert.Equal($"command '{_script} job-end' failed: exit code 1", result.Status);
        var line = Assert.Single(result.Log, line => line.Contains("ERROR: vzdump-lxc-101-", StringComparison.Ordinal));
        Assert.Contains("to offsite: failed: ", line, StringComparison.Ordinal);
        Assert.Contains("INFO: perb: ERROR: 1 of 1 copies failed; perb status says more", result.Log);
    }

    [Fact]
    public async Task A_service_that_is_down_ends_the_wait_and_fails_the_task()
    {
        var result = await BackUpAsync(101);

        Assert.Equal($"command '{_script} job-end' failed: exit code 1", result.Status);
        Assert.Contains(result.Log, line => line.Contains("ERROR: the service is not running", StringComparison.Ordinal));
        Assert.False(Directory.Exists(_perb.State));
    }

    [Fact]
    public async Task A_file_of_the_service_that_hangs_holds_up_vzdump_no_longer_than_WAIT_MAX_and_some_seconds()
    {
        await using (var service = await ServeAsync())
        {
            Assert.Equal(0, await service.TerminateAsync());
        }

        File.Delete(Path.Combine(_perb.State, "perb.lock"));
        HookUnderTest.Run("mkfifo", [Path.Combine(_perb.State, "perb.lock")]);
        Wait("WAIT_MAX=1s");

        var result = await BackUpAsync(101);

        Assert.Equal($"command '{_script} job-end' failed: exit code 1", result.Status);
        Assert.Contains(result.Log, line => line.Contains("the state directory does not answer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wait_too_long_fails_the_task_and_the_service_goes_on()
    {
        _perb.AddContainer(102, "large", 3 << 20);
        _perb.Configure(("Remotes:0:BandwidthLimit", "256Ki"));
        Wait("WAIT_MAX=6s");
        await using var service = await ServeAsync();

        var result = await BackUpAsync(102);

        Assert.Equal($"command '{_script} job-end' failed: exit code 1", result.Status);
        Assert.Contains(
            result.Log, line => line.Contains("ERROR: not done within 0.1 min (WAIT_MAX in hook.conf): vzdump-lxc-102-", StringComparison.Ordinal));
        await service.SaysAsync("Published 102-");
    }

    [Fact]
    public async Task Progress_is_in_the_task_log_while_a_copy_is_made()
    {
        _perb.AddContainer(102, "large", 3 << 20);
        _perb.Configure(("Remotes:0:BandwidthLimit", "300Ki"));
        await using var service = await ServeAsync();

        var result = await BackUpAsync(102);

        Assert.True(result.Status == "OK", string.Join('\n', result.Log));
        Assert.Contains(result.Log, line => line.Contains(" to offsite: upload of volume 1/1, ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_task_whose_guests_all_failed_has_nothing_to_wait_for()
    {
        await using var service = await ServeAsync();

        var result = await BackUpAsync(999);

        Assert.Equal("job errors", result.Status);
        Assert.Contains("INFO: perb: nothing of this task is to be shipped", result.Log);
    }

    [Fact]
    public async Task The_chained_scripts_code_is_returned_after_the_wait()
    {
        Wait($"CHAIN={_hook.WriteScript("chained", "[ \"$1\" != job-end ] || exit 5")}");
        await using var service = await ServeAsync();

        var result = await BackUpAsync(101);

        Assert.Equal($"command '{_script} job-end' failed: exit code 5", result.Status);
        Assert.Contains("INFO: perb: all copies of this task are done", result.Log);
    }

    [Theory]
    [InlineData("WAIT_MAX=2x", "ERROR: the hook's arguments are not understood")]
    [InlineData("PROGRAM=/nonexistent/perb", "perb hook: PROGRAM=/nonexistent/perb is not there or not executable")]
    public async Task A_wait_that_cannot_begin_fails_the_task_with_a_line(string line, string text)
    {
        Wait(line);

        var result = await BackUpAsync(101);

        Assert.Equal($"command '{_script} job-end' failed: exit code 1", result.Status);
        Assert.Contains(result.Log, logged => logged.Contains(text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_configuration_that_cannot_be_used_fails_the_task_with_its_faults()
    {
        _perb.WriteConfiguration("{ \"Perb\": { \"Unknown\": 1 } }");

        var result = await BackUpAsync(101);

        Assert.Equal($"command '{_script} job-end' failed: exit code 1", result.Status);
        Assert.Contains(
            result.Log, line => line.StartsWith("INFO: perb: ERROR: ", StringComparison.Ordinal) && line.Contains("Unknown", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stop_of_the_task_ends_the_wait_with_one_line_and_the_copy_is_made_all_the_same()
    {
        _perb.AddContainer(102, "large", 3 << 20);
        _perb.Configure(("Remotes:0:BandwidthLimit", "300Ki"));
        File.WriteAllLines(_hook.Configuration, [$"SPOOL={_hook.Spool}"]);
        await using var service = await ServeAsync();
        Assert.Equal("OK", (await BackUpAsync(102)).Status);
        await Eventually.HoldsAsync("both events are written", () => Directory.EnumerateFiles(_hook.Spool, "*.event").Count() == 2);
        var worker = _hook.Events()[0].Worker;
        await using var wait = _perb.Run("hook", "wait", "--task", $"{worker.Pid}-{worker.Started}", "--spool", _hook.Spool, "--max", "1h");
        await wait.SaysAsync("of volume 1/1");

        Assert.Equal(1, await wait.TerminateAsync());

        Assert.Equal("perb: ERROR: stopped waiting; the service goes on with the copies", wait.Output.Split('\n')[^1]);
        await service.SaysAsync("Published 102-");
    }

    /// <summary>Wait mode, with perb found as an installed one is: without a word in the environment.</summary>
    private void Wait(params string[] lines)
    {
        var runtime = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var program = _hook.WriteScript(
            "perb",
            $"DOTNET_ROOT='{runtime}' PERB_CONFIG='{_perb.Configuration}'; export DOTNET_ROOT PERB_CONFIG; exec '{PerbProcess.Program}' \"$@\"");
        _hook.Configure([.. new[] { "WAIT=1", "WAIT_MAX=5m", $"PROGRAM={program}" }, .. lines]);
    }

    private async Task<PerbProcess> ServeAsync()
    {
        var service = _perb.Run();
        await service.SaysAsync("Remote offsite is ready");
        return service;
    }

    private Task<TaskResult> BackUpAsync(params int[] guests) => _perb.Node.RunBackupAsync(
        new BackupRun { Storage = "nas", Guests = guests, HookScript = _script }, TestContext.Current.CancellationToken);

    private static IEnumerable<string> Copies(TaskResult result) =>
        result.Log.Where(line =>
            line.StartsWith("INFO: perb: vzdump-", StringComparison.Ordinal) && line.Contains("published", StringComparison.Ordinal));
}
