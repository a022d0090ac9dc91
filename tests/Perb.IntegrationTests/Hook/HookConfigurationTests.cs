using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Hook;

/// <summary><c>hook.conf</c>: what it may ask for, and whose word it is.</summary>
public sealed class HookConfigurationTests
{
    public static readonly TheoryData<string> Shells = HookUnderTest.Shells;

    private static readonly Dictionary<string, string> Environment = new()
    {
        ["STOREID"] = "local", ["DUMPDIR"] = "/dump", ["HOSTNAME"] = "web", ["TARGET"] = "/dump/a b", ["VMTYPE"] = "lxc",
    };

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task The_chained_script_gets_what_vzdump_gave_and_its_exit_code_is_the_hooks(string shell)
    {
        using var hook = new HookUnderTest(shell);
        var chained = hook.WriteScript(
            "chained script",
            $"""
            /usr/bin/tr '\0' '\n' </proc/$$/environ | /usr/bin/sort
            echo "$# $*"; /bin/pwd; /bin/cat
            echo complaint >&2
            /bin/ls '{hook.Spool}'
            exit 7
            """);
        hook.Configure($"CHAIN={chained}");

        var ended = await hook.CallAsync(Environment, "log-end", "snapshot", "100");

        Assert.Equal(7, ended.ExitCode);
        Assert.Equal("complaint\n", ended.Errors);
        Assert.Equal(
            [
                "DUMPDIR=/dump", "HOSTNAME=web", "LC_ALL=C", "LVM_SUPPRESS_FD_WARNINGS=1", "PERB_HOOK=1", $"PERB_HOOK_CONF={hook.Configuration}",
                "STOREID=local", "TARGET=/dump/a b", "VMTYPE=lxc", "3 log-end snapshot 100", "/",
            ],
            ended.Output.TrimEnd('\n').Split('\n'));
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task A_chained_script_that_calls_the_hook_itself_is_run_once_and_its_event_is_one(string shell)
    {
        using var hook = new HookUnderTest(shell);
        hook.Configure($"CHAIN={hook.WriteScript("chained", $"echo RAN; '{HookUnderTest.Script}' \"$@\"")}");

        var ended = await hook.CallToTheLastAsync(Environment, "log-end", "snapshot", "100");

        Assert.Equal((0, "RAN\n", ""), (ended.ExitCode, ended.Output, ended.Errors));
        Assert.Single(hook.Events());
    }

    [Theory]
    [InlineData("backup-start", 3)]
    [InlineData("backup-end", 0)]
    [InlineData("job-init", 255)]
    [InlineData("some-future-phase", 9)]
    public async Task The_chained_script_runs_in_every_phase(string phase, int code)
    {
        using var hook = new HookUnderTest();
        hook.Configure($"CHAIN={hook.WriteScript("chained", $"echo \"$1\"; exit {code}")}");

        var ended = await hook.CallAsync(phase, "stop", "100");

