using Perb.IntegrationTests.Installation;
using Perb.Scheduler.Discovery;
using Perb.TestKit;

namespace Perb.IntegrationTests.Hook;

/// <summary>The hook through every phase that vzdump has, with the arguments and the environment that vzdump gives.</summary>
public sealed class HookPhaseTests
{
    public static readonly TheoryData<string> Shells = HookUnderTest.Shells;

    private static readonly string[] ActedOn = ["log-end", "job-end", "job-abort"];

    [Theory]
    [InlineData("dash")]
    [InlineData("busybox")]
    public async Task Every_call_of_every_kind_of_task_ends_with_0_and_the_right_ones_leave_their_event(string shell)
    {
        foreach (var (name, calls) in HookCall.Samples())
        {
            await AssertPlayedAsync(shell, name, calls);
        }
    }

    [Fact]
    [Trait("Suite", "long")]
    public Task They_do_so_under_a_large_shell_too() =>
        Every_call_of_every_kind_of_task_ends_with_0_and_the_right_ones_leave_their_event("bash");

    [Fact]
    [Trait("Suite", "long")]
    public async Task So_do_the_calls_that_were_recorded_on_a_node()
    {
        Assert.SkipWhen(Recording.Folder is null, Recording.Absent);
        foreach (var (name, calls) in HookCall.Recorded())
        {
            await AssertPlayedAsync("dash", name, calls);
        }
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Phases_of_a_future_vzdump_and_calls_without_sense_are_let_pass(string shell)
    {
        using var hook = new HookUnderTest(shell);
        string[][] calls = [[], [""], ["log-ended", "snapshot", "100"], ["-x"], ["$(reboot)"], ["log-end*"], ["backup-start"]];

        foreach (var arguments in calls)
        {
            var ended = await hook.CallToTheLastAsync([], arguments);
            Assert.Equal((0, "", ""), (ended.ExitCode, ended.Output, ended.Errors));
        }

        Assert.Empty(hook.Events());
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Values_that_could_forge_a_line_are_left_out_and_named(string shell)
    {
        using var hook = new HookUnderTest(shell);
        var hostile = new Dictionary<string, string>
        {
            ["STOREID"] = "local\nphase=job-end",
            ["DUMPDIR"] = "/dump\r",
            ["VMTYPE"] = "\e[2J",
            ["HOSTNAME"] = new string('x', 100 << 10),
            ["TARGET"] = "$(/bin/rm -rf /) `id` \\n * ; 'quoted' \"twice\" %s ü\u0085",
            ["LOGFILE"] = "\u007f",
        };

        var ended = await hook.CallToTheLastAsync(hostile, "log-end", "snap\nshot", "100");

        Assert.Equal((0, "", ""), (ended.ExitCode, ended.Output, ended.Errors));
        var found = Assert.Single(hook.Events());
        Assert.Equal("log-end", found.Phase);
        Assert.Equal(100, found.Guest);
        Assert.Equal(hostile["TARGET"], found.Target);
        Assert.Equal(["mode", "storeid", "dumpdir", "vmtype", "hostname", "logfile"], found.Refused);
    }

    [Fact]
    public async Task An_event_names_its_vzdump_task_by_the_numbers_that_are_in_the_UPID()
    {
        using var hook = new HookUnderTest();

        await hook.CallToTheLastAsync([], "job-end");

        // The parent of the hook is this process. Field 22 of its stat is its start.
        var started = (await File.ReadAllTextAsync("/proc/self/stat", TestContext.Current.CancellationToken)).Split(") ")[^1].Split(' ')[19];
        Assert.Equal($"{Environment.ProcessId}-{started}", $"{hook.Events()[0].Worker.Pid}-{hook.Events()[0].Worker.Started}");
    }

    [Fact]
    public async Task Ten_events_at_once_are_ten_files()
    {
        using var hook = new HookUnderTest();

        await Task.WhenAll(Enumerable.Range(100, 10).Select(guest => hook.CallToTheLastAsync([], "log-end", "stop", $"{guest}")));

        Assert.Equal(Enumerable.Range(100, 10).Select(guest => (long?)guest), hook.Events().Select(found => found.Guest).Order());
    }

    [Fact]
    public async Task A_spool_that_hangs_does_not_hold_up_vzdump()
    {
        using var hook = new HookUnderTest();
        using var loop = LoopMount.At(hook.PathOf("frozen"));
        hook.Configure($"SPOOL={loop.Path}");

        using (loop.Freeze())
        {
            var ended = await hook.CallAsync("log-end", "snapshot", "100");

            Assert.Equal((0, "", ""), (ended.ExitCode, ended.Output, ended.Errors));
            Assert.DoesNotContain(Directory.EnumerateFiles(loop.Path), file => file.EndsWith(".event", StringComparison.Ordinal));
        }

        await Eventually.HoldsAsync("the event is there once the disk is", () => Directory.EnumerateFiles(loop.Path, "*.event").Any());
    }

    [Fact]
    public void ShellCheck_has_nothing_to_say()
    {
        Assert.SkipUnless(Mount.Succeeds("sh", "-c", "command -v shellcheck"), "shellcheck is not installed");

        HookUnderTest.Run("shellcheck", [HookUnderTest.Script]);
    }

    private static async Task AssertPlayedAsync(string shell, string name, IReadOnlyList<HookCall> calls)
    {
        using var hook = new HookUnderTest(shell);
        foreach (var call in calls)
        {
            var ended = await hook.CallToTheLastAsync(call.Environment, call.Arguments);
            Assert.True(ended is { ExitCode: 0, Output: "", Errors: "" }, $"{name}, {call.Phase}: {ended}");
        }

        var expected = calls.Where(call => ActedOn.Contains(call.Phase)).ToList();
        Assert.Equal(expected.Select(call => call.Phase), hook.Events().Select(found => found.Phase));
        Assert.All(expected.Zip(hook.Events()), pair => AssertSame(pair.First, pair.Second, shell));
    }

    private static void AssertSame(HookCall call, HookSpoolEvent found, string shell)
    {
        Assert.Equal(call.Arguments.Skip(1), found.Guest is null ? [] : [found.Mode!, $"{found.Guest}"]);
        (string Name, string? Value)[] values =
        [
            ("STOREID", found.Storage), ("DUMPDIR", found.DumpDirectory), ("VMTYPE", found.GuestType),
            ("HOSTNAME", found.HostName), ("TARGET", found.Target), ("LOGFILE", found.LogFile),
        ];

        // The others make up a HOSTNAME, the machine's, where vzdump gives none.
        Assert.All(
            values.Where(value => shell == "dash" || value.Name != "HOSTNAME" || call.Environment.ContainsKey("HOSTNAME")),
            value => Assert.Equal(call.Environment.GetValueOrDefault(value.Name), value.Value));
        Assert.Empty(found.Refused);
    }
}
