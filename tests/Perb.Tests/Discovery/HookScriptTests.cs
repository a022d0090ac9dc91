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
    [InlineData("relative", false)]
    public void A_script_that_vzdump_is_to_run_and_that_is_not_there_is_said(string? script, bool isFault) =>
        Assert.Equal(isFault, HookScript.FaultOf(script) is not null);
}