        Assert.Equal((code, phase + "\n", ""), (ended.ExitCode, ended.Output, ended.Errors));
    }

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 1", 1)]
    [InlineData("kill -9 $$", 137)]
    public async Task The_event_is_written_after_the_chained_script_however_that_ends(string ending, int code)
    {
        using var hook = new HookUnderTest();
        hook.Configure($"CHAIN={hook.WriteScript("chained", $"[ -z \"$(/bin/ls -A '{hook.Spool}')\" ] && echo first; {ending}")}");

        var ended = await hook.CallToTheLastAsync(Environment, "log-end", "snapshot", "100");

        Assert.Equal((code, "first\n"), (ended.ExitCode, ended.Output));
        Assert.Equal("/dump/a b", Assert.Single(hook.Events()).Target);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("etc")]
    [InlineData("etc/hook.conf")]
    [InlineData("fifo")]
    public async Task A_chained_script_that_cannot_be_run_is_said_and_harms_nothing(string chained)
    {
        using var hook = new HookUnderTest();
        HookUnderTest.Run("mkfifo", ["-m", "755", hook.PathOf("fifo")]);
        hook.Configure($"CHAIN={hook.PathOf(chained)}");

        var ended = await hook.CallToTheLastAsync(Environment, "log-end", "snapshot", "100");

        Assert.Equal((0, ""), (ended.ExitCode, ended.Output));
        Assert.Equal($"perb hook: CHAIN={hook.PathOf(chained)} is not there or not executable: it was NOT run\n", ended.Errors);
        Assert.Single(hook.Events());
    }

    [Theory]
    [InlineData("chown nobody etc/hook.conf", "must be owned by root")]
    [InlineData("chmod g+w etc/hook.conf", "writable for nobody else")]
    [InlineData("chmod o+w etc/hook.conf", "writable for nobody else")]
    [InlineData("chmod 4620 etc/hook.conf", "writable for nobody else")]
    [InlineData("chown nobody etc", "must be owned by root")]
    [InlineData("chmod o+w etc", "writable for nobody else")]
    [InlineData("chmod 1777 etc", "writable for nobody else")]
    [InlineData("mv etc/hook.conf real; ln -s ../real etc/hook.conf", "symbolic link")]
    [InlineData("ln -sf /nothing/there etc/hook.conf", "symbolic link")]
    [InlineData("rm etc/hook.conf; mkfifo etc/hook.conf", "not a regular file")]
    [InlineData("rm etc/hook.conf; mkdir etc/hook.conf", "not a regular file")]
    public async Task A_configuration_that_others_could_have_made_is_ignored_and_said_once_a_phase_of_the_job(string change, string reason)
    {
        foreach (var shell in Shells.Select(row => row.Data))
        {
            using var hook = new HookUnderTest(shell);
            hook.Configure($"CHAIN={hook.WriteScript("chained", "echo RAN; exit 9")}");
            HookUnderTest.Run("sh", ["-c", $"cd '{hook.PathOf()}'; {change}"]);

            var job = await hook.CallAsync(Environment, "job-start");
            var guest = await hook.CallAsync(Environment, "backup-start", "snapshot", "100");

            Assert.Equal((0, "", 0, "", ""), (job.ExitCode, job.Output, guest.ExitCode, guest.Output, guest.Errors));
            AssertOneLine(job, hook.Configuration, reason);
        }
    }

    [Theory]
    [InlineData("600")]
    [InlineData("644")]
    [InlineData("4755")]
    public async Task A_configuration_of_roots_alone_is_honoured(string mode)
    {
        using var hook = new HookUnderTest();
        hook.Configure($"CHAIN={hook.WriteScript("chained", "echo RAN")}");
        HookUnderTest.Run("chmod", [mode, hook.Configuration]);

        Assert.Equal("RAN\n", (await hook.CallAsync("job-start")).Output);
    }

    [Theory]
    [InlineData("CHAIN=\"/bin/false\"")]
    [InlineData("CHAIN=relative")]
    [InlineData(" CHAIN=/bin/false")]
    [InlineData("export CHAIN=/bin/false")]
    [InlineData("chain=/bin/false")]
    [InlineData("WAIT=yes", "WAIT is 0 or 1")]
    [InlineData("WAIT_MAX=-1", "such as 2h")]
    [InlineData("WAIT_MAX=soon", "such as 2h")]
    [InlineData("PATH=/planted")]
    [InlineData("code=1")]
    [InlineData("$(/bin/false)")]
    public async Task A_line_that_is_none_is_named_and_never_run(string line, string says = "KEY=VALUE")
    {
        using var hook = new HookUnderTest();
        hook.Configure("# a comment", "", line);

        var ended = await hook.CallAsync("job-start");

        Assert.Equal((0, ""), (ended.ExitCode, ended.Output));
        AssertOneLine(ended, hook.Configuration, "line 4 is not understood", says);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Line_ends_of_Windows_are_named_once(string shell)
    {
        using var hook = new HookUnderTest(shell);
        File.WriteAllText(hook.Configuration, $"# a comment\r\nSPOOL={hook.Spool}\r\nWAIT=0\r\n");

        var ended = await hook.CallAsync("job-start");

        Assert.Equal((0, ""), (ended.ExitCode, ended.Output));
        AssertOneLine(ended, hook.Configuration, "line 2 ends with a carriage return", @"sed -i 's/\r$//'");
    }

    [Fact]
    public async Task No_configuration_is_the_rule()
    {
        using var hook = new HookUnderTest();
        File.Delete(hook.Configuration);

        var ended = await hook.CallAsync("job-init"); // its spool is the real one then, which job-start would look for

        Assert.Equal((0, "", ""), (ended.ExitCode, ended.Output, ended.Errors));
    }

    [Fact]
    public async Task The_last_line_counts_without_a_line_end_too()
    {
        using var hook = new HookUnderTest();
        File.WriteAllText(hook.Configuration, $"SPOOL={hook.Spool}\nCHAIN={hook.WriteScript("chained", "exit 4")}");

        Assert.Equal(4, (await hook.CallAsync("job-start")).ExitCode);
    }

    private static void AssertOneLine(Ended ended, params string[] words)
    {
        var line = Assert.Single(ended.Errors.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("perb hook: ", line, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, line, StringComparison.Ordinal));
    }
}
