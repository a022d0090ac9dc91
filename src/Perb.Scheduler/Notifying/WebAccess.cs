using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Notifying;

/// <summary>What a kind of the web needs beside its section: read once, at start.</summary>
/// <param name="Url">Where it goes.</param>
/// <param name="IsUrlSecret">Then only its host is ever shown.</param>
/// <param name="Headers">Name and value.</param>
/// <param name="Template">Null: none.</param>
internal sealed record WebAccess(Uri Url, bool IsUrlSecret, IReadOnlyList<(string Name, string Value)> Headers, WebTemplate? Template)
{
    /// <summary>Without anything secret.</summary>
    public string Shown => IsUrlSecret ? Url.Host : Url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    /// <summary>What must not be shown: of headers, and of a secret address each part, as it is sent and as it is meant.</summary>
    public IEnumerable<string> Secrets =>
    [
        .. Headers.SelectMany(header => (string[])[header.Value, header.Value.Split(' ')[^1]]),
        .. (IsUrlSecret ? (string[])[Url.PathAndQuery, .. Url.PathAndQuery.Split('/', '?', '&', '=')] : []).SelectMany(part => (string[])[part, Uri.UnescapeDataString(part)]),
    ];

    /// <exception cref="ConfigurationException">A file cannot be used.</exception>
    public static WebAccess Read(NotifySection entry, string key, string configurationFile)
    {
        var url = entry.Url ?? ParseUrl($"{key}:UrlFile", SecretFile.Read($"{key}:UrlFile", entry.UrlFile!, configurationFile));
        var headers = new List<(string, string)>();
        if (entry.HeaderFile is { } file)
        {
            headers.AddRange(ParseHeaders($"{key}:HeaderFile", SecretFile.ReadText($"{key}:HeaderFile", file, configurationFile)));
        }

        if (entry.TokenFile is { } tokenFile)
        {
            var token = SecretFile.Read($"{key}:TokenFile", tokenFile, configurationFile);
            headers.Add(entry.Kind == NotifyKind.Gotify ? ("X-Gotify-Key", token) : ("Authorization", $"Bearer {token}"));
        }

        return new WebAccess(
            url, entry.UrlFile is not null, headers, entry.TemplateFile is { } template ? WebTemplate.Read($"{key}:TemplateFile", template) : null);
    }

    // A secret goes over TLS, or not out of this machine.
    private static Uri ParseUrl(string key, string text) =>
        NotifyReader.TryWeb(text, out var url) && (url.Scheme == Uri.UriSchemeHttps || url.IsLoopback)
            ? url
            : throw new ConfigurationException($"{key}: the file must hold one address alone, which begins with https://");

    private static IEnumerable<(string Name, string Value)> ParseHeaders(string key, string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var parts = line.Split(':', 2, StringSplitOptions.TrimEntries);
            if (parts.Length < 2 || parts[0].Length == 0 || !parts[0].All(IsTokenCharacter) || parts[1].Any(char.IsControl))
            {
                throw new ConfigurationException($"{key}: each line of the file must be a header, such as Authorization: Bearer …");
            }

            yield return (parts[0], parts[1]);
        }
    }

    private static bool IsTokenCharacter(char character) => char.IsAsciiLetterOrDigit(character) || character is '-' or '_';
}
