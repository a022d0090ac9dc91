using System.Text;
using CliWrap;
using CliWrap.Buffered;

namespace Perb.Scheduler.Doctor;

/// <summary>What systemd lets the service do, drop-ins included: a command of root's is in no such cage, and cannot try it out.</summary>
/// <param name="IsReadOnly">All that it is not given to write.</param>
/// <param name="Writable">As systemd prints it: paths with blanks between, some with a <c>-</c> before.</param>
/// <param name="ReadsAll">By CAP_DAC_READ_SEARCH.</param>
internal sealed record ServiceUnit(bool IsReadOnly, string Writable, bool ReadsAll)
{
    private static readonly string[] Own = ["/var/lib/perb", "/var/log/perb", "/var/cache/perb", "/tmp", "/var/tmp"];

    /// <summary>Null: there is no systemd here, or no such unit.</summary>
    public static async Task<ServiceUnit?> AskAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists("/run/systemd/system"))
        {
            return null;
        }

        var answer = await new Command("systemctl")
            .WithArguments(["show", "perb.service", "--property=LoadState,ProtectSystem,ReadWritePaths,AmbientCapabilities"])
            .WithWorkingDirectory("/")
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(Encoding.UTF8, cancellationToken);
        return Parse(answer.StandardOutput);
    }

    /// <summary>Lines of <c>Property=value</c>, in any order.</summary>
    public static ServiceUnit? Parse(string text)
    {
        var values = text.Split('\n').Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
        return values.GetValueOrDefault("LoadState") == "loaded"
            ? new ServiceUnit(
                values.GetValueOrDefault("ProtectSystem") == "strict",
                values.GetValueOrDefault("ReadWritePaths", ""),
                values.GetValueOrDefault("AmbientCapabilities", "").Contains("cap_dac_read_search", StringComparison.OrdinalIgnoreCase))
            : null;
    }

    public bool MayWrite(string directory) => !IsReadOnly || SelfAndAncestors(directory).Any(IsWritable);

    private bool IsWritable(string directory) =>
        Own.Contains(directory)
        || Writable.Split(' ').Any(path => path.TrimStart('-', '+').TrimEnd('/') == directory)
        || (directory.Contains(' ', StringComparison.Ordinal) && Writable.Contains(directory, StringComparison.Ordinal));

    private static IEnumerable<string> SelfAndAncestors(string directory)
    {
        for (var path = directory.TrimEnd('/'); !string.IsNullOrEmpty(path); path = Path.GetDirectoryName(path))
        {
            yield return path;
        }
    }
}
