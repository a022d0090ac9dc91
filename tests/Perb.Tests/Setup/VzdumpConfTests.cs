using Perb.Scheduler.Setup;

namespace Perb.Tests.Setup;

public sealed class VzdumpConfTests
{
    private const string Hook = "/usr/lib/perb/vzdump-hook";

    [Theory]
    [InlineData("", null)]
    [InlineData("tmpdir: /tmp\n", null)]
    [InlineData("#script: /a\n", null)]
    [InlineData("scripts: /a\n", null)]
    [InlineData("script:\n", null)]
    [InlineData("script: /a\n", "/a")]
    [InlineData("script:/a", "/a")]
    [InlineData("  script : /a b \t\n", "/a b")]
    [InlineData("script: /a\r\n", "/a")]
    [InlineData("script: /a\nscript: /b\n", "/b")]
    [InlineData("bwlimit: 1\nscript: /a\n#script: /b\n", "/a")]
    public void The_script_is_what_the_last_line_of_that_key_says(string text, string? script) => Assert.Equal(script, VzdumpConf.ScriptOf(text));

    [Theory]
    [InlineData("", "script: /usr/lib/perb/vzdump-hook\n")]
    [InlineData("tmpdir: /tmp", "tmpdir: /tmp\nscript: /usr/lib/perb/vzdump-hook\n")]
    [InlineData("# mine\n\ntmpdir: /tmp\n", "# mine\n\ntmpdir: /tmp\nscript: /usr/lib/perb/vzdump-hook\n")]
    [InlineData("script: /a\ntmpdir: /tmp", "script: /usr/lib/perb/vzdump-hook\ntmpdir: /tmp")]
    [InlineData("script: /a\ntmpdir: /tmp\nscript: /b\n", "tmpdir: /tmp\nscript: /usr/lib/perb/vzdump-hook\n")]
    public void Setting_it_leaves_one_line_and_everything_else(string text, string expected)
    {
        var set = VzdumpConf.With(text, Hook);

        Assert.Equal(expected, set);
        Assert.Equal(set, VzdumpConf.With(set, Hook));
        Assert.Equal(Hook, VzdumpConf.ScriptOf(set));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("script: /usr/lib/perb/vzdump-hook\n", "")]
    [InlineData("# mine\nscript: /usr/lib/perb/vzdump-hook\n\ntmpdir: /tmp", "# mine\n\ntmpdir: /tmp")]
    public void Taking_it_out_leaves_everything_else_byte_for_byte(string text, string expected) => Assert.Equal(expected, VzdumpConf.Without(text));
}
