using Perb.Scheduler.Discovery;
using Perb.Transfer.Posix;

namespace Perb.Scheduler.Setup;

/// <summary>
/// Puts Perb's hook into <c>/etc/vzdump.conf</c> and takes it out again. A script that was there becomes the hook's <c>CHAIN</c>, and comes
/// back with the removal. Each file is written whole or not at all; between the two writes the script that vzdump knows exists.
/// </summary>
internal sealed class HookInstallation(NodeFiles files)
{
    private const string Chain = "CHAIN=";
    private const string Wait = "WAIT=";
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <returns>What was done, a line each.</returns>
    /// <exception cref="SetupException">The hook is not installed, or what is chained could not be run.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public async Task<IReadOnlyList<string>> InstallAsync(bool waits, CancellationToken cancellationToken)
    {
        if (FileFacts.At(files.Hook) is not { IsRegularFile: true })
        {
            throw new SetupException($"{files.Hook} is not there: vzdump would refuse every backup; apt install --reinstall perb");
        }

        var text = Read(files.VzdumpConf);
        var before = VzdumpConf.ScriptOf(text);
        var chained = before is not null && before != files.Hook ? before : null;
        if (chained is not null && !chained.StartsWith('/'))
        {
            throw new SetupException($"{files.VzdumpConf} names the script {chained}, which is no absolute path: mend that first");
        }

        if (before != files.Hook && InstalledFile.TargetOf(files.VzdumpConf).StartsWith(files.Cluster, StringComparison.Ordinal))
        {
            throw new SetupException($"{files.VzdumpConf} leads into {files.Cluster}, where it holds for every node: install Perb on all, then put this line there: script: {files.Hook}");
        }

        // The chain first: were it the other way round, a crash between the two would lose the script that was there.
        var settings = Read(files.HookConf);
        var changed = With(With(settings, Chain, chained ?? ValueOf(settings, Chain)), Wait, waits ? "1" : ValueOf(settings, Wait));
        if (changed != settings)
        {
            if (DistrustOfHookConf(files) is { } distrust)
            {
                throw new SetupException(distrust);
            }

            await InstalledFile.RewriteAsync(files.HookConf, changed, cancellationToken);
        }

        if (before == files.Hook)
        {
            return [$"{files.VzdumpConf} names the hook already"];
        }

        await InstalledFile.RewriteAsync(files.VzdumpConf, VzdumpConf.With(text, files.Hook), cancellationToken);
        return chained is null
            ? [$"{files.VzdumpConf}: script: {files.Hook}"]
            : [
                $"{files.VzdumpConf}: script: {files.Hook}",
                $"{files.HookConf}: {Chain}{chained}, which was the script before"
                    + (CanRun(chained) ? "" : ", and is not there or not executable: the hook says so in each task, and leaves it out"),
            ];
    }

    /// <returns>What was done, a line each.</returns>
    /// <exception cref="SetupException">A backup job names the hook itself: that job would fail without it.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public async Task<IReadOnlyList<string>> RemoveAsync(CancellationToken cancellationToken)
    {
        var done = new List<string>();
        var text = Read(files.VzdumpConf);
        if (VzdumpConf.ScriptOf(text) == files.Hook)
        {
            var settings = Read(files.HookConf);
            var former = ValueOf(settings, Chain);
            var fault = former is null ? null : DistrustOfHookConf(files) ?? (CanRun(former) ? null : "it is not there or not executable, and vzdump would refuse every backup");
            var chained = fault is null ? former : null;
            await InstalledFile.RewriteAsync(files.VzdumpConf, chained is null ? VzdumpConf.Without(text) : VzdumpConf.With(text, chained), cancellationToken);
            if (chained is not null)
            {
                await InstalledFile.RewriteAsync(files.HookConf, With(settings, Chain, null), cancellationToken);
            }

            done.Add(chained is null ? $"{files.VzdumpConf}: the hook is out" : $"{files.VzdumpConf}: script: {chained}, as before");
            if (fault is not null)
            {
                done.Add($"the script that {files.HookConf} chains, {former}, was NOT put back: {fault}");
            }
        }
        else
        {
            done.Add($"{files.VzdumpConf} does not name the hook");
        }

        return JobsWithHook() is { Count: > 0 } jobs
            ? throw new SetupException(
                $"backup jobs name {files.Hook} themselves and would fail without it: {string.Join("; ", jobs.Select(job => $"pvesh set /cluster/backup/{job} --delete script"))}")
            : done;
    }

    // As the hook itself judges (read_conf): whoever can write these runs programs as root. Null: it believes them.
    internal static string? DistrustOfHookConf(NodeFiles files) =>
        FileFacts.At(files.HookConf) is { IsRegularFile: false }
            ? $"{files.HookConf} is not a regular file: the hook ignores it"
            : new[] { files.HookConf, files.Directory + "/" }.FirstOrDefault(path =>
                FileFacts.At(path) is { } facts && (facts.Owner != 0 || (facts.Permissions & WritableByOthers) != 0)) is { } open
                ? $"{open} must be root's and writable for nobody else, or the hook ignores {files.HookConf}: chown root {open}; chmod go-w {open}"
                : null;

    /// <summary>The script that the hook's settings name as <c>CHAIN</c>; null: none.</summary>
    /// <param name="settings">The text of <c>/etc/perb/hook.conf</c>.</param>
    public static string? ChainOf(string settings) => ValueOf(settings, Chain);

    private static bool CanRun(string script) => ScriptFault.Of(script) is null or { Harm: ScriptHarm.Open };

    // jobs.cfg: "vzdump: ID", then lines of "KEY VALUE" with a tab before them. Facts: PVE 1.
    private List<string> JobsWithHook()
    {
        var jobs = new List<string>();
        var job = "";
        foreach (var line in Read(files.JobsCfg).Split('\n'))
        {
            if (line.StartsWith("vzdump:", StringComparison.Ordinal))
            {
                job = line["vzdump:".Length..].Trim();
            }
            else if (line.Trim().Split((char[]?)null, 2) is ["script", var script] && script.Trim() == files.Hook)
            {
                jobs.Add(job);
            }
        }

        return jobs;
    }

    private static string Read(string path) => File.Exists(path) ? File.ReadAllText(path) : "";

    private static string? ValueOf(string text, string key) =>
        text.Split('\n').LastOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))?[key.Length..];

    private static string With(string text, string key, string? value)
    {
        var others = text.Split('\n').Where(line => !line.StartsWith(key, StringComparison.Ordinal)).ToList();
        if (others.Count > 0 && others[^1].Length == 0)
        {
            others.RemoveAt(others.Count - 1);
        }

        return string.Concat(others.Concat(value is null ? [] : [key + value]).Select(line => line + "\n"));
    }
}
