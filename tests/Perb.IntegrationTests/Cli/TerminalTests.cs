using System.Text;
using System.Text.RegularExpressions;
using CliWrap;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Node;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Cli;

/// <summary><c>perb status</c> on a terminal of 80 columns, which <c>script</c> makes.</summary>
public sealed partial class TerminalTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task Colours_are_shown_on_a_terminal_and_neither_with_NO_COLOR_nor_on_a_pipe()
    {
        await using var perb = await ShippedAsync();

        var coloured = await OnTerminalAsync(perb, "status");
        var plain = await OnTerminalAsync(perb, "status", "NO_COLOR=1");
        var piped = (await perb.RunAsync("status")).Ok().Output;

        Assert.Matches(Colour(), coloured);
        Assert.DoesNotMatch(Colour(), plain);
        Assert.DoesNotContain('\u001b', piped);
        Assert.All(Keypad().Replace(plain, "").Split('\n'), line => Assert.InRange(line.TrimEnd('\r').Length, 0, 80));
        Assert.All([coloured, plain, piped], text => Assert.Contains("MISSED", text, StringComparison.Ordinal));
        Assert.Contains("Safe until", piped, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_goes_on_until_it_is_interrupted_and_that_is_no_failure()
    {
        await using var perb = await ShippedAsync();

        var text = await OnTerminalAsync(perb, "status --watch", interruptAfter: "MISSED");

        Assert.Contains("ended with 0", text, StringComparison.Ordinal);
        Assert.Contains("Service: not running", text, StringComparison.Ordinal);
        Assert.EndsWith("ended with 0", text.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Setup_ends_at_once_where_its_question_is_interrupted()
    {
        await using var perb = await ShippedAsync();
        var node = new NodeUnderSetup(perb);

        var text = await OnTerminalAsync(perb, "setup --user root", $"PERB_NODE_ROOT={node.PathOf("").TrimEnd('/')}", interruptAfter: "Name of this node");

        Assert.Contains("ended with 75", text, StringComparison.Ordinal);
        Assert.False(File.Exists(node.PathOf("etc/perb/token")));
    }

    [Fact]
    public async Task What_cannot_be_watched_is_said_in_one_line()
    {
        await using var perb = await ShippedAsync();

        var piped = await perb.RunAsync("status", "--watch");
        Assert.Equal(2, piped.ExitCode);
        OneLine.In(piped, "needs a terminal");
        var json = await perb.RunAsync("status", "--watch", "--json");
        Assert.Equal(2, json.ExitCode);
        OneLine.In(json, "--watch", "--json");
    }

    private async Task<PerbInstallation> ShippedAsync()
    {
        var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, "web");
        perb.AddContainer(102, "never-backed-up");
        perb.AddArchive(101, TimeSpan.FromHours(1));
        (await perb.RunAsync("once")).Ok();
        return perb;
    }

    private static async Task<string> OnTerminalAsync(PerbInstallation perb, string arguments, string environment = "", string? interruptAfter = null)
    {
        var said = new StringBuilder();
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        // The terminal interrupts the shell, too: dash would die of it and bash would not. A trap is not inherited by the program.
        await new Command("script")
            .WithArguments(
                ["-qfec", $"trap : INT; stty cols 80 rows 24; PERB_CONFIG={perb.Configuration} {environment} {PerbProcess.Program} {arguments}; echo ended with $?", "/dev/null"])
            .WithEnvironmentVariables(variables => variables.Set("TERM", "xterm-256color").Set("SHELL", "/bin/sh").Set("NO_COLOR", null))
            .WithStandardInputPipe(PipeSource.Create(async (stream, token) =>
            {
                if (interruptAfter is not null)
                {
                    await seen.Task.WaitAsync(token);
                    await stream.WriteAsync(new byte[] { 3 }, token); // Ctrl-C
                    await stream.FlushAsync(token);
                }
            }))
            .WithStandardOutputPipe(PipeTarget.Create(async (stream, token) =>
            {
                var buffer = new byte[4096];
                while (await stream.ReadAsync(buffer, token) is > 0 and var read)
                {
                    said.Append(Encoding.UTF8.GetString(buffer, 0, read));
                    if (interruptAfter is not null && said.ToString().Contains(interruptAfter, StringComparison.Ordinal))
                    {
                        seen.TrySetResult();
                    }
                }
            }))
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync(deadline.Token);
        return said.ToString();
    }

    [GeneratedRegex(@"\u001b\[[0-9;]*m")]
    private static partial Regex Colour();

    /// <summary>.NET says to every terminal what its keypad is to send.</summary>
    [GeneratedRegex(@"\u001b\[\?1h\u001b=")]
    private static partial Regex Keypad();
}
