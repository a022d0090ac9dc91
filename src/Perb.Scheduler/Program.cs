using Microsoft.Data.Sqlite;
using Perb.ProxmoxClient;
using Perb.Scheduler.Cli;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;
using Perb.Transfer;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler;

/// <summary>The only Main: runs a command and turns whatever escapes it into one line and an exit code.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        Umask.KeepPrivate();
        using var stop = new StopSignal();
        return (int)await RunAsync(arguments, stop.Token);
    }

    private static async Task<ExitCode> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await CommandLine.InvokeAsync(arguments, cancellationToken);
        }
        catch (ConfigurationException exception)
        {
            return Say(exception.IsTransient ? ExitCode.TryLater : ExitCode.Configuration, [.. exception.Faults]);
        }
        catch (ProxmoxException exception)
        {
            return Say(exception.IsTransient ? ExitCode.TryLater : ExitCode.Configuration, exception.Message);
        }
        catch (RcloneException exception)
        {
            return Say(exception.IsTransient ? ExitCode.TryLater : ExitCode.Failed, exception.Message);
        }
        catch (SqliteException exception)
        {
            var fault = StoreFault.Of(exception);
            return Say(fault.IsTransient ? ExitCode.TryLater : ExitCode.Configuration, fault.Text);
        }
        catch (IOException exception) when (DiskFault.Passes(exception))
        {
            return Say(ExitCode.TryLater, $"{exception.Message}: look after the disk (df -h, df -i); nothing is lost");
        }
        catch (OperationCanceledException)
        {
            return Say(ExitCode.TryLater, "stopped before everything was done; nothing is lost, the next run goes on");
        }
#pragma warning disable CA1031 // The last line of defence: one line instead of a stack trace on the terminal.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Say(ExitCode.Failed, $"{exception.GetType().Name}: {exception.Message}");
        }
    }

    private static ExitCode Say(ExitCode code, params string[] lines)
    {
        foreach (var line in lines)
        {
            Console.Error.WriteLine($"perb: {Printable.Clean(line, 2000)}");
        }

        return code;
    }
}
