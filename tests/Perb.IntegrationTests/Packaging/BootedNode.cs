using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using CliWrap;
using CliWrap.Buffered;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.TestKit;

namespace Perb.IntegrationTests.Packaging;

/// <summary>
/// A machine of its own with systemd as its first process, and no network but loopback: systemd-nspawn on a copy of <see cref="NodeImage"/>.
/// Commands run inside as root.
/// </summary>
public sealed class BootedNode : IAsyncDisposable
{
    /// <summary>Where the simulated node's program is inside.</summary>
    public const string SimulatedNode = "/opt/simulated-node/perb-simulated-node";

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-node-");
    private readonly CancellationTokenSource _kill = new();
    private readonly StringBuilder _console = new();
    private CommandTask<CommandResult>? _machine;
    private readonly string _release;
    private string _init = "";

    private BootedNode(string release) => _release = release;

    /// <summary>Its file system, from outside.</summary>
    public string Root => Path.Combine(_folder.FullName, "root");

    /// <param name="release">One of <see cref="NodeImage.Releases"/>.</param>
    public static async Task<BootedNode> BootAsync(string release)
    {
        var node = new BootedNode(release);
        try
        {
            await node.MountAsync();
            node.Start();
            await Eventually.HoldsAsync("the node is up", node.IsUpAsync);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a program inside, however it ends.</summary>
    public async Task<Ended> TryAsync(params string[] command)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Longest);
        var ended = await new Command("nsenter")
            .WithArguments([
                "--target", _init, "--all", "--", "env", "--ignore-environment", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8",
                "DEBIAN_FRONTEND=noninteractive", "DOTNET_ROOT=/usr/share/dotnet", .. command,
            ])
            .WithValidation(CommandResultValidation.None).ExecuteBufferedAsync(deadline.Token);
        return new Ended(ended.ExitCode, ended.StandardOutput, ended.StandardError);
    }

    /// <summary>Runs a program inside, which has to succeed, and returns its output without the last line's end.</summary>
    public async Task<string> RunAsync(params string[] command) => (await TryAsync(command)).Ok().Output.TrimEnd('\n');

    /// <summary>A shell's lines.</summary>
    public Task<string> ShellAsync(string lines) => RunAsync("sh", "-ec", lines);

    /// <summary>A property of the service, as systemd has it.</summary>
    public Task<string> ServiceAsync(string property) => RunAsync("systemctl", "show", "--value", "--property", property, "perb.service");

    public async Task WriteAsync(string path, string text, string mode = "644")
    {
        await File.WriteAllTextAsync(Root + path, text, TestContext.Current.CancellationToken);
        await RunAsync("chmod", mode, path);
    }

    /// <summary>A package of this machine, as an administrator installs it.</summary>
    public async Task<Ended> InstallAsync(string package) => (await TryInstallAsync(package)).Ok();

    public async Task<Ended> TryInstallAsync(string package)
    {
        var name = Path.GetFileName(package);
        File.Copy(package, Path.Combine(Root, "root", name), overwrite: true);
        return await TryAsync("apt-get", "install", "-qy", $"/root/{name}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_machine is not null)
        {
            await StopAsync(_machine);
        }

        _kill.Dispose();
        await EndAsync("umount", "-l", Root);
        _folder.Delete(recursive: true);
    }

    private async Task MountAsync()
    {
        foreach (var name in (string[])["root", "upper", "work"])
        {
            _folder.CreateSubdirectory(name);
        }

        var options = $"lowerdir={NodeImage.FolderOf(_release)},upperdir={_folder.FullName}/upper,workdir={_folder.FullName}/work";
        var mounted = await BuiltPackages.TryRunAsync("mount", "-t", "overlay", "-o", options, "overlay", Root);
        Assert.SkipUnless(mounted?.ExitCode == 0, $"no node can be booted: {mounted?.Errors.Trim()}");
    }

    private void Start() => _machine = (new Command("systemd-nspawn")
        .WithArguments([
            "--directory", Root, "--boot", "--register=no", "--keep-unit", "--private-network", "--console=passive",
            $"--bind-ro={DotnetRoot()}:/usr/share/dotnet",
            $"--bind-ro={Repository.PathOf("artifacts", "bin", "Perb.SimulatedNode", "release")}:{Path.GetDirectoryName(SimulatedNode)}",
        ])
        .WithValidation(CommandResultValidation.None) | (PipeTarget.ToStringBuilder(_console), PipeTarget.ToStringBuilder(_console)))
        .ExecuteAsync(_kill.Token);

    /// <summary>The tests' own runtime lies in <c>shared/Microsoft.NETCore.App/VERSION</c> below it.</summary>
    private static string DotnetRoot() => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    /// <summary>The first process inside is nspawn's child; a while it has another one, which makes the first.</summary>
    private async Task<bool> IsUpAsync()
    {
        var id = _machine!.ProcessId.ToString(CultureInfo.InvariantCulture);
        Assert.SkipWhen(_machine.Task.IsCompleted, $"no node can be booted: {_console}");
        _init = (await File.ReadAllTextAsync($"/proc/{id}/task/{id}/children", TestContext.Current.CancellationToken)).Trim();
        return _init.Length > 0 && (await TryAsync("systemctl", "is-system-running")).Output.Trim() is "running" or "degraded";
    }

    private async Task StopAsync(CommandTask<CommandResult> machine)
    {
        await EndAsync("kill", "-TERM", machine.ProcessId.ToString(CultureInfo.InvariantCulture)); // as a power button
        await Task.WhenAny(machine.Task, Task.Delay(TimeSpan.FromSeconds(30), TimeProvider.System, CancellationToken.None));
        await _kill.CancelAsync();
        await ((Task)machine.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // Also after a test that was cancelled.
    private static async Task EndAsync(string program, params string[] arguments) =>
        await new Command(program).WithArguments(arguments).WithValidation(CommandResultValidation.None).ExecuteAsync(CancellationToken.None);
}
