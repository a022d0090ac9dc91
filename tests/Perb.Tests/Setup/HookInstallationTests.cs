using Perb.Scheduler.Setup;
using Perb.Transfer.Posix;

namespace Perb.Tests.Setup;

/// <summary>vzdump refuses every backup where its script is missing: what is written here decides whether a node is backed up.</summary>
public sealed class HookInstallationTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("perb-node-");
    private readonly NodeFiles _files;

    public HookInstallationTests()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root writes files that belong to root");
        _files = new NodeFiles(_root.FullName);
        foreach (var directory in (string[])["etc/perb", "etc/pve", "usr/lib/perb"])
        {
            _root.CreateSubdirectory(directory);
        }

        File.WriteAllText(_files.Hook, "#!/bin/sh\n");
    }

    public void Dispose() => _root.Delete(recursive: true);

    [Theory]
    [InlineData(null, null)]
    [InlineData("tmpdir: /tmp\n", null)]
    [InlineData("tmpdir: /tmp\nscript: MINE\n", "MINE")]
    public async Task What_was_there_before_the_hook_is_there_after_it(string? before, string? chained)
    {
        var mine = WriteScript("mine");
        (before, chained) = (before?.Replace("MINE", mine, StringComparison.Ordinal), chained is null ? null : mine);
        if (before is not null)
        {
            await File.WriteAllTextAsync(_files.VzdumpConf, before, Stop);
        }

        await InstallAsync();

        Assert.Equal(_files.Hook, VzdumpConf.ScriptOf(await File.ReadAllTextAsync(_files.VzdumpConf, Stop)));
        Assert.Equal(chained is null ? null : $"CHAIN={chained}\n", File.Exists(_files.HookConf) ? await File.ReadAllTextAsync(_files.HookConf, Stop) : null);
        await RemoveAsync();
        Assert.Equal(before ?? "", await File.ReadAllTextAsync(_files.VzdumpConf, Stop));
        Assert.Null(VzdumpConf.ScriptOf(await File.ReadAllTextAsync(_files.VzdumpConf, Stop)) is { } script && script == _files.Hook ? script : null);
    }

    [Fact]
    public async Task Installing_twice_does_not_chain_the_hook_to_itself()
    {
        await File.WriteAllTextAsync(_files.VzdumpConf, "script: /mine\n", Stop);
        await InstallAsync();
        await InstallAsync(waits: true);

        Assert.Equal("CHAIN=/mine\nWAIT=1\n", await File.ReadAllTextAsync(_files.HookConf, Stop));
        Assert.Equal($"script: {_files.Hook}\n", await File.ReadAllTextAsync(_files.VzdumpConf, Stop));
    }

    [Fact]
    public async Task Other_settings_of_the_hook_stay()
    {
        await File.WriteAllTextAsync(_files.HookConf, "# mine\nWAIT_MAX=5h\nCHAIN=/old", Stop);
        await File.WriteAllTextAsync(_files.VzdumpConf, "script: /new\n", Stop);
        await InstallAsync();

        Assert.Equal("# mine\nWAIT_MAX=5h\nCHAIN=/new\n", await File.ReadAllTextAsync(_files.HookConf, Stop));
    }

    [Fact]
    public async Task A_script_that_is_not_ours_is_left_alone()
    {
        await File.WriteAllTextAsync(_files.VzdumpConf, "script: /mine\n", Stop);
        await RemoveAsync();

        Assert.Equal("script: /mine\n", await File.ReadAllTextAsync(_files.VzdumpConf, Stop));
    }

    [Fact]
    public async Task Owner_and_mode_stay_as_they_were()
    {
        await File.WriteAllTextAsync(_files.VzdumpConf, "tmpdir: /tmp\n", Stop);
        File.SetUnixFileMode(_files.VzdumpConf, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        FileFacts.Give(_files.VzdumpConf, 0, 33);
        await InstallAsync();

        var facts = FileFacts.At(_files.VzdumpConf)!;
        Assert.Equal((0u, 33u, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead), (facts.Owner, facts.Group, facts.Permissions));
    }

    [Fact]
    public async Task Without_the_hook_itself_nothing_is_set()
    {
        File.Delete(_files.Hook);

        var refused = await Assert.ThrowsAsync<SetupException>(() => InstallAsync());

        Assert.Contains("apt install --reinstall perb", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_files.VzdumpConf));
    }

    [Fact]
    public async Task A_backup_job_that_names_the_hook_is_told_with_the_command_that_mends_it()
    {
        await File.WriteAllTextAsync(
            _files.JobsCfg, $"vzdump: backup-a\n\tschedule 02:00\n\tscript {_files.Hook}\n\nvzdump: backup-b\n\tscript /other\n", Stop);

        var refused = await Assert.ThrowsAsync<SetupException>(RemoveAsync);

        Assert.Contains("pvesh set /cluster/backup/backup-a --delete script", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("backup-b", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_link_the_target_is_written_and_never_for_others_to_write()
    {
        var target = Path.Combine(_root.FullName, "managed.conf");
        await File.WriteAllTextAsync(target, "tmpdir: /tmp\n", Stop);
        File.SetUnixFileMode(target, (UnixFileMode)0b110_110_100);
        File.CreateSymbolicLink(_files.VzdumpConf, "../managed.conf");

        await InstallAsync();

        Assert.Equal("../managed.conf", new FileInfo(_files.VzdumpConf).LinkTarget);
        Assert.Equal($"tmpdir: /tmp\nscript: {_files.Hook}\n", await File.ReadAllTextAsync(target, Stop));
        Assert.Equal(InstalledFile.AllRead, File.GetUnixFileMode(target));
    }

    [Fact]
    public async Task A_link_to_a_file_that_holds_for_the_whole_cluster_is_left_to_a_person()
    {
        await File.WriteAllTextAsync(_files.Cluster + "vzdump.conf", "", Stop);
        File.CreateSymbolicLink(_files.VzdumpConf, "pve/vzdump.conf");

        var refused = await Assert.ThrowsAsync<SetupException>(() => InstallAsync());

        Assert.Contains($"script: {_files.Hook}", refused.Message, StringComparison.Ordinal);
        Assert.Equal("", await File.ReadAllTextAsync(_files.VzdumpConf, Stop));
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("not executable")]
    [InlineData("hook.conf of another")]
    [InlineData("hook.conf for others to write")]
    [InlineData("directory of another")]
    public async Task A_script_that_would_make_vzdump_refuse_every_backup_or_that_others_could_have_named_does_not_come_back(string fault)
    {
        var mine = WriteScript("mine");
        await File.WriteAllTextAsync(_files.VzdumpConf, $"tmpdir: /tmp\nscript: {mine}\n", Stop);
        await InstallAsync();
        switch (fault)
        {
            case "gone":
                File.Delete(mine);
                break;
            case "not executable":
                File.SetUnixFileMode(mine, InstalledFile.AllRead);
                break;
            case "hook.conf of another":
                FileFacts.Give(_files.HookConf, 65534, 0);
                break;
            case "hook.conf for others to write":
                File.SetUnixFileMode(_files.HookConf, InstalledFile.AllRead | UnixFileMode.GroupWrite);
                break;
            default:
                FileFacts.Give(_files.Directory, 65534, 0);
                break;
        }

        var said = await RemoveAsync();

        Assert.Equal("tmpdir: /tmp\n", await File.ReadAllTextAsync(_files.VzdumpConf, Stop));
        Assert.Contains(said, line => line.Contains($"{mine}, was NOT put back: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_configuration_that_the_hook_would_ignore_is_refused_before_the_script_that_it_chains_is_lost()
    {
        await File.WriteAllTextAsync(_files.VzdumpConf, $"script: {WriteScript("mine")}\n", Stop);
        FileFacts.Give(_files.Directory, 65534, 0);

        var refused = await Assert.ThrowsAsync<SetupException>(() => InstallAsync());

        Assert.Contains($"chown root {_files.Directory}", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_files.Hook, await File.ReadAllTextAsync(_files.VzdumpConf, Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_that_cannot_be_run_is_said_when_it_is_chained()
    {
        await File.WriteAllTextAsync(_files.VzdumpConf, "script: /nowhere/mine\n", Stop);

        Assert.Contains(await InstallAsync(), line => line.Contains("is not there or not executable", StringComparison.Ordinal));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string WriteScript(string name)
    {
        var path = Path.Combine(_root.FullName, name);
        File.WriteAllText(path, "#!/bin/sh\n");
        File.SetUnixFileMode(path, InstalledFile.AllRead | UnixFileMode.UserExecute);
        return path;
    }

    private Task<IReadOnlyList<string>> InstallAsync(bool waits = false) => new HookInstallation(_files).InstallAsync(waits, Stop);

    private Task<IReadOnlyList<string>> RemoveAsync() => new HookInstallation(_files).RemoveAsync(Stop);
}
