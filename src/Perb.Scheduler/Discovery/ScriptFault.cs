using Perb.Transfer.Posix;

namespace Perb.Scheduler.Discovery;

/// <summary>What a fault of a script comes to.</summary>
internal enum ScriptHarm
{
    /// <summary>vzdump refuses every backup that is to run it; Perb's hook leaves a chained one out.</summary>
    NotRun,

    /// <summary>Others than root decide what root runs.</summary>
    Open,

    /// <summary>This user cannot look at it: nothing is known.</summary>
    Unseen,
}

/// <summary>
/// What is wrong with a script that root runs at a backup: the one of <c>/etc/vzdump.conf</c>, a backup job's own, or the one that Perb's hook
/// chains.
/// </summary>
/// <param name="Text">Follows the script's path and "which".</param>
/// <param name="Fix">A command of root's; empty where only a person knows.</param>
internal sealed record ScriptFault(ScriptHarm Harm, string Text, string Fix)
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const int MostLinks = 40; // as the kernel

    /// <summary>Null: root can run it, and nobody else can change it.</summary>
    public static ScriptFault? Of(string script)
    {
        if (!script.StartsWith('/'))
        {
            return new ScriptFault(ScriptHarm.NotRun, "is no absolute path", "");
        }

        try
        {
            return FileFacts.AtEndOf(script) switch
            {
                null => new ScriptFault(ScriptHarm.NotRun, "is not there", ""),
                { IsRegularFile: false } facts => new ScriptFault(ScriptHarm.NotRun, $"is {facts.KindInWords} and no file", ""),
                { Permissions: var mode } when (mode & Executable) == 0 => new ScriptFault(ScriptHarm.NotRun, "cannot be executed", $"chmod 755 {script}"),
                _ => OpenOnTheWayTo(script) is { } open
                    ? new ScriptFault(ScriptHarm.Open, $"runs as root, and others than root can change {(open == script ? "it" : open)}", FixOf(script, open))
                    : null,
            };
        }
        catch (IOException)
        {
            return new ScriptFault(ScriptHarm.Unseen, $"is closed to {Environment.UserName}", "");
        }
    }

    // A directory of somebody's is theirs to keep: the script has to leave it.
    private static string FixOf(string script, string open) => open == script || FileFacts.At(open) is { Owner: 0 }
        ? $"chown -h root:root {open}; chmod go-w {open}"
        : $"cp {script} /usr/local/sbin/, and name it there instead";

    // From the top down, links followed as the kernel does: whoever can write one of these decides what root runs.
    private static string? OpenOnTheWayTo(string script)
    {
        var (at, links) = ("/", 0);
        var left = new Stack<string>(Names(script));
        while (left.TryPop(out var name))
        {
            if (name == "..")
            {
                at = Path.GetDirectoryName(at) ?? "/";
                continue;
            }

            var next = Path.Combine(at, name);
            var facts = FileFacts.At(next) ?? throw new FileNotFoundException($"{next} is gone");
            var isLink = facts.IsSymbolicLink; // its mode says nothing
            if (facts.Owner != 0 || (!isLink && IsWritable(facts)))
            {
                return next;
            }

            if (isLink && ++links > MostLinks)
            {
                throw new IOException($"{script} leads through too many links");
            }

            var target = isLink ? new FileInfo(next).LinkTarget! : null;
            at = target is null ? next : target.StartsWith('/') ? "/" : at;
            foreach (var part in target is null ? [] : Names(target))
            {
                left.Push(part);
            }
        }

        return null;
    }

    // Where the sticky bit is set, as in /tmp, nobody replaces what is root's.
    private static bool IsWritable(FileFacts facts) =>
        (facts.Permissions & WritableByOthers) != 0 && (facts.IsRegularFile || (facts.Permissions & UnixFileMode.StickyBit) == 0);

    // The last one first, as a stack takes them.
    private static IEnumerable<string> Names(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(name => name != ".").Reverse();
}
