using System.Collections.Concurrent;
using CliWrap;
using CliWrap.Buffered;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Installation;

/// <summary>The built program as a process: watched by what it says, ended by signals.</summary>
public sealed class PerbProcess : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<string> _lines = new();
    private readonly CancellationTokenSource _kill = new();
    private TaskCompletionSource _spoke = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CommandTask<CommandResult> _running = null!;

    private PerbProcess()
    {
    }

    /// <summary>
    /// Built with the tests, in the same configuration. Not the copy beside them: that one lacks what the tests' own framework brings.
    /// </summary>
    public static string Program { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "Perb.Scheduler", new DirectoryInfo(AppContext.BaseDirectory).Name, "perb"));

    /// <summary>All that it said so far, on stdout and stderr.</summary>
    public string Output => string.Join('\n', _lines);

    public int Id => _running.ProcessId;

    /// <summary>Where its descriptors lead, as the kernel has it.</summary>
    public IReadOnlyList<string> OpenFiles => [.. new DirectoryInfo($"/proc/{_running.ProcessId}/fd").EnumerateFileSystemInfos()
        .Select(descriptor => descriptor.LinkTarget ?? "")];

    /// <param name="arguments">Of perb.</param>
    /// <param name="environment">What is added to the tests' own.</param>
    /// <param name="under">A command that runs perb, such as <c>strace</c>; empty: it is run as it is.</param>
    /// <param name="cancellationToken">Kills it.</param>
    public static async Task<Ended> RunAsync(
        string[] arguments, IReadOnlyDictionary<string, string?> environment, IReadOnlyList<string> under, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Longest);
        var result = await Prepare(arguments, under).WithEnvironmentVariables(environment).ExecuteBufferedAsync(deadline.Token);
        return new Ended(result.ExitCode, result.StandardOutput, result.StandardError);
    }

    public static PerbProcess Start(string configuration, string[] arguments, IReadOnlyList<string> under) =>
        Start(new Dictionary<string, string?> { ["PERB_CONFIG"] = configuration }, arguments, under);

    public static PerbProcess Start(IReadOnlyDictionary<string, string?> environment, string[] arguments, IReadOnlyList<string>? under = null)
    {
        var process = new PerbProcess();
        process._running = (Prepare(arguments, under ?? [])
            .WithEnvironmentVariables(environment)
            | (process.Take, process.Take)).ExecuteAsync(process._kill.Token);
        return process;
    }

    /// <summary>Waits until a line holds the text, from the first line on.</summary>
    public async Task SaysAsync(string text)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Longest);
        while (true)
        {
            var spoke = Volatile.Read(ref _spoke).Task;
            if (_lines.Any(line => line.Contains(text, StringComparison.Ordinal)))
            {
                return;
            }

            var ended = _running.Task;
            if (await Task.WhenAny(spoke, ended).WaitAsync(deadline.Token) == ended && !Output.Contains(text, StringComparison.Ordinal))
            {
                Assert.Fail($"perb ended with {(await ended).ExitCode} before it said '{text}':\n{Output}");
            }
        }
    }

    /// <summary>SIGTERM, as systemd stops a service. Returns the exit code.</summary>
    public Task<int> TerminateAsync() => SignalAsync("TERM");

    /// <summary>SIGKILL, of this process alone: its children live on, as they do when the kernel kills it.</summary>
    public Task KillAsync() => SignalAsync("KILL");

    /// <summary>SIGKILL after a while, unless it ends before by itself. Returns how it ended.</summary>
    public async Task<int> KillAfterAsync(TimeSpan lifetime)
    {
        await Task.WhenAny(_running.Task, Task.Delay(lifetime, TimeProvider.System, TestContext.Current.CancellationToken));
        return _running.Task.IsCompleted ? await EndAsync() : await SignalAsync("KILL");
    }

    public async Task<int> EndAsync() => (await ((Task<CommandResult>)_running).WaitAsync(Longest, TimeProvider.System)).ExitCode;

    public async ValueTask DisposeAsync()
    {
        await _kill.CancelAsync(); // with all its children
        await ((Task)_running.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _kill.Dispose();
    }

    private static Command Prepare(string[] arguments, IReadOnlyList<string> under) => new Command(under.Count == 0 ? Program : under[0])
        .WithArguments(under.Count == 0 ? arguments : [.. under.Skip(1), Program, .. arguments])
        .WithWorkingDirectory("/")
        .WithEnvironmentVariables(variables => variables.Set("LOGS_DIRECTORY", null).Set("CREDENTIALS_DIRECTORY", null))
        .WithValidation(CommandResultValidation.None);

    private async Task<int> SignalAsync(string signal)
    {
        await new Command("bash").WithArguments(["-c", "kill -$0 $1", signal, _running.ProcessId.ToString()])
            .WithValidation(CommandResultValidation.None).ExecuteAsync(); // it may just have ended
        return await EndAsync();
    }

    private void Take(string line)
    {
        _lines.Enqueue(line);
        Interlocked.Exchange(ref _spoke, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }
}
