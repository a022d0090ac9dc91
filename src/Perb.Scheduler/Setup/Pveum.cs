using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CliWrap;
using CliWrap.Buffered;
using Perb.Transfer;

namespace Perb.Scheduler.Setup;

/// <summary>Proxmox's own program for users, roles and tokens. Runs as root on the node.</summary>
/// <param name="program">Looked up in PATH.</param>
internal sealed class Pveum(string program)
{
    /// <summary>Whether a list (<c>role list</c>, <c>user list</c>, <c>user token list USER</c>) has an entry.</summary>
    /// <exception cref="SetupException">The program is not there, or refuses.</exception>
    public async Task<bool> HasAsync(string[] list, string key, string value, CancellationToken cancellationToken)
    {
        var answer = await RunAsync([.. list, "--output-format", "json"], cancellationToken);
        return Parse(answer) is JsonArray entries && entries.Any(entry => (string?)entry?[key] == value);
    }

    /// <returns>What it printed.</returns>
    /// <exception cref="SetupException">The program is not there, or refuses.</exception>
    public async Task<string> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        BufferedCommandResult result;
        try
        {
            result = await new Command(program).WithArguments(arguments).WithValidation(CommandResultValidation.None)
                .ExecuteBufferedAsync(Encoding.UTF8, cancellationToken);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new SetupException($"{program} is not there: run setup on the node, or make the token there (README) and give its secret with --token-secret-file");
        }

        return result.ExitCode == 0
            ? result.StandardOutput
            : throw new SetupException($"{Line(arguments)} failed (exit {result.ExitCode}): {Printable.Clean(result.StandardError.Trim(), 500)}");
    }

    /// <summary>As one would type it.</summary>
    public string Line(IEnumerable<string> arguments) =>
        $"{program} {string.Join(' ', arguments.Select(word => word.All(character => char.IsAsciiLetterOrDigit(character) || "-_./@:=".Contains(character, StringComparison.Ordinal)) ? word : $"'{word}'"))}";

    public JsonNode? Parse(string answer)
    {
        try
        {
            return JsonNode.Parse(answer);
        }
        catch (JsonException)
        {
            throw new SetupException($"{program} answered something that is not JSON: {Printable.Clean(answer, 200)}");
        }
    }
}
