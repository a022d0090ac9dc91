using Perb.Scheduler.Configuration;
using Perb.Scheduler.Setup;
using Perb.Transfer.Posix;

namespace Perb.Scheduler.Doctor;

/// <summary>vzdump's hook on this node: vzdump refuses every backup where the script that is set is missing or not executable.</summary>
internal sealed class HookCheck(NodeFiles files, PerbOptions options) : ICheck
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    public string Subject => "hook";

    public string Fix => $"ls -l {files.VzdumpConf}";

    public Task RunAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        if (ReadableFile.IsDenied(files.VzdumpConf))
        {
            say(Finding.Ok(Subject, $"{files.VzdumpConf} is closed to {Environment.UserName}: not judged"));
            return Task.CompletedTask;
        }

        var script = File.Exists(files.VzdumpConf) ? VzdumpConf.ScriptOf(File.ReadAllText(files.VzdumpConf)) : null;
        if (script is null)
        {
            say(Finding.Ok(Subject, $"none in {files.VzdumpConf}: archives are found when their task has ended, at the next poll"));
        }
        else if (ReadableFile.IsDenied(script))
        {
            say(Finding.Ok(Subject, $"{files.VzdumpConf} names {script}, which is closed to {Environment.UserName}: not judged"));
        }
        else if (FaultOf(script) is { } fault)
        {
            say(Finding.Fail(
                Subject,
                $"{files.VzdumpConf} names {script}, which {fault}: vzdump refuses every backup of this node",
                script == files.Hook ? "apt install --reinstall perb, or perb setup --remove-hook" : $"mend {script}, or take the line out of {files.VzdumpConf}"));
        }
        else if (script == files.Hook)
        {
            JudgeOurs(say);
        }
        else
        {
            say(Finding.Ok(Subject, $"{files.VzdumpConf} names {script}, not Perb's: archives are found when their task has ended, at the next poll"));
        }

        return Task.CompletedTask;
    }

    private void JudgeOurs(Action<Finding> say)
    {
        var spool = options.Discovery.SpoolDirectory;
        if (FileFacts.At(files.Hook)!.Owner != 0 || (File.GetUnixFileMode(files.Hook) & WritableByOthers) != 0)
        {
            say(Finding.Fail(Subject, $"{files.Hook} runs as root, and others than root can change it", $"chown root:root {files.Hook}; chmod 755 {files.Hook}"));
        }
        else if (FileFacts.At(spool) is not { KindInWords: "a directory", Owner: 0 })
        {
            say(Finding.Warn(Subject, $"its spool {spool} is not a directory of root's: no events arrive, polls find the archives", "systemd-tmpfiles --create perb.conf"));
        }
        else if (File.Exists(files.HookConf) && (FileFacts.At(files.HookConf)!.Owner != 0 || (File.GetUnixFileMode(files.HookConf) & WritableByOthers) != 0))
        {
            say(Finding.Warn(Subject, $"{files.HookConf} is ignored: others than root could change it", $"chown root:root {files.HookConf}; chmod go-w {files.HookConf}"));
        }
        else
        {
            var events = Directory.GetFiles(spool).Length;
            say(Finding.Ok(Subject, $"{files.VzdumpConf} names it, it can be run, and {spool} can be read ({events} events)"));
        }
    }

    private static string? FaultOf(string script) => FileFacts.At(script) switch
    {
        null => "is not there",
        _ when !File.Exists(script) => "is no file",
        _ when (File.GetUnixFileMode(script) & Executable) == 0 => "cannot be executed",
        _ => null,
    };
}
