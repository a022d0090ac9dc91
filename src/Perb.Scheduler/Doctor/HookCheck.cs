using Perb.ProxmoxClient;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Setup;
using Perb.Transfer.Posix;

namespace Perb.Scheduler.Doctor;

/// <summary>
/// Every script that vzdump runs on this node: that of <c>/etc/vzdump.conf</c>, those of backup jobs, and the one that Perb's hook chains.
/// </summary>
/// <param name="api">Tells the backup jobs, whose file only root may read; null: they are not looked at.</param>
internal sealed class HookCheck(NodeFiles files, PerbOptions options, ProxmoxApi? api) : ICheck
{
    public string Subject => "hook";

    public string Fix => $"ls -l {files.VzdumpConf}";

    public async Task RunAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        var jobs = await JobsAsync(say, cancellationToken);
        var isClosed = ReadableFile.IsDenied(files.VzdumpConf);
        var script = !isClosed && File.Exists(files.VzdumpConf) ? VzdumpConf.ScriptOf(File.ReadAllText(files.VzdumpConf)) : null;
        if (isClosed)
        {
            say(Finding.Ok(Subject, $"{files.VzdumpConf} is closed to {Environment.UserName}: not judged"));
        }
        else if (script is null)
        {
            say(Finding.Ok(Subject, $"none in {files.VzdumpConf}: archives are found when their task has ended, at the next poll"));
        }
        else if (FindingOf($"{files.VzdumpConf} names {script}", script, "vzdump refuses every backup of this node", $"take the line out of {files.VzdumpConf}") is { } finding)
        {
            say(finding);
        }
        else if (script != files.Hook)
        {
            say(Finding.Ok(Subject, RunsOurs(script)
                ? $"{files.VzdumpConf} names {script}, which calls Perb's"
                : $"{files.VzdumpConf} names {script}, not Perb's: archives are found when their task has ended, at the next poll"));
        }

        if (RunsOurs(script) || jobs.Exists(job => RunsOurs(job.Script)))
        {
            JudgeOurs(say, ScriptFault.Of(files.Hook) is null or { Harm: ScriptHarm.Unseen });
        }

        jobs.ForEach(job => JudgeJob(say, job.Job, job.Script, isOursElsewhere: RunsOurs(script)));
    }

    // A token that may see this node alone is not shown them, and works.
    private async Task<List<(string Job, string Script)>> JobsAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        try
        {
            return api is null ? [] : [.. HookScript.Own(await api.GetBackupJobsAsync(cancellationToken), options.Proxmox.Node)];
        }
        catch (ProxmoxException)
        {
            say(Finding.Ok(Subject, "the scripts of backup jobs are not judged: the token is not shown them"));
            return [];
        }
    }

    /// <summary>Null: the script is well.</summary>
    private Finding? FindingOf(string subject, string script, string consequence, string remedy, Verdict whereNotRun = Verdict.Fail) => ScriptFault.Of(script) switch
    {
        null => null,
        { Harm: ScriptHarm.Unseen, Text: var text } => Finding.Ok(Subject, $"{subject}, which {text}: not judged"),
        { Harm: ScriptHarm.Open, Text: var text, Fix: var fix } => new Finding(Subject, script == files.Hook ? Verdict.Fail : Verdict.Warn, $"{subject}, which {text}", fix),
        var fault => new Finding(
            Subject, whereNotRun, $"{subject}, which {fault.Text}: {consequence}",
            $"{(script == files.Hook ? "apt install --reinstall perb" : fault.Fix.Length > 0 ? fault.Fix : $"mend {script}")}, or {remedy}"),
    };

    private void JudgeOurs(Action<Finding> say, bool isWell)
    {
        var spool = options.Discovery.SpoolDirectory;
        if (FileFacts.At(spool) is not { IsDirectory: true, Owner: 0 })
        {
            say(Finding.Warn(Subject, $"its spool {spool} is not a directory of root's: no events arrive, polls find the archives", "systemd-tmpfiles --create perb.conf"));
        }
        else if (isWell)
        {
            say(Finding.Ok(Subject, $"Perb's is in use, can be run, and {spool} can be read ({Directory.GetFiles(spool).Length} events)"));
        }

        if (!File.Exists(files.HookConf))
        {
            return;
        }

        if (HookInstallation.DistrustOfHookConf(files) is { } distrust)
        {
            say(Finding.Warn(Subject, distrust, $"chown root {files.Directory} {files.HookConf}; chmod go-w {files.Directory} {files.HookConf}"));
        }
        else if (!ReadableFile.IsDenied(files.HookConf) && HookInstallation.ChainOf(File.ReadAllText(files.HookConf)) is { } chained)
        {
            var subject = $"{files.HookConf} chains {chained}";
            say(FindingOf(subject, chained, "Perb's hook leaves it out, and says so in each task", $"take CHAIN out of {files.HookConf}", Verdict.Warn)
                ?? Finding.Ok(Subject, $"{subject}, which can be run"));
        }
    }

    // A job's own script wins over vzdump.conf's. Where it calls Perb's hook itself, all is as it should be.
    private void JudgeJob(Action<Finding> say, string job, string script, bool isOursElsewhere)
    {
        var (subject, remedy) = ($"backup job {job} names {script} itself", $"pvesh set /cluster/backup/{job} --delete script");
        if (FindingOf(subject, script, "vzdump refuses every backup of that job", remedy) is { } finding)
        {
            say(finding);
        }

        if (script == files.Hook)
        {
            return;
        }

        if (RunsOurs(script))
        {
            say(Finding.Ok(Subject, $"{subject}, which calls Perb's"));
        }
        else
        {
            var text = $"{subject}: Perb's does not run for that job, whose archives are found when their task has ended, at the next poll";
            say(isOursElsewhere ? Finding.Warn(Subject, text, $"{remedy}; the script goes on as CHAIN={script} in {files.HookConf}") : Finding.Ok(Subject, text));
        }
    }

    /// <summary>It is Perb's, or calls it.</summary>
    private bool RunsOurs(string? script) => script is not null && (script == files.Hook || MentionsOurs(script));

    private bool MentionsOurs(string script)
    {
        const int Most = 1 << 20;
        try
        {
            return FileFacts.AtEndOf(script) is { IsRegularFile: true, SizeBytes: < Most }
                && !ReadableFile.IsDenied(script) && File.ReadAllText(script).Contains(files.Hook, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
