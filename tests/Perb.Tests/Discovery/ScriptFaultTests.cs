using Perb.Scheduler.Discovery;
using Perb.Transfer.Posix;

namespace Perb.Tests.Discovery;

/// <summary>root runs these scripts, and vzdump refuses backups where it cannot.</summary>
public sealed class ScriptFaultTests : IDisposable
{
    private const UnixFileMode Mode755 = (UnixFileMode)0b111_101_101;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("perb-scripts-");

    public ScriptFaultTests()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root has files of root's and of others");
        File.SetUnixFileMode(_root.FullName, Mode755);
        _root.CreateSubdirectory("bin");
        File.SetUnixFileMode(PathOf("bin"), Mode755);
        File.WriteAllText(PathOf("bin/hook"), "#!/bin/sh\n");
        File.SetUnixFileMode(PathOf("bin/hook"), Mode755);
    }

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void A_script_of_roots_that_nobody_else_can_change_is_well()
    {
        File.CreateSymbolicLink(PathOf("link"), "bin/../bin/./hook");
        File.CreateSymbolicLink(PathOf("sbin"), PathOf("bin"));

        Assert.All((string[])["bin/hook", "link", "sbin/hook"], path => Assert.Null(ScriptFault.Of(PathOf(path))));
        Assert.Null(ScriptFault.Of("/bin/sh"));
    }

    [Fact]
    public void What_vzdump_cannot_run_is_told_apart_from_what_others_can_change()
    {
        File.SetUnixFileMode(PathOf("bin/hook"), (UnixFileMode)0b110_110_110);
        File.CreateSymbolicLink(PathOf("astray"), "nowhere");
        File.CreateSymbolicLink(PathOf("round"), "round");

        Assert.Equal(new ScriptFault(ScriptHarm.NotRun, "cannot be executed", $"chmod 755 {PathOf("bin/hook")}"), ScriptFault.Of(PathOf("bin/hook")));
        Assert.Equal(new ScriptFault(ScriptHarm.NotRun, "is a directory and no file", ""), ScriptFault.Of(PathOf("bin")));
        Assert.Equal(new ScriptFault(ScriptHarm.NotRun, "is not there", ""), ScriptFault.Of(PathOf("bin/none")));
        Assert.Equal(new ScriptFault(ScriptHarm.NotRun, "is not there", ""), ScriptFault.Of(PathOf("astray")));
        Assert.Equal(new ScriptFault(ScriptHarm.NotRun, "is no absolute path", ""), ScriptFault.Of("bin/hook"));
        Assert.Equal(ScriptHarm.Unseen, ScriptFault.Of(PathOf("round"))!.Harm);
    }

    [Theory]
    [InlineData("bin/hook", 0b111_101_111)]
    [InlineData("bin/hook", 0b111_111_101)]
    [InlineData("bin", 0b111_101_111)]
    [InlineData("bin", 0b111_111_101)]
    public void Whoever_can_write_it_or_a_directory_above_it_decides_what_root_runs(string open, int mode)
    {
        File.SetUnixFileMode(PathOf(open), (UnixFileMode)mode);

        var fault = ScriptFault.Of(PathOf("bin/hook"))!;

        Assert.Equal(ScriptHarm.Open, fault.Harm);
        Assert.Equal($"chown -h root:root {PathOf(open)}; chmod go-w {PathOf(open)}", fault.Fix);
    }

    [Theory]
    [InlineData("bin/hook", "chown -h root:root ")]
    [InlineData("bin", "cp ")] // that directory is not root's to take
    public void So_does_whoever_owns_one_of_them(string path, string fix)
    {
        FileFacts.Give(PathOf(path), 65534, 65534);

        var fault = ScriptFault.Of(PathOf("bin/hook"))!;

        Assert.Equal(ScriptHarm.Open, fault.Harm);
        Assert.StartsWith($"{fix}{PathOf("bin/hook")}", fault.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_leads_into_what_others_can_write()
    {
        _root.CreateSubdirectory("shared");
        File.Copy(PathOf("bin/hook"), PathOf("shared/hook"));
        File.SetUnixFileMode(PathOf("shared"), (UnixFileMode)0b111_111_111);
        File.CreateSymbolicLink(PathOf("bin/linked"), "../shared/hook");

        Assert.Equal($"runs as root, and others than root can change {PathOf("shared")}", ScriptFault.Of(PathOf("bin/linked"))!.Text);
    }

    [Fact]
    public void A_link_of_somebody_else_is_given_to_root_and_not_what_it_leads_to()
    {
        File.CreateSymbolicLink(PathOf("bin/linked"), "hook");
        FileFacts.Give(PathOf("bin/linked"), 65534, 65534);

        var fault = ScriptFault.Of(PathOf("bin/linked"))!;

        Assert.Equal(ScriptHarm.Open, fault.Harm);
        Assert.StartsWith($"chown -h root:root {PathOf("bin/linked")};", fault.Fix, StringComparison.Ordinal);
    }

    private string PathOf(string path) => Path.Combine(_root.FullName, path);
}
