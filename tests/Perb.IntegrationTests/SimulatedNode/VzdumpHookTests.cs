using Perb.Simulation.Vzdump;

namespace Perb.IntegrationTests.Simulation;

/// <summary>Order, arguments and environment are those of facts/hook-traces.json; so are the effects of exit codes.</summary>
public sealed class VzdumpHookTests
{
    [Theory]
    [InlineData(100, "snapshot", true, "backup-start pre-stop pre-restart post-restart backup-end log-end")]
    [InlineData(101, "snapshot", true, "backup-start pre-stop pre-restart post-restart backup-end log-end")]
    [InlineData(101, "suspend", true, "backup-start pre-stop pre-restart post-restart backup-end log-end")]
    [InlineData(100, "suspend", true, "backup-start pre-stop backup-end pre-restart post-restart log-end")]
    [InlineData(101, "stop", true, "backup-start pre-stop backup-end pre-restart post-restart log-end")]
    [InlineData(100, "snapshot", false, "backup-start backup-end log-end")]
    public async Task Phases_come_in_the_real_order_with_the_effective_mode(int vmid, string mode, bool running, string phases)
    {
        await using var host = await VzdumpHost.StartAsync();
        host.Node.Guests.Change(vmid, guest => guest with { Running = running });

        var result = await host.RunAsync(new BackupRun { Guests = [vmid], Mode = mode });

        Assert.Equal("OK", result.Status);
        var effective = running ? mode : "stop";
        Assert.Equal(
            ["job-init", "job-start", .. phases.Split(' ').Select(phase => $"{phase} {effective} {vmid}"), "job-end"], host.Calls());
        Assert.Equal(running, host.Node.Guests[vmid].Running);
    }

    [Fact]
    public async Task The_environment_holds_only_the_documented_names()
    {
        await using var host = await VzdumpHost.StartAsync();

        await host.RunAsync(new BackupRun { Guests = [101] });

        var target = Path.Combine(host.Dump, Assert.Single(host.Archives));
        Assert.Equal(["LC_ALL=C", "LVM_SUPPRESS_FD_WARNINGS=1", "STOREID=local"], host.EnvironmentOf("job-init"));
        Assert.Equal([$"DUMPDIR={host.Dump}", "LC_ALL=C", "LVM_SUPPRESS_FD_WARNINGS=1", "STOREID=local"], host.EnvironmentOf("job-start"));
        Assert.Equal(
            [
                $"DUMPDIR={host.Dump}", "HOSTNAME=web", "LC_ALL=C", $"LOGFILE={target.Replace(".tar.zst", ".log", StringComparison.Ordinal)}",
                "LVM_SUPPRESS_FD_WARNINGS=1", "STOREID=local", $"TARGET={target}", "VMTYPE=lxc",
            ],
            host.EnvironmentOf("backup-start"));
        Assert.Equal(["/"], File.ReadAllLines(host.PathOf("cwd")).Distinct());
        Assert.Equal(["backup-end", "log-end"], File.ReadAllLines(host.PathOf("target-exists")));
        Assert.Equal(["log-end"], File.ReadAllLines(host.PathOf("log-exists")));
    }

