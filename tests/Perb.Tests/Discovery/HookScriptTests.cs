using Perb.ProxmoxClient;
using Perb.Scheduler.Discovery;

namespace Perb.Tests.Discovery;

public sealed class HookScriptTests
{
    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("/bin/sh", false)]
    [InlineData("/bin/no-such-hook", true)]
    [InlineData("/no-such-directory/vzdump-hook", true)]
    [InlineData("/tmp/no-such-hook", false)] // a service's own /tmp is not vzdump's
    [InlineData("/root/no-such-hook", false)]
    [InlineData("/etc", true)]
    [InlineData("/etc/passwd", true)] // cannot be executed
    [InlineData("relative", false)]
    public void A_script_that_vzdump_is_to_run_and_that_is_not_there_is_said(string? script, bool isFault) =>
        Assert.Equal(isFault, HookScript.FaultOf("/etc/vzdump.conf", "every backup", script) is not null);

    [Theory]
    [InlineData(null, null, "/hook", true)]
    [InlineData(true, "pve1", "/hook", true)]
    [InlineData(false, null, "/hook", false)]
    [InlineData(true, "pve2", "/hook", false)] // another node's
    [InlineData(true, "", "/hook", true)]
    [InlineData(true, null, null, false)]
    [InlineData(true, null, "", false)]
    public void The_scripts_of_jobs_that_this_node_runs_count(bool? enabled, string? node, string? script, bool counts)
    {
        var job = new BackupJob { Id = "nightly", Enabled = enabled, Node = node, Script = script };

        Assert.Equal(counts ? [("nightly", "/hook")] : [], HookScript.Own([job], "pve1"));
    }
}
