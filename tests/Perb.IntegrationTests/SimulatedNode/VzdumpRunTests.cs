using Perb.Simulation.Guests;
using Perb.Simulation.Storage;
using Perb.Simulation.Vzdump;

namespace Perb.IntegrationTests.Simulation;

public sealed class VzdumpRunTests
{
    [Fact]
    public async Task Archives_are_genuine_and_have_their_log_and_notes()
    {
        await using var host = await VzdumpHost.StartAsync();

        var result = await host.RunAsync(new BackupRun { Guests = [101, 100], NotesTemplate = "{{guestname}} on {{node}}", Protected = true });

        Assert.Equal("OK", result.Status);
        Assert.Matches(@"\AUPID:pve1:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:vzdump::root@pam:\z", result.Upid);
        var (container, machine) = (Path.Combine(host.Dump, host.Archives[0]), Path.Combine(host.Dump, host.Archives[1]));
        Assert.Contains("./etc/hostname", await VzdumpHost.OutputOfAsync("tar", "-I", "zstd", "-tf", container), StringComparison.Ordinal);
        await VzdumpHost.OutputOfAsync("zstd", "-q", "-d", machine, "-o", host.PathOf("restored"));
        Assert.Equal(
            await File.ReadAllBytesAsync(host.PathOf("disk.raw"), TestContext.Current.CancellationToken),
            await File.ReadAllBytesAsync(host.PathOf("restored"), TestContext.Current.CancellationToken));
        Assert.Equal("web on pve1", await File.ReadAllTextAsync(container + ".notes", TestContext.Current.CancellationToken));
        Assert.True(File.Exists(container + ".protected"));
        var log = await File.ReadAllTextAsync(container.Replace(".tar.zst", ".log", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        Assert.Contains("INFO: creating vzdump archive", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_task_log_has_the_real_landmarks_in_the_real_order()
    {
        await using var host = await VzdumpHost.StartAsync("keep-last=1");
        await File.WriteAllTextAsync(Path.Combine(host.Dump, "vzdump-lxc-101-2020_01_01-00_00_00.tar.zst"), "old", TestContext.Current.CancellationToken);

        var result = await host.RunAsync(new BackupRun { Guests = [101] });

        string[] landmarks =
        [
            "INFO: starting new backup job: vzdump 101 --mode snapshot --compress zstd --storage local", "INFO: Starting Backup of VM 101 (lxc)",
            "INFO: Backup started at ", "INFO: status = running", "INFO: backup mode: snapshot", "INFO: creating vzdump archive '",
            "INFO: archive file size: ", "INFO: prune older backups with retention: keep-last=1",
            "INFO: removing backup 'local:backup/vzdump-lxc-101-2020_01_01-00_00_00.tar.zst'",
            "INFO: pruned 1 backup(s) not covered by keep-retention policy", "INFO: Finished Backup of VM 101 (", "INFO: Backup finished at ",
            "INFO: Backup job finished successfully", "TASK OK",
        ];
        var found = landmarks.Select(landmark => result.Log.ToList().FindIndex(line => line.StartsWith(landmark, StringComparison.Ordinal))).ToList();
        Assert.DoesNotContain(-1, found);
        Assert.Equal(found.Order(), found);
        Assert.Single(host.Archives);
    }

    [Theory]
    [InlineData("zstd", "*.tar.zst")]
    [InlineData("gzip", "*.tar.gz")]
    [InlineData("0", "*.tar")]
    public async Task Each_compression_has_its_extension(string compress, string pattern)
    {
        await using var host = await VzdumpHost.StartAsync();

        var result = await host.RunAsync(new BackupRun { Guests = [101], Compress = compress });

        Assert.Equal("OK", result.Status);
        Assert.Single(Directory.EnumerateFiles(host.Dump, pattern));
    }

    [Fact]
    public async Task While_it_is_written_an_archive_is_a_dat_file_and_not_listed_and_its_guest_is_locked()
    {
        await using var host = await VzdumpHost.StartAsync();
        var seen = new List<string>();

        await host.RunAsync(new BackupRun
        {
            Guests = [101],
            NotesTemplate = "x",
            Gate = step =>
            {
                var files = Directory.EnumerateFiles(host.Dump).Select(file => Path.GetFileName(file).Split('.', 2)[1]).Order(StringComparer.Ordinal);
                seen.Add($"{step.Moment} {host.Node.Guests[101].LockedBy}: {string.Join(' ', files)}");
                return Task.CompletedTask;
            },
        });

        Assert.Equal(
            [
                "TaskStarted : ", "JobStarted : ", "GuestStarted : ", "ArchiveOpened backup: tar.dat", "ArchiveWritten backup: tar.dat",
                "Renamed backup: tar.zst", "NotesWritten backup: tar.zst tar.zst.notes", "Pruned backup: tar.zst tar.zst.notes",
                "GuestUnlocked : tar.zst tar.zst.notes", "LogCopied : log tar.zst tar.zst.notes", "GuestFinished : log tar.zst tar.zst.notes",
                "JobEnding : log tar.zst tar.zst.notes",
            ],
            seen);
    }

    [Fact]
    public async Task A_failing_guest_leaves_its_log_and_no_archive_and_the_next_one_goes_on()
    {
        await using var host = await VzdumpHost.StartAsync();
        host.Node.Guests.Change(100, guest => guest with { FailsWith = "job failed with err -5 - Input/output error" });

        var result = await host.RunAsync(new BackupRun { All = true });

        Assert.Equal("job errors", result.Status);
        Assert.StartsWith("vzdump-lxc-101-", Assert.Single(host.Archives), StringComparison.Ordinal);
        Assert.Single(Directory.EnumerateFiles(host.Dump, "vzdump-qemu-100-*.log"));
        Assert.Null(host.Node.Guests[100].LockedBy);
    }

    [Fact]
    public async Task A_killed_worker_leaves_dat_file_and_lock_and_no_last_line()
    {
        await using var host = await VzdumpHost.StartAsync();

        var result = await host.RunAsync(new BackupRun { Guests = [101], Gate = KillAt(VzdumpMoment.ArchiveWritten) });
        var left = Directory.GetFiles(host.Dump, "*.dat");
        var next = await host.RunAsync(new BackupRun { Guests = [101] });

        Assert.Equal("unexpected status", result.Status);
        Assert.DoesNotContain(result.Log, line => line.StartsWith("TASK", StringComparison.Ordinal));
        Assert.Single(left);
        Assert.Contains("ERROR: Backup of VM 101 failed - CT is locked (backup)", next.Log);
    }

    [Fact]
    public async Task An_abort_while_a_VM_is_written_ends_the_job_but_in_a_hook_only_the_guest()
    {
        await using var host = await VzdumpHost.StartAsync();
        var inArchive = await host.RunAsync(new BackupRun { All = true, Gate = AbortAt(VzdumpMoment.ArchiveOpened) });
        await host.HookDoesAsync("[ \"$1 $3\" = 'backup-start 100' ] && { echo waiting; exec /bin/sleep 60; }");
        var task = host.Node.StartBackup(new BackupRun { All = true });
        await foreach (var line in task.FollowAsync(TestContext.Current.CancellationToken))
        {
            if (line == "INFO: waiting")
            {
                task.Abort();
            }
        }

        var inHook = await task.Completion;

        Assert.Equal("interrupted by signal", inArchive.Status);
        Assert.Equal("job errors", inHook.Status);
        Assert.Contains(inHook.Log, line => line.EndsWith("backup-start snapshot 100' failed: interrupted by signal", StringComparison.Ordinal));
        Assert.StartsWith("vzdump-lxc-101-", Assert.Single(host.Archives), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_run_waits_for_the_lock_and_both_are_active()
    {
        await using var host = await VzdumpHost.StartAsync();
        var release = new TaskCompletionSource();
        var waiting = new TaskCompletionSource();
        var held = new TaskCompletionSource();
        var first = host.RunAsync(new BackupRun { Guests = [100], Gate = At(VzdumpMoment.JobStarted, held, release.Task) });
        await held.Task;
        var second = host.RunAsync(new BackupRun { Guests = [101], Gate = At(VzdumpMoment.WaitingForLock, waiting, Task.CompletedTask) });
        await waiting.Task;

        Assert.Equal(2, host.Node.Tasks.Running.Count);
        release.SetResult();

        Assert.Equal("OK", (await first).Status);
        Assert.Equal(["INFO: trying to get global lock - waiting...", "INFO: got global lock"], (await second).Log.Take(2));
    }

    [Fact]
    public async Task A_PBS_run_has_a_task_and_no_file()
    {
        await using var host = await VzdumpHost.StartAsync();
        host.Node.AddStorage(new StorageDefinition("pbs") { Type = "pbs" });

        var result = await host.RunAsync(new BackupRun { Storage = "pbs", Guests = [100] });

        Assert.Equal("OK", result.Status);
        Assert.Contains(result.Log, line => line.StartsWith("INFO: creating Proxmox Backup Server archive 'vm/100/", StringComparison.Ordinal));
        Assert.DoesNotContain("DUMPDIR", string.Join(' ', host.EnvironmentOf("log-end")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gone", "could not activate storage 'gone': unable to activate storage 'gone' - directory is expected to be a mount point but is not mounted: '/mnt/gone'")]
    [InlineData("isoonly", "could not get storage information for 'isoonly': can't use storage 'isoonly' for backups - wrong content type")]
    public async Task A_storage_that_cannot_be_used_fails_the_task_after_job_init(string storage, string status)
    {
        await using var host = await VzdumpHost.StartAsync();
        host.Node.AddStorage(new StorageDefinition("gone") { Path = "/mnt/gone", IsMountpoint = true, Mounted = false });
        host.Node.AddStorage(new StorageDefinition("isoonly") { Path = host.PathOf("iso"), Content = "iso" });

        var result = await host.RunAsync(new BackupRun { Storage = storage, Guests = [100] });

        Assert.Equal(status, result.Status);
        Assert.Equal(["job-init"], host.Calls());
    }

    [Fact]
    public async Task A_container_without_snapshots_falls_back_to_suspend()
    {
        await using var host = await VzdumpHost.StartAsync();
        host.Node.Guests.Change(101, guest => guest with { CanSnapshot = false });

        var result = await host.RunAsync(new BackupRun { Guests = [101] });

        Assert.Contains("INFO: trying 'suspend' mode instead", result.Log);
        Assert.Contains("backup-start suspend 101", host.Calls());
    }

    private static Func<VzdumpStep, Task> KillAt(VzdumpMoment moment) => step =>
    {
        if (step.Moment == moment)
        {
            step.Task.Kill();
        }

        return Task.CompletedTask;
    };

    private static Func<VzdumpStep, Task> AbortAt(VzdumpMoment moment) => step =>
    {
        if (step.Moment != moment)
        {
            return Task.CompletedTask;
        }

        step.Task.Abort();
        return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, TestContext.Current.CancellationToken);
    };

    private static Func<VzdumpStep, Task> At(VzdumpMoment moment, TaskCompletionSource reached, Task release) => step =>
    {
        if (step.Moment != moment)
        {
            return Task.CompletedTask;
        }

        reached.TrySetResult();
        return release;
    };
}
