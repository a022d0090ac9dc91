using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Perb.Simulation.Tasks;

namespace Perb.Simulation.Vzdump;

/// <summary>What the hook's environment tells about the guest at hand. Empty values are never exported.</summary>
internal sealed class HookFacts
{
    public string? VmType { get; set; }

    public string? HostName { get; set; }

    public string? Target { get; set; }

    public string? LogFile { get; set; }
}

/// <summary>
/// Calls the hook script: an emptied environment (no PATH, no HOME), stdin at its end, working directory <c>/</c>, and
/// both pipes read to THEIR end: a background child that keeps one open blocks vzdump (facts: PVE 1).
/// </summary>
internal sealed class VzdumpHook(Worker worker, string? script)
{
    private const int TextFileBusy = 26;

    public string? StorageId { get; set; }

    /// <summary>Known from job-start on (with a storage), and never for PBS.</summary>
    public string? DumpDirectory { get; set; }

    /// <summary>A missing script breaks every backup of the node, before anything else happens.</summary>
    public void RequireScript()
    {
        if (script is null)
        {
            return;
        }

        if (!File.Exists(script))
        {
            throw new TaskFailedException($"Error: The hook script '{script}' does not exist.");
        }

        if ((File.GetUnixFileMode(script) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) == UnixFileMode.None)
        {
            throw new TaskFailedException($"Error: The hook script '{script}' is not executable.");
        }
    }

    public Task RunAsync(string phase) => RunAsync([phase], null);

    public Task RunAsync(string phase, string mode, int vmid, HookFacts facts) => RunAsync([phase, mode, $"{vmid}"], facts);

    private async Task RunAsync(IReadOnlyList<string> arguments, HookFacts? facts)
    {
        if (script is null)
        {
            return;
        }

        var start = new ProcessStartInfo(script, arguments)
        {
            UseShellExecute = false,
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in Environment(facts))
        {
            start.Environment[name] = value;
        }

        var command = $"command '{script} {string.Join(' ', arguments)}' failed";
        using var process = await StartAsync(start, command);
        process.StandardInput.Close();
        await worker.InterruptibleAsync(
            async token =>
            {
                try
                {
                    await Task.WhenAll(
                        LogLinesAsync(process.StandardOutput.BaseStream, token), LogLinesAsync(process.StandardError.BaseStream, token));
                    await process.WaitForExitAsync(token);
                }
                catch (OperationCanceledException)
                {
                    process.Kill(entireProcessTree: true);
                    throw;
                }
            },
            $"{command}: {Worker.Interrupted}");
        if (process.ExitCode != 0)
        {
            // .NET reports death by a signal as 128 + n, as a shell does.
            var reason = process.ExitCode > 128 ? $"got signal {process.ExitCode - 128}" : $"exit code {process.ExitCode}";
            throw new TaskFailedException($"{command}: {reason}");
        }
    }

    private async Task<Process> StartAsync(ProcessStartInfo start, string command)
    {
        while (true)
        {
            try
            {
                return Process.Start(start)!;
            }
            catch (Win32Exception fault) when (fault.NativeErrorCode == TextFileBusy)
            {
                // A test wrote the script a moment ago, and a child that another thread is just forking has it open for writing.
                await worker.InterruptibleAsync(token => Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, token), Worker.Interrupted);
            }
            catch (Win32Exception)
            {
                throw new TaskFailedException($"{command}: open3: exec of {script} failed: No such file or directory");
            }
        }
    }

    private IEnumerable<(string Name, string Value)> Environment(HookFacts? facts)
    {
        yield return ("LC_ALL", "C");
        yield return ("LVM_SUPPRESS_FD_WARNINGS", "1");
        (string Name, string? Value)[] optional =
        [
            ("STOREID", StorageId), ("DUMPDIR", DumpDirectory), ("VMTYPE", facts?.VmType),
            ("HOSTNAME", facts?.HostName), ("TARGET", facts?.Target), ("LOGFILE", facts?.LogFile),
        ];
        foreach (var (name, value) in optional)
        {
            // Perl's truth: the text "0" is dropped like an empty one.
            if (value is { Length: > 0 } and not "0")
            {
                yield return (name, value);
            }
        }
    }

    /// <summary>Newline, return and backspace all end a line; empty lines and a line "0" vanish.</summary>
    private async Task LogLinesAsync(Stream stream, CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var buffer = new char[4096];
        for (var read = await reader.ReadAsync(buffer, cancellationToken); read > 0; read = await reader.ReadAsync(buffer, cancellationToken))
        {
            foreach (var character in buffer.AsSpan(0, read))
            {
                if (character is '\n' or '\r' or '\b')
                {
                    LogLine(line);
                }
                else
                {
                    line.Append(character);
                }
            }
        }

        LogLine(line);
    }

    private void LogLine(StringBuilder line)
    {
        var text = line.ToString();
        line.Clear();
        if (text is not ("" or "0"))
        {
            worker.Info(text);
        }
    }
}
