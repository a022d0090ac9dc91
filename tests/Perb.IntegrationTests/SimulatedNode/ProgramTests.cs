using System.Diagnostics;

namespace Perb.IntegrationTests.Simulation;

/// <summary>The program as another terminal uses it: a serving process, and commands that reach it through its directory.</summary>
public sealed class ProgramTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("perb-program-").FullName;
    private Process? _serving;

    private string NodeDirectory => Path.Combine(_directory, "node");

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "web"));
        await File.WriteAllTextAsync(Path.Combine(_directory, "web", "file"), "x", TestContext.Current.CancellationToken);
        await ServeAsync();
    }

    [Fact]
    public async Task A_node_is_set_up_used_stopped_and_started_again_by_commands_alone()
    {
        Assert.Equal(0, (await RunAsync("storage", "add", "--id", "local", "--path", Path.Combine(_directory, "local"), "--prune", "keep-last=3")).Exit);
        Assert.Equal(0, (await RunAsync("guest", "add", "--vmid", "101", "--type", "lxc", "--name", "web", "--root", Path.Combine(_directory, "web"))).Exit);
        var token = await RunAsync("token", "add", "--id", "perb@pve!node", "--privileges", "Sys.Audit Datastore.Audit");
        Assert.Matches(@"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n\z", token.Output);

        var good = await RunAsync("vzdump", "--storage", "local", "101");
        await RunAsync("lock", "--vmid", "101");
        var locked = await RunAsync("vzdump", "--storage", "local", "101");
        Assert.Equal((0, 1), (good.Exit, locked.Exit));
        Assert.EndsWith("\nTASK OK\n", good.Output, StringComparison.Ordinal);
        Assert.EndsWith("\nTASK ERROR: job errors\n", locked.Output, StringComparison.Ordinal);

        Assert.Equal(0, await StopAsync());
        await ServeAsync();
        await RunAsync("lock", "--vmid", "101", "--by", "");
        Assert.Equal(0, (await RunAsync("vzdump", "--storage", "local", "101")).Exit);
        Assert.Equal(3, (await File.ReadAllLinesAsync(Path.Combine(NodeDirectory, "tasks", "index"), TestContext.Current.CancellationToken)).Length);
    }

    [Fact]
    public async Task A_command_without_a_serving_process_says_how_to_start_one()
    {
        await StopAsync();

        var answer = await RunAsync("lock", "--vmid", "101");

        Assert.Equal(1, answer.Exit);
        Assert.Contains("perb-simulated-node serve --directory", answer.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lock", "--vmid", "999", "The node has no guest 999.")]
    [InlineData("token", "add", "--id", "perb@pve!node", "--privileges", "Sys.Everything", "Proxmox VE 8.4 knows no privilege 'Sys.Everything'.")]
    public async Task A_refused_command_is_one_line(params string[] argumentsAndMessage)
    {
        var answer = await RunAsync(argumentsAndMessage[..^1]);

        Assert.Equal(1, answer.Exit);
        Assert.StartsWith(argumentsAndMessage[^1], answer.Errors, StringComparison.Ordinal);
        Assert.Equal(1, answer.Errors.Count(character => character == '\n'));
    }

    public async ValueTask DisposeAsync()
    {
        if (_serving is { HasExited: false })
        {
            await StopAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private async Task ServeAsync()
    {
        _serving = Start(["serve", "--directory", NodeDirectory]);
        Assert.StartsWith(
            "listening on https://127.0.0.1:", await _serving.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private async Task<int> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_serving!.Id}"]);
        await _serving.WaitForExitAsync(CancellationToken.None);
        return _serving.ExitCode;
    }

    private async Task<(int Exit, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var process = Start([.. arguments.TakeWhile(argument => !argument.StartsWith("--", StringComparison.Ordinal)), "--directory", NodeDirectory, .. arguments.SkipWhile(argument => !argument.StartsWith("--", StringComparison.Ordinal))]);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output, await errors);
    }

    private static Process Start(IEnumerable<string> arguments) => Process.Start(
        new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "perb-simulated-node"), arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}
