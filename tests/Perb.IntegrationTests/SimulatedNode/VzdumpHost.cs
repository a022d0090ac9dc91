using System.Diagnostics;
using Perb.Simulation;
using Perb.Simulation.Guests;
using Perb.Simulation.Storage;
using Perb.Simulation.Tasks;
using Perb.Simulation.Vzdump;

namespace Perb.IntegrationTests.Simulation;

/// <summary>A node with a storage, a VM 100 and a container 101, and a hook script that records how it was called.</summary>
internal sealed class VzdumpHost : IAsyncDisposable
{
    private readonly string _directory;

    private VzdumpHost(string directory, SimulatedNode node)
    {
        _directory = directory;
        Node = node;
    }

    public SimulatedNode Node { get; }

    public string Dump => Node.Storages["local"].DumpDirectory;

    public IReadOnlyList<string> Archives => [.. Directory.EnumerateFiles(Dump, "*.zst").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

    public string PathOf(string name) => Path.Combine(_directory, name);

    public static async Task<VzdumpHost> StartAsync(string? pruneBackups = null)
    {
        var directory = Directory.CreateTempSubdirectory("perb-vzdump-").FullName;
        var hook = Path.Combine(directory, "hook");
        await WriteHookAsync(hook, directory, "");
        var node = await SimulatedNode.StartAsync(
            new SimulatedNodeOptions
            {
                Directory = Path.Combine(directory, "node"),
                HookScript = hook,
                TimeZone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"),
            },
            TestContext.Current.CancellationToken);
        node.AddStorage(new StorageDefinition("local") { Path = Path.Combine(directory, "local"), PruneBackups = pruneBackups });
        Directory.CreateDirectory(Path.Combine(directory, "web", "etc"));
        await File.WriteAllTextAsync(Path.Combine(directory, "web", "etc", "hostname"), "web\n", TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(directory, "disk.raw"), [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7))], TestContext.Current.CancellationToken);
        node.AddGuest(new Guest(100, GuestType.Qemu, "mail", Path.Combine(directory, "disk.raw")));
        node.AddGuest(new Guest(101, GuestType.Lxc, "web", Path.Combine(directory, "web")));
        return new VzdumpHost(directory, node);
    }

    /// <summary>Adds shell text to the hook, such as <c>[ "$1" = job-end ] &amp;&amp; exit 7</c>.</summary>
    public Task HookDoesAsync(string shell) => WriteHookAsync(PathOf("hook"), _directory, shell);

    public Task<TaskResult> RunAsync(BackupRun run) => Node.RunBackupAsync(run, TestContext.Current.CancellationToken);

    /// <summary>Phase, mode and VMID of each call.</summary>
    public IReadOnlyList<string> Calls() => [.. File.ReadAllLines(PathOf("calls"))];

    public IReadOnlyList<string> EnvironmentOf(string phase) => [.. File.ReadAllLines(PathOf("environment." + phase)).Order(StringComparer.Ordinal)];

    public static async Task<string> OutputOfAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {process.ExitCode}.");
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static async Task WriteHookAsync(string hook, string directory, string shell)
    {
        await File.WriteAllTextAsync(
            hook,
            $"""
            #!/bin/sh
            echo "$*" >> {directory}/calls
            /usr/bin/tr '\0' '\n' < /proc/$$/environ > {directory}/environment.$1
            /bin/pwd >> {directory}/cwd
            [ -n "$TARGET" ] && [ -f "$TARGET" ] && echo "$1" >> {directory}/target-exists
            [ -n "$LOGFILE" ] && [ -f "$LOGFILE" ] && echo "$1" >> {directory}/log-exists
            {shell}
            exit 0

            """,
            TestContext.Current.CancellationToken);
        File.SetUnixFileMode(hook, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
