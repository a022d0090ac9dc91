using System.Runtime.InteropServices;
using Perb.Scheduler.Discovery;

namespace Perb.Tests.Waiting;

/// <summary>A spool that this user owns, with the events of vzdump tasks in it, and a dump directory.</summary>
internal sealed partial class WaitingTask : IDisposable
{
    public static readonly VzdumpWorker Worker = new(4711, 123456);

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("perb-waiting-");
    private int _written;

    public WaitingTask()
    {
        Directory.CreateDirectory(Folder);
        Directory.CreateDirectory(Dump);
    }

    public string Folder => Path.Combine(_root.FullName, "spool");

    public string Dump => Path.Combine(_root.FullName, "dump");

    public HookSpool Spool() => new(Folder, EffectiveUser());

    public void Event(string phase, params string[] lines) => Event(Worker, phase, lines);

    public void Event(VzdumpWorker worker, string phase, params string[] lines)
    {
        var path = Path.Combine(Folder, $"{++_written}.event");
        var started = worker.Started is { } ticks ? $"started={ticks}\n" : "";
        File.WriteAllText(path, $"perb-hook 1\nphase={phase}\n{string.Concat(lines.Select(line => line + "\n"))}pid={worker.Pid}\n{started}end\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>As the hook has it at the end of a guest's backup, with the file.</summary>
    public void Archive(string name, string storage = "local", VzdumpWorker? worker = null)
    {
        File.WriteAllText(Path.Combine(Dump, name), "");
        Event(worker ?? Worker, "log-end", $"storeid={storage}", $"dumpdir={Dump}", $"target={Path.Combine(Dump, name)}");
    }

    public void Dispose() => _root.Delete(recursive: true);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial uint EffectiveUser();
}
