using System.Text;
using CliWrap;

namespace Perb.Benchmarks;

/// <summary>A program that runs until it is disposed of: asked first (SIGINT), killed after ten seconds.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _ask = new();
    private readonly CancellationTokenSource _kill = new();
    private readonly CommandTask<CommandResult> _running;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<string> _announced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="program">An absolute path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="announces">What the line begins with for which <see cref="AnnouncedAsync"/> waits.</param>
    public RunningProgram(string program, IReadOnlyList<string> arguments, string announces)
    {
        _running = Cli.Wrap(program)
            .WithArguments(arguments)
            .WithStandardOutputPipe(PipeTarget.ToDelegate(line => Take(line, announces)))
            .WithStandardErrorPipe(PipeTarget.ToDelegate(line => Take(line, announces)))
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync(_kill.Token, _ask.Token);
    }

    public int ProcessId => _running.ProcessId;

    /// <summary>The rest of the announcing line.</summary>
    public async Task<string> AnnouncedAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = await Task.WhenAny(_announced.Task, _running.Task, Task.Delay(limit, TimeProvider.System, waiting.Token));
        await waiting.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return first == _announced.Task ? await _announced.Task : throw new BenchmarkException($"it did not start:\n{Output}");
    }

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ask.CancelAsync();
        _kill.CancelAfter(Patience);
        try
        {
            await _running;
        }
        catch (OperationCanceledException)
        {
            // That is how CliWrap tells that it ended because it was asked to.
        }

        _ask.Dispose();
        _kill.Dispose();
    }

    private void Take(string line, string announces)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }

        var at = line.IndexOf(announces, StringComparison.Ordinal);
        if (at >= 0)
        {
            _announced.TrySetResult(line[(at + announces.Length)..].Trim());
        }
    }
}
