using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Waiting;
using Perb.Transfer;

namespace Perb.Scheduler.Cli;

/// <summary>
/// <c>perb hook wait</c>, which the vzdump hook runs at the end of a task: all it says is on stdout, the task log, and any end but a good one
/// is 1, so that vzdump shows the task as failed.
/// </summary>
internal static class HookCommand
{
    public static async Task<ExitCode> WaitAsync(
        string? configuration, string task, string spool, string longest, CancellationToken cancellationToken)
    {
        try
        {
            if (!VzdumpWorker.TryParse(task, out var worker) || !WaitOptions.TryParseDuration(longest, out var duration))
            {
                return Fail($"the hook's arguments are not understood: --task {task} --max {longest}; WAIT_MAX in hook.conf is such as 2h or 90m");
            }

            // Nothing here needs root, and what lies in the service's directory is not to be opened by root.
            var options = Settings.LoadAsServiceUser(configuration).Options;
            Console.Out.WriteLine(
                $"perb: waiting for the copies of this task, at most {longest}; no other backup of this node starts meanwhile (WAIT=1 in hook.conf)");
            var wait = new VzdumpWait(new HookSpool(spool), new WaitOptions(worker, duration), options, TimeProvider.System, Console.Out);
            var isGood = await Task.Run(() => wait.IsGoodAsync(cancellationToken), cancellationToken).WaitAsync(duration + Slack, TimeProvider.System, cancellationToken);
            return isGood ? ExitCode.Ok : ExitCode.Failed;
        }
        catch (ConfigurationException exception)
        {
            return Fail([.. exception.Faults]);
        }
        catch (TimeoutException)
        {
            return Fail($"not done within {longest} (WAIT_MAX in hook.conf), and the state directory does not answer: is its disk there? The copies are not waited for");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Fail("stopped waiting; the service goes on with the copies");
        }
    }

    /// <summary>The wait ends itself. Only where its look at a file hangs is it left behind: vzdump holds its lock.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(10);

    private static ExitCode Fail(params string[] lines)
    {
        foreach (var line in lines)
        {
            Console.Out.WriteLine($"perb: ERROR: {Printable.Clean(line, 2000)}");
        }

        return ExitCode.Failed;
    }
}
