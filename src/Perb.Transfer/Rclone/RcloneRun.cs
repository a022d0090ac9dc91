using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using CliWrap;
using Microsoft.Extensions.Logging;

namespace Perb.Transfer.Rclone;

/// <summary>
/// One run of rclone: started with an argument list and a minimal environment, watched, and over when it returns or throws.
/// </summary>
internal sealed class RcloneRun(RcloneOptions options, TimeProvider time, ILogger logger, RcloneCommand command)
{
    private const int NoEntry = 2;
    private const int NoExec = 8;
    private const int NoAccess = 13;

    private readonly RcloneLog _log = new(command);
    private long _lastBytes = -1;
    private JsonException? _unreadable;

    public IProgress<TransferProgress>? Progress { get; init; }

    /// <summary>Called once rclone runs; if it throws, rclone is stopped.</summary>
    public Func<ProcessIdentity, Task>? Started { get; init; }

    /// <summary>Runs to the end. The answer counts only with exit code 0, so the code is judged first.</summary>
    /// <exception cref="RcloneException">It failed, stalled, was killed or answered something unreadable.</exception>
    public async Task<T> ExecuteAsync<T>(
        Func<Stream, CancellationToken, Task<T>> read, long maxAnswerBytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var startedAt = time.GetTimestamp();
        using var stop = new StopSignals(options, time, cancellationToken);
        T? answer = default;
        using var owner = ConfigFileOwner.Keep(options.RunAs is null ? options.ConfigFile : null); // another user can leave no file of root's
        var running = Start(
            async (stdout, token) => answer = await ReadAnswerAsync(stdout, read, maxAnswerBytes, stop, token), stop);
        logger.RcloneStarted(command, running.ProcessId);
        await ReportStartAsync(running, stop);
        var exitCode = await EndOfAsync(running, stop, cancellationToken);
        logger.RcloneEnded(command, exitCode, time.GetElapsedTime(startedAt));
        return exitCode != 0
            ? throw RcloneException.FromExit(command, exitCode, _log, options.ConfigFile)
            : _unreadable is null ? answer! : throw Unreadable(_unreadable.Message, _unreadable);
    }

    public RcloneException Unreadable(string why, Exception? cause) => new(
        RcloneFailure.Unexpected,
        $"rclone {command} gave an answer that cannot be read: {Printable.Clean(why, 200)}",
        exitCode: null,
        _log.LastLines,
        cause);

    private CommandTask<CommandResult> Start(Func<Stream, CancellationToken, Task> readOutput, StopSignals stop)
    {
        var (file, arguments) = CommandLine();
        try
        {
            // The current directory may be one that only root can enter, while this process is no longer root.
            return Cli.Wrap(file)
                .WithWorkingDirectory("/")
                .WithArguments(arguments)
                .WithValidation(CommandResultValidation.None)
                .WithStandardOutputPipe(PipeTarget.Create(readOutput))
                .WithStandardErrorPipe(PipeTarget.Create(
                    (stderr, token) => OutputReader.ReadLinesAsync(stderr, line => TakeLine(line, stop), token)))
                .ExecuteAsync(SetEnvironment, configureProcess: null, stop.Killed, stop.Interrupted);
        }
        catch (Win32Exception e) when (e.InnerException is Win32Exception { NativeErrorCode: NoEntry or NoExec or NoAccess })
        {
            throw options.RunAs is null ? new RcloneMissingException(options.Program, e) : CannotSwitch(file, e);
        }
        catch (Win32Exception e)
        {
            throw new RcloneException(
                RcloneFailure.Temporary,
                $"rclone cannot be started: {(e.InnerException ?? e).Message}",
                exitCode: null,
                lastLines: "",
                e);
        }
    }

    // setsid takes the terminal away, by which the other user could type for whoever called; then setpriv becomes that user, and then rclone
    // itself. The process stays the same one: setsid forks only for a leader of a group, which a child is not.
    private (string File, IReadOnlyList<string> Arguments) CommandLine()
    {
        var rclone = Find(options.Program);
        var arguments = command.Arguments(options.ConfigFile);
        return options.RunAs is { } user
            ? (FindSwitch("setsid"), [FindSwitch("setpriv"), $"--reuid={user.Id}", $"--regid={user.Group}", "--init-groups", "--no-new-privs", "--", rclone, .. arguments])
            : (rclone, arguments);
    }

