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
    [InlineData("tmpdir: /tmp\nscript: /usr/local/bin/mine\n", "/usr/local/bin/mine")]
    public async Task What_was_there_before_the_hook_is_there_after_it(string? before, string? chained)
    {
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

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private Task<IReadOnlyList<string>> InstallAsync(bool waits = false) => new HookInstallation(_files).InstallAsync(waits, Stop);

    private Task<IReadOnlyList<string>> RemoveAsync() => new HookInstallation(_files).RemoveAsync(Stop);
}
