using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipes;
using Perb.Transfer.Posix;
using Perb.Transfer.Rclone;

namespace Perb.Transfer.Decrypting;

/// <summary>
/// One file that gpg decrypts. gpg keeps this program's terminal, so that agent, passphrase prompt and smart card work as they do when a person
/// calls it. What comes out is proven only by <see cref="FinishAsync"/>: with an MDC, gpg passes on a damaged message
/// before it knows.
/// </summary>
public sealed class GpgDecryption : IAsyncDisposable
{
    private const string Program = "gpg";
    private const int PipeBytes = 1 << 20;
    private const int Interrupted = 128 + 2;

    private readonly Process _process;
    private readonly GpgStatus _status = new();
    private readonly TaskCompletionSource _nameOrEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _listening;
    private readonly Task _feeding;
    private readonly string _file;

    private readonly CancellationTokenRegistration _ending;

    private GpgDecryption(string file, Process process, Func<Stream, CancellationToken, Task>? feed, CancellationToken cancellationToken)
    {
        (_file, _process) = (file, process);
        Content = new PipeContent(process.StandardOutput.BaseStream);
        _listening = ListenAsync();
        _ending = cancellationToken.Register(End);
        Widen(process.StandardOutput.BaseStream);
        _feeding = feed is null ? Task.CompletedTask : FeedAsync(feed, cancellationToken);
    }

    /// <summary>The plaintext, as it comes.</summary>
    public Stream Content { get; }

    /// <param name="file">The message.</param>
    /// <param name="feed">Writes the message to gpg; null: gpg reads the file by itself.</param>
    /// <param name="cancellationToken">Ends gpg.</param>
    /// <exception cref="DecryptionException">There is no gpg.</exception>
    public static GpgDecryption Start(string file, Func<Stream, CancellationToken, Task>? feed, CancellationToken cancellationToken)
    {
        var program = ProgramFile.Find(Program, ProgramFile.SearchPath)
            ?? throw new DecryptionException("gpg is not installed: apt install gnupg", keyIsMissing: true);
        var message = feed is null ? Path.GetFullPath(file) : "-";
        var start = new ProcessStartInfo(program, ["--quiet", "--status-fd", "2", "--output", "-", "--decrypt", "--", message])
        {
            UseShellExecute = false,
            RedirectStandardInput = feed is not null,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (feed is not null && Terminal() is { } terminal)
        {
            start.Environment.TryAdd("GPG_TTY", terminal); // the agent asks for a passphrase there; gpg itself looks at its standard input
        }

        try
        {
            return new GpgDecryption(file, Process.Start(start)!, feed, cancellationToken);
        }
        catch (Win32Exception exception)
        {
            throw new DecryptionException($"gpg cannot be started: {exception.Message}", keyIsMissing: true);
        }
    }

    /// <summary>What the message says it is called; null where gpg ended before it knew.</summary>
    public async Task<string?> NameAsync(CancellationToken cancellationToken)
    {
        await _nameOrEnd.Task.WaitAsync(cancellationToken);
        return _status.LiteralName;
    }

    /// <summary>After the last byte of <see cref="Content"/>: it was all, and it was right.</summary>
    /// <exception cref="DecryptionException">It was not.</exception>
    /// <exception cref="OperationCanceledException">Somebody pressed Ctrl-C: the terminal sends it to gpg, too.</exception>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        await _listening.WaitAsync(cancellationToken);
        await _feeding.WaitAsync(cancellationToken);
        if (_process.ExitCode == Interrupted)
        {
            throw new OperationCanceledException("gpg was interrupted");
        }

        if (_status.FaultOf(Path.GetFileName(_file), _process.ExitCode) is { } fault)
        {
            throw fault;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.DisposeAsync();
        End();
        await _process.WaitForExitAsync(CancellationToken.None);
        await _listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _feeding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _process.Dispose();
    }

    private static string? Terminal() =>
        Console.IsInputRedirected ? null : new FileInfo("/proc/self/fd/0").LinkTarget;

    // Only speed: a pipe's usual 64 KiB make two programs wait for each other at every turn.
    private static void Widen(Stream stream)
    {
        if (stream is PipeStream pipe)
        {
            _ = LibC.Control(pipe.SafePipeHandle, LibC.SetPipeSize, PipeBytes);
        }
    }

    private async Task FeedAsync(Func<Stream, CancellationToken, Task> feed, CancellationToken cancellationToken)
    {
        try
        {
            await using var pipe = _process.StandardInput.BaseStream;
            Widen(pipe);
            await feed(pipe, cancellationToken);
        }
        catch (IOException)
        {
            // gpg ended before its message did, or the message could not be read on: both are told by what gpg says of what it got.
        }
    }

    private void End()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }
    }

    private async Task ListenAsync()
    {
        try
        {
            await OutputReader.ReadLinesAsync(_process.StandardError.BaseStream, Take, CancellationToken.None);
        }
        finally
        {
            _nameOrEnd.TrySetResult();
        }
    }

    private void Take(string line)
    {
        if (_status.Take(line))
        {
            _nameOrEnd.TrySetResult();
        }
    }
}