    private static string Find(string program) =>
        ProgramFile.Find(program, ProgramFile.SearchPath) ?? throw new RcloneMissingException(program, cause: null);

    private static string FindSwitch(string program) => ProgramFile.Find(program, ProgramFile.SearchPath) ?? throw CannotSwitch(program, cause: null);

    private static RcloneException CannotSwitch(string program, Exception? cause) => new(
        RcloneFailure.Configuration,
        $"{program} cannot be run, without which rclone would have to run as root: apt install util-linux",
        exitCode: null,
        lastLines: "",
        cause);

    // Of the service's environment nothing is passed on, a stray RCLONE_CONFIG or token least of all.
    private void SetEnvironment(ProcessStartInfo startInfo)
    {
        if (!options.KeepsEnvironment)
        {
            startInfo.Environment.Clear();
        }

        startInfo.Environment["PATH"] = ProgramFile.SearchPath;
        startInfo.Environment["LC_ALL"] = "C";

        // Google Drive's daily limit: fail with a code that says so, instead of retrying until the stall timeout.
        startInfo.Environment["RCLONE_DRIVE_STOP_ON_UPLOAD_LIMIT"] = "true";
        foreach (var (name, value) in options.Environment)
        {
            startInfo.Environment[name] = value;
        }
    }

    private async Task ReportStartAsync(CommandTask<CommandResult> running, StopSignals stop)
    {
        if (Started is null || ProcessIdentity.Of(running.ProcessId) is not { } identity)
        {
            return;
        }

        try
        {
            await Started(identity);
        }
        catch
        {
            stop.Interrupt();
            await ((Task)running.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private async Task<int> EndOfAsync(
        CommandTask<CommandResult> running, StopSignals stop, CancellationToken cancellationToken)
    {
        try
        {
            return (await running).ExitCode;
        }
        catch (OperationCanceledException) when (stop.Interrupted.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw stop.IsStalled ? Stalled() : Unreadable("it is too long", cause: null);
        }
        catch (TimeoutException e)
        {
            throw new RcloneException(
                RcloneFailure.Killed,
                $"rclone {command} cannot be ended: process {running.ProcessId} hangs in the kernel, perhaps on a dead mount",
                exitCode: null,
                _log.LastLines,
                e);
        }
    }

    // An unreadable answer is read on to its end: the exit code that follows may say why (lsjson prints "[" and then fails).
    private async Task<T?> ReadAnswerAsync<T>(
        Stream stdout, Func<Stream, CancellationToken, Task<T>> read, long maxBytes, StopSignals stop, CancellationToken token)
    {
        T? answer = default;
        using var bounded = new BoundedStream(stdout, maxBytes, stop.SignOfLife);
        try
        {
            try
            {
                answer = await read(bounded, token);
            }
            catch (JsonException e)
            {
                _unreadable = e;
            }

            await OutputReader.DrainAsync(bounded, token);
        }
        catch (AnswerTooLongException)
        {
            stop.Interrupt();
        }

        return answer;
    }

    // Statistics come twice a second even if nothing moves: only more bytes, or words, are a sign of life.
    private void TakeLine(string line, StopSignals stop)
    {
        var (progress, words) = _log.Add(line);
        if (words is not null || (progress is not null && progress.Bytes != _lastBytes))
        {
            _lastBytes = progress?.Bytes ?? _lastBytes;
            stop.SignOfLife();
        }

        if (words is not null)
        {
            logger.RcloneSaid(command, words);
        }

        if (progress is not null)
        {
            Progress?.Report(progress);
        }
    }

    private RcloneException Stalled() => new(
        RcloneFailure.Stalled,
        $"rclone {command} was stopped: nothing moved for {options.StallTimeout} (Rclone:StallTimeout)",
        exitCode: null,
        _log.LastLines,
        cause: null);
}
