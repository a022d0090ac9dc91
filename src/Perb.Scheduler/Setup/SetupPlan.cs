using System.Text.Json.Nodes;
using Perb.Scheduler.Configuration;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Setup;

/// <summary>Everything that setup will do, decided; nothing has been changed yet.</summary>
/// <param name="Configuration">As it will be written; what was in it and was not asked for stays.</param>
/// <param name="Before">The text of the configuration that is there; null: none.</param>
/// <param name="TokenLines">For pveum.</param>
/// <param name="TokenSecret">The secret, where somebody else made the token; null: it comes from pveum, or is in its file already.</param>
/// <param name="Copies">Public files to be copied, each to its place.</param>
/// <param name="RcloneConfig">To be copied into the service's place; null: it is there. <see cref="NoLogins"/>: an empty one.</param>
internal sealed record SetupPlan(
    string Node,
    string User,
    Owner Owner,
    JsonObject Configuration,
    string? Before,
    IReadOnlyList<string[]> TokenLines,
    string? TokenSecret,
    IReadOnlyList<(string From, string To)> Copies,
    string? RcloneConfig,
    bool Signs,
    bool? Hook,
    bool Wait)
{
    public string StateDirectory => StateDirectoryOf((JsonObject)Configuration["Perb"]!);

    public string RcloneFile => RcloneFileOf((JsonObject)Configuration["Perb"]!);

    /// <summary>The token file lies beside the configuration; systemd hands it on as a credential of the same name.</summary>
    public const string TokenName = "token";

    public const string PageAddress = "127.0.0.1:9443";

    public const string SigningKeyName = "signing.asc";

    /// <summary>Taken for rclone's configuration where all remotes are directories: those have no login.</summary>
    public const string NoLogins = "/dev/null";

    public static string StateDirectoryOf(JsonObject perb) => (string?)perb[nameof(StateDirectory)] ?? "/var/lib/perb";

    public static string RcloneFileOf(JsonObject perb) => (string?)perb["Rclone"]?["ConfigFile"] ?? Path.Combine(StateDirectoryOf(perb), "rclone.conf");

    /// <summary>The remotes that are directories of this machine.</summary>
    public static IReadOnlyList<string> DirectoriesOf(JsonObject perb) =>
        [.. ((JsonArray)perb["Remotes"]!).Select(remote => RemotePath.TryParse((string?)remote?["Path"] ?? "", out var path, out _) && path.Remote.Length == 0 ? path.Path : null).OfType<string>()];

    /// <exception cref="ConfigurationException">There is one, and it is not JSON.</exception>
    public static (JsonObject Configuration, string? Text) Read(string file)
    {
        if (!File.Exists(file))
        {
            return ([], null);
        }

        var text = File.ReadAllText(file);
        try
        {
            var options = new System.Text.Json.JsonDocumentOptions { CommentHandling = System.Text.Json.JsonCommentHandling.Skip, AllowTrailingCommas = true };
            return (JsonNode.Parse(text, documentOptions: options) as JsonObject ?? [], text);
        }
        catch (System.Text.Json.JsonException exception)
        {
            throw new ConfigurationException($"{file} is not valid JSON: mend it or move it away: {exception.Message}");
        }
    }
}
