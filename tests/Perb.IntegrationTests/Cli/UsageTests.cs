using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Cli;

/// <summary>How the program is called, and how it says that it was called wrongly.</summary>
public sealed class UsageTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Theory]
    [InlineData("")]
    [InlineData("frobnicate")]
    [InlineData("once --frobnicate")]
    [InlineData("list --guest web")]
    [InlineData("list --signer x")]
    [InlineData("restore")]
    [InlineData("restore 100 101")]
    [InlineData("list --guest")]
    [InlineData("once extra")]
    [InlineData("ship")]
    [InlineData("skip")]
    [InlineData("skip web")]
    [InlineData("retry")]
    [InlineData("retry web")]
    [InlineData("retry 1 --all")]
    [InlineData("list --remote a --remote b")]
    public async Task A_wrong_call_is_one_line_and_2(string line)
    {
        var ended = await CallAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(2, ended.ExitCode);
        OneLine.In(ended, "perb --help");
    }

    [Theory]
    [InlineData("list --guest abc", "abc: a guest is a number")]
    [InlineData("prune --guest -1", "a guest is a number")]
    [InlineData("retire web", "web: a guest is a number")]
    [InlineData("skip 1 web", "web: an id is a number, as perb list shows it")]
    [InlineData("retry 99999999999999999999", "an id is a number")]
    [InlineData("show web", "web: an id is a number")]
    public async Task What_must_be_a_number_is_said(string line, string words)
    {
        var ended = await CallAsync(line.Split(' '));

        Assert.Equal(2, ended.ExitCode);
        OneLine.In(ended, words);
    }

    [Fact]
    public async Task Version_and_help_need_no_configuration()
    {
        var version = await CallAsync("--version");
        Assert.Equal((0, ""), (version.ExitCode, version.Errors));
        Assert.Matches(@"\A[0-9]+\.[0-9]+\.[0-9]+(\+[0-9a-f]+)?\n\z", version.Output);

        var help = await CallAsync("--help");
        Assert.Equal((0, ""), (help.ExitCode, help.Errors));
        Assert.All(["run", "once", "status", "list", "ship", "skip", "retry", "restore", "--config", "--json", "78 configuration"], word => Assert.Contains(word, help.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ship", "./100", "number")]
    [InlineData("skip", "perb list")]
    [InlineData("retry", "--all", "not those that were skipped")]
    [InlineData("restore", "--at", "--stdout", "--allow-unsigned", "--signer", "needs no configuration")]
    public async Task The_help_of_a_command_says_what_its_arguments_mean(string command, params string[] words)
    {
        var help = await CallAsync(command, "--help");

        Assert.Equal((0, ""), (help.ExitCode, help.Errors));
        Assert.All(words, word => Assert.Contains(word, help.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_number_that_is_no_guest_is_told_with_the_way_out()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);

        var ended = await perb.RunAsync("ship", "99");

        Assert.Equal(2, ended.ExitCode);
        OneLine.In(ended, "99 is not a guest's number", "./99");
    }

    [Theory]
    [InlineData("list")]
    [InlineData("status")]
    [InlineData("status --json")]
    public async Task Before_the_first_start_one_line_says_so(string line)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);

        var ended = await perb.RunAsync(line.Split(' '));

        Assert.Equal(78, ended.ExitCode);
        OneLine.In(ended, perb.Store, "perb run");
        Assert.False(Directory.Exists(perb.State));
    }

    [Fact]
    public async Task The_option_names_the_configuration_before_the_variable_does()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        File.Copy(perb.Configuration, perb.PathOf("other.json"));
        perb.WriteConfiguration("{ broken");

        Assert.Equal(78, (await perb.RunAsync("once")).ExitCode);
        Assert.Equal(0, (await perb.RunAsync("once", "--config", perb.PathOf("other.json"))).ExitCode);
        Assert.Equal(0, (await perb.RunAsync("--config", perb.PathOf("other.json"), "list")).ExitCode);
    }

    [Fact]
    public async Task Variables_override_the_file()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);

        var ended = await perb.RunAsync(new Dictionary<string, string?> { ["Perb__Discovery__Poll"] = "soon" }, "once");

        Assert.Equal(78, ended.ExitCode);
        OneLine.In(ended, "Perb:Discovery:Poll", "\"soon\"", "00:10:00");
    }

    private static Task<Ended> CallAsync(params string[] arguments) =>
        PerbProcess.RunAsync(arguments, new Dictionary<string, string?>(), [], TestContext.Current.CancellationToken);
}
