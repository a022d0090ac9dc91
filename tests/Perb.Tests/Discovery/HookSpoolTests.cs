using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Perb.Scheduler.Discovery;

namespace Perb.Tests.Discovery;

public sealed partial class HookSpoolTests : IDisposable
{
    private static readonly uint Owner = EffectiveUser();

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("perb-spool-");
    private readonly HookSpool _spool;

    public HookSpoolTests() => _spool = new HookSpool(_directory.FullName, Owner);

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void An_event_is_seen_once_and_again_after_it_was_gone()
    {
        Write("a.event", 1);
        Assert.Equal([1], Pids(_spool.Look()));

        Write("b.event", 2);
        Assert.Equal([2], Pids(_spool.Look()));
        Assert.Empty(_spool.Look().Events);

        File.Delete(PathOf("a.event"));
        Assert.Empty(_spool.Look().Events);
        Write("a.event", 3);
        Assert.Equal([3], Pids(_spool.Look()));
    }

    [Fact]
    public void Files_that_are_not_events_are_passed_over()
    {
        Write(".a.partial", 1);
        Write("readme", 2);
        _directory.CreateSubdirectory("c.event");

        var look = _spool.Look();

        Assert.Empty(look.Events);
        Assert.Null(look.Fault);
        Assert.True(look.IsWhole);
    }

    [Fact]
    public void What_the_hook_cannot_have_made_is_ignored_in_one_line()
    {
        Write("good.event", 1);
        Write("writable.event", 2);
        File.SetUnixFileMode(PathOf("writable.event"), UnixFileMode.UserRead | UnixFileMode.GroupWrite);
        File.WriteAllBytes(PathOf("large.event"), new byte[HookSpoolFile.MaxBytes + 1]);
        File.WriteAllText(PathOf("empty.event"), "");
        File.CreateSymbolicLink(PathOf("link.event"), PathOf("good.event"));
        File.CreateSymbolicLink(PathOf("dangling.event"), PathOf("nothing"));
        Process.Start("mkfifo", [PathOf("fifo.event")]).WaitForExit();

        var look = _spool.Look();

        Assert.Equal([1], Pids(look));
        Assert.Contains("6 files, such as ", look.Fault, StringComparison.Ordinal);
        Assert.Null(_spool.Look().Fault);
    }

    [Theory]
    [InlineData("large", "more than 65536 bytes")]
    [InlineData("link", "symbolic link")]
    [InlineData("fifo", "not a regular file")]
    [InlineData("malformed", "no whole event")]
    [InlineData("foreign", "belongs to user")]
    public void A_file_that_is_ignored_is_named_with_the_reason(string kind, string reason)
    {
        var path = PathOf("it.event");
        switch (kind)
        {
            case "large":
                File.WriteAllBytes(path, new byte[HookSpoolFile.MaxBytes + 1]);
                break;
            case "link":
                File.CreateSymbolicLink(path, "/etc/passwd");
                break;
            case "fifo":
                Process.Start("mkfifo", [path]).WaitForExit();
                break;
            default:
                File.WriteAllText(path, "perb-hook 1\n");
                break;
        }

        var fault = new HookSpool(_directory.FullName, kind == "foreign" ? Owner + 1 : Owner).Look().Fault;

        Assert.Contains("it.event", fault, StringComparison.Ordinal);
        Assert.Contains(reason, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flood_is_read_in_bounded_parts_until_nothing_is_left()
    {
        for (var number = 0; number < 2_500; number++)
        {
            Write($"{number}.event", number + 1);
        }

        var looks = Enumerable.Range(0, 4).Select(_ => _spool.Look()).ToList();

        Assert.Equal([HookSpool.MaxReadAtOnce, HookSpool.MaxReadAtOnce, 500, 0], looks.Select(look => look.Events.Count));
        Assert.Equal([false, false, true, true], looks.Select(look => look.IsWhole));
        Assert.Equal(Enumerable.Range(1, 2_500).Select(number => (long)number), looks.SelectMany(Pids).Order());
    }

    [Fact]
    public void A_missing_spool_is_said() => Assert.Throws<DirectoryNotFoundException>(() => new HookSpool(PathOf("none")).Look());

    private static IEnumerable<long> Pids(HookSpoolLook look) => look.Events.Select(found => found.Worker.Pid);

    private string PathOf(string name) => Path.Combine(_directory.FullName, name);

    private void Write(string name, int pid)
    {
        File.WriteAllBytes(PathOf(name), Encoding.UTF8.GetBytes($"perb-hook 1\nphase=job-end\npid={pid}\nend\n"));
        File.SetUnixFileMode(PathOf(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial uint EffectiveUser();
}
