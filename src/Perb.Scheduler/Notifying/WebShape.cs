using System.Text.Json.Nodes;
using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Notifying;

/// <summary>
/// What each kind of the web is sent, and where below its address. All of it is JSON: a hostile name is text in it, never a header or a
/// part of the address. Pure.
/// </summary>
internal static class WebShape
{
    private const int DiscordMost = 2000;
    private const int NtfyMost = 4000; // of 4096 bytes; longer ones become an attachment there
    private const int SlackMost = 35_000;

    public static (Uri Url, JsonNode Body) Of(NotifySection entry, WebAccess access, Notification notification) => entry.Kind switch
    {
        NotifyKind.Ntfy => Ntfy(access.Url, notification),
        NotifyKind.Gotify => (Below(access.Url, "message"), Gotify(notification)),
        NotifyKind.Discord => (access.Url, Discord(notification)),
        NotifyKind.Slack => (access.Url, Slack(notification)),
        _ => (access.Url, access.Template?.Fill(notification) ?? Everything(notification)),
    };

    /// <summary>The last part of an ntfy address is its topic; JSON goes to the server's root.</summary>
    private static (Uri Url, JsonNode Body) Ntfy(Uri url, Notification notification)
    {
        var path = url.AbsolutePath.TrimEnd('/');
        var topic = path[(path.LastIndexOf('/') + 1)..];
        var body = new JsonObject
        {
            ["topic"] = Uri.UnescapeDataString(topic),
            ["title"] = notification.Title,
            ["message"] = CutBytes(notification.Text, NtfyMost),
            ["priority"] = notification.Kind == NotificationKind.Alarm ? 4 : 3,
            ["tags"] = new JsonArray(notification.Kind switch
            {
                NotificationKind.Alarm or NotificationKind.Reminder => "warning",
                NotificationKind.Over when notification.Over.All(alarm => alarm.IsMended is true) => "white_check_mark",
                _ => "information_source",
            }),
        };
        return (new UriBuilder(url) { Path = path[..(path.Length - topic.Length)] }.Uri, body);
    }

    private static JsonObject Gotify(Notification notification) => new()
    {
        ["title"] = notification.Title,
        ["message"] = notification.Text,
        ["priority"] = notification.Kind == NotificationKind.Alarm ? 8 : 4,
        ["extras"] = new JsonObject { ["client::display"] = new JsonObject { ["contentType"] = "text/plain" } },
    };

    // In a block of code nothing is formatted; and nobody is pinged, whatever a guest is called.
    private static JsonObject Discord(Notification notification)
    {
        var title = notification.Title.Replace("`", "'", StringComparison.Ordinal);
        var text = notification.Text.Replace("`", "'", StringComparison.Ordinal);
        return new JsonObject
        {
            ["content"] = $"```\n{Cut($"{title}\n\n{text}", DiscordMost - 20)}\n```",
            ["allowed_mentions"] = new JsonObject { ["parse"] = new JsonArray() },
        };
    }

    // These three characters are all that Slack takes for more than text, but for the marks that "mrkdwn": false switches off.
    private static JsonObject Slack(Notification notification) => new()
    {
        ["text"] = Cut($"{notification.Title}\n\n{notification.Text}", SlackMost)
            .Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal),
        ["mrkdwn"] = false,
    };

    private static JsonNode Everything(Notification notification)
    {
        var body = JsonNode.Parse(notification.ToJson())!.AsObject();
        body.Remove("kind");
        body.Insert(0, "event", notification.Event);
        return body;
    }

    /// <summary>With one more part in its path.</summary>
    public static Uri Below(Uri url, string part) => new UriBuilder(url) { Path = $"{url.AbsolutePath.TrimEnd('/')}/{part}" }.Uri;

    private static string CutBytes(string text, int most)
    {
        var (bytes, length) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes <= most - "…"u8.Length)
            {
                length += rune.Utf16SequenceLength;
            }
        }

        return bytes <= most ? text : $"{text[..length]}…";
    }

    private static string Cut(string text, int most) => text.Length <= most ? text : $"{text[..(char.IsHighSurrogate(text[most - 2]) ? most - 2 : most - 1)]}…";
}
