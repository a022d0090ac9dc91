using System.Diagnostics;
using System.IO.Pipes;
using Perb.Transfer.Posix;
using Perb.Transfer.Rclone;

namespace Perb.Transfer.Decrypting;

/// <summary>
/// One file that gpg decrypts. What comes out is proven only by <see cref="FinishAsync"/>: with an MDC, gpg passes on a damaged message
/// before it knows.
/// </summary>
public sealed class GpgDecryption : IDecryption
{
    private const int PipeBytes = 1 << 20;

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
        var process = GpgProgram.Decrypt(["--status-fd", "2", "--output", "-"], feed is null ? file : null);
        return new GpgDecryption(file, process, feed, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<string?> NameAsync(CancellationToken cancellationToken)
    {
        await _nameOrEnd.Task.WaitAsync(cancellationToken);
        return _status.LiteralName;
    }

    /// <inheritdoc/>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        await _listening.WaitAsync(cancellationToken);
        await _feeding.WaitAsync(cancellationToken);
        GpgProgram.ThrowIfInterrupted(_process);
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
