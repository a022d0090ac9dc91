using System.Diagnostics;
using System.Text;
using Perb.IntegrationTests.Transfer;
using Perb.Scheduler.Discovery;
using Perb.TestKit;

namespace Perb.IntegrationTests.Hook;

/// <summary>
/// The hook as vzdump runs it: emptied environment, stdin at its end, from <c>/</c>, both pipes read to their end. Its spool and its
/// configuration are in a folder of the test's own.
/// </summary>
internal sealed class HookUnderTest : IDisposable
{
    public const string NeedsRoot = "The hook runs as root and believes root's files alone; the tests do not run as root.";

    /// <summary>Debian's, the smallest, and what some put in its place: the shells that <c>#!/bin/sh</c> may be.</summary>
    public static readonly TheoryData<string> Shells = ["dash", "busybox", "bash"];

    /// <summary>Only a fault reaches it: something blocks.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("perb-hook-");
    private readonly string _shell;

    public HookUnderTest(string shell = "dash")
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, NeedsRoot);
        _shell = shell;
        Directory.CreateDirectory(PathOf("etc"));
        Directory.CreateDirectory(Spool);
        Configure();
    }

    public static string Script { get; } = Repository.PathOf("packaging", "hook", "vzdump-hook");

    public string Spool => PathOf("spool");

    public string Configuration => PathOf("etc", "hook.conf");

    public string PathOf(params string[] parts) => Path.Combine([_root.FullName, .. parts]);

    /// <summary>Lines beside the one that names the spool.</summary>
    public void Configure(params string[] lines) => File.WriteAllLines(Configuration, [$"SPOOL={Spool}", .. lines]);

    /// <summary>
    /// Written by another process: where this one has a script open for writing, a child that another test is just starting holds it open
    /// too, and it cannot be run ("text file busy").
    /// </summary>
    public string WriteScript(string name, string text)
    {
        var path = PathOf(name);
        Run("sh", ["-c", "printf '#!/bin/sh\\n%s\\n' \"$1\" >\"$2\" && chmod 755 \"$2\"", "sh", text, path]);
        return path;
    }

    /// <summary>Returns when the hook has ended and both pipes are closed.</summary>
    public Task<Ended> CallAsync(IEnumerable<KeyValuePair<string, string>> environment, params string[] arguments) =>
        StartAsync([.. Shell, Script, .. arguments], environment);

    public Task<Ended> CallAsync(params string[] arguments) => CallAsync([], arguments);

    /// <summary>Returns when what the hook left behind has ended too: that holds a pipe open which vzdump does not give it.</summary>
    public Task<Ended> CallToTheLastAsync(IEnumerable<KeyValuePair<string, string>> environment, params string[] arguments) =>
        StartAsync(["/bin/sh", "-c", "exec 9>&1; exec \"$@\"", "sh", .. Shell, Script, .. arguments], environment);

    /// <summary>The same, of a changed copy of the hook.</summary>
    public Task<Ended> CallToTheLastAsync(string script, params string[] arguments) =>
        StartAsync(["/bin/sh", "-c", "exec 9>&1; exec \"$@\"", "sh", .. Shell, script, .. arguments], []);

    /// <summary>Everything that is in the spool, oldest first; a file that is no event fails the test.</summary>
    public IReadOnlyList<HookSpoolEvent> Events() => [.. new DirectoryInfo(Spool).EnumerateFiles("*", new EnumerationOptions { AttributesToSkip = 0 })
        .OrderBy(file => file.LastWriteTimeUtc).Select(file =>
        {
            Assert.True(HookSpoolEvent.TryParse(File.ReadAllBytes(file.FullName), out var found, out var fault), $"{file.Name}: {fault}");
            return found;
        })];

    public void Dispose() => _root.Delete(recursive: true);

    public static void Run(string program, string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }

    private string[] Shell => _shell switch
    {
        "busybox" => ["busybox", "sh"],
        "bash" => ["bash", "--posix"],
        _ => [_shell],
    };

    private async Task<Ended> StartAsync(string[] command, IEnumerable<KeyValuePair<string, string>> environment)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        start.Environment.Clear();
        start.Environment["PERB_HOOK_CONF"] = Configuration;
        start.Environment["LC_ALL"] = "C";
        start.Environment["LVM_SUPPRESS_FD_WARNINGS"] = "1";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Longest);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var errors = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return new Ended(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