    [Fact]
    public async Task A_locked_and_an_unknown_guest_know_less()
    {
        await using var host = await VzdumpHost.StartAsync();
        host.Node.Guests.Change(101, guest => guest with { LockedBy = "backup" });

        var result = await host.RunAsync(new BackupRun { Guests = [101] });

        Assert.Equal("job errors", result.Status);
        Assert.Contains("ERROR: Backup of VM 101 failed - CT is locked (backup)", result.Log);
        Assert.Equal(["job-init", "job-start", "backup-abort snapshot 101", "log-end snapshot 101", "job-end"], host.Calls());
        var environment = string.Join(' ', host.EnvironmentOf("backup-abort"));
        Assert.Contains("VMTYPE=lxc", environment, StringComparison.Ordinal);
        Assert.DoesNotContain("HOSTNAME", environment, StringComparison.Ordinal);

        await host.RunAsync(new BackupRun { Guests = [999] });
        Assert.DoesNotContain("TARGET", string.Join(' ', host.EnvironmentOf("log-end")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("job-init", "command '{0} job-init' failed: exit code 7", false, "job-init")]
    [InlineData("job-start", "command '{0} job-start' failed: exit code 7", false, "job-abort")]
    [InlineData("backup-start", "job errors", false, "job-end")]
    [InlineData("pre-stop", "job errors", false, "job-end")]
    [InlineData("pre-restart", "job errors", false, "job-end")]
    [InlineData("post-restart", "job errors", false, "job-end")]
    [InlineData("backup-end", "job errors", true, "job-end")]
    [InlineData("log-end", "WARNINGS: 1", true, "job-end")]
    [InlineData("job-end", "command '{0} job-end' failed: exit code 7", true, "job-abort")]
    public async Task A_failing_phase_has_the_real_effect(string phase, string status, bool archived, string lastCall)
    {
        await using var host = await VzdumpHost.StartAsync();
        await host.HookDoesAsync($"[ \"$1\" = {phase} ] && exit 7");

        var result = await host.RunAsync(new BackupRun { Guests = [101] });

        Assert.Equal(string.Format(null, status, host.PathOf("hook")), result.Status);
        Assert.Equal(archived ? 1 : 0, host.Archives.Count);
        Assert.Equal(lastCall, host.Calls()[^1]);
        Assert.Empty(Directory.EnumerateFileSystemEntries(host.Dump, "*.dat"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(host.Dump, "*.tmp"));
    }

    [Fact]
    public async Task A_failing_pre_restart_after_stop_leaves_the_guest_down_and_the_task_OK()
    {
        await using var host = await VzdumpHost.StartAsync();
        await host.HookDoesAsync("[ \"$1\" = pre-restart ] && exit 7");

        var result = await host.RunAsync(new BackupRun { Guests = [101], Mode = "stop" });

        Assert.Equal("OK", result.Status);
        Assert.False(host.Node.Guests[101].Running);
        Assert.DoesNotContain("post-restart stop 101", host.Calls());
    }

    [Fact]
    public async Task Output_goes_line_by_line_into_the_task_log_and_empty_lines_vanish()
    {
        await using var host = await VzdumpHost.StartAsync();
        await host.HookDoesAsync("[ \"$1\" = job-end ] && printf 'one\\rtwo\\n\\n0\\nthree' >&2");

        var result = await host.RunAsync(new BackupRun { Guests = [101] });

        Assert.Equal(
            ["INFO: one", "INFO: two", "INFO: three", "INFO: Backup job finished successfully", "TASK OK"], result.Log.TakeLast(5));
    }

    [Fact]
    public async Task A_child_that_keeps_a_pipe_open_blocks_vzdump_until_it_ends()
    {
        await using var host = await VzdumpHost.StartAsync();
        // The child waits for a file that only this test makes.
        await host.HookDoesAsync(
            $"[ \"$1\" = log-end ] && {{ echo started; (while [ ! -e {host.PathOf("go")} ]; do /bin/sleep 0.05; done; echo late) & }}");
        var jobEnding = false;
        var task = host.Node.StartBackup(new BackupRun
        {
            Guests = [101],
            Gate = step =>
            {
                jobEnding |= step.Moment == VzdumpMoment.JobEnding;
                return Task.CompletedTask;
            },
        });

        await foreach (var line in task.FollowAsync(TestContext.Current.CancellationToken))
        {
            if (line == "INFO: started")
            {
                Assert.False(jobEnding);
                await File.WriteAllTextAsync(host.PathOf("go"), "", TestContext.Current.CancellationToken);
            }
        }

        Assert.Contains("INFO: late", (await task.Completion).Log);
    }

    [Fact]
    public async Task A_missing_script_breaks_the_task_before_anything_happens()
    {
        await using var host = await VzdumpHost.StartAsync();

        var result = await host.RunAsync(new BackupRun { Guests = [101], HookScript = "/nonexistent/hook" });

        Assert.Equal(["TASK ERROR: Error: The hook script '/nonexistent/hook' does not exist."], result.Log);
    }
}
