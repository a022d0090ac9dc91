using System.Text.RegularExpressions;
using MimeKit;
using Quartz;

namespace Perb.Scheduler.Configuration;

/// <summary>The entries of <c>Notify</c> and the section <c>Alarms</c>.</summary>
internal static partial class NotifyReader
{
    private const string Address = "a mail address such as \"root@example.org\"";
    private const string WebAddress = "an address that begins with https:// (http:// only where nothing secret is sent, or to this machine)";
    private const string SecretFileExpected = "an absolute path, or the name of a credential of systemd";

    public static IReadOnlyList<NotifySection> Entries(SettingsReader perb)
    {
        var entries = perb.Sections("Notify").Select(ReadEntry).ToList();
        foreach (var group in entries.GroupBy(entry => entry.Name).Where(group => group.Key.Length > 0 && group.Count() > 1))
        {
            perb.Fault("Notify", $"has the Name \"{group.Key}\" more than once: give each entry its own");
        }

        return entries;
    }

    public static AlarmSection Alarms(SettingsReader alarms) => new(
        alarms.Duration("Gather", TimeSpan.FromSeconds(30), TimeSpan.Zero),
        alarms.Duration("Spacing", TimeSpan.FromMinutes(15), TimeSpan.Zero),
        alarms.Duration("Quiet", TimeSpan.FromMinutes(10), TimeSpan.Zero),
        alarms.Duration("Patience", TimeSpan.FromHours(1), TimeSpan.Zero),
        alarms.Duration("Remind", TimeSpan.FromDays(1), TimeSpan.FromMinutes(1)),
        alarms.Value(
            "Digest",
            "0 0 8 ? * MON",
            (string text, out string cron) => CronExpression.TryParse(cron = text, out _),
            "a Quartz cron expression with seconds, such as \"0 0 8 ? * MON\""));

    private static NotifySection ReadEntry(SettingsReader entry)
    {
        if (!TryKind(entry.Text("Kind") ?? "", out var kind))
        {
            entry.Fault("Kind", $"must be {string.Join(" or ", Enum.GetValues<NotifyKind>().Select(one => $"\"{Word(one)}\""))}");
            return PassOver(entry);
        }

        var name = entry.Text("Name") ?? Word(kind);
        if (!NamePattern().IsMatch(name))
        {
            entry.Fault("Name", "must be 1 to 32 letters, digits, - and _");
        }

        var isMail = kind is NotifyKind.Mail or NotifyKind.Smtp;
        var section = new NotifySection(name, kind) { Digest = kind != NotifyKind.Ping && entry.Flag("Digest", isMail) };
        return isMail ? ReadMail(entry, section) : ReadWeb(entry, section);
    }

    // Which keys it may have is not known: one fault is enough.
    private static NotifySection PassOver(SettingsReader entry)
    {
        entry.Texts("To");
        foreach (var key in (string[])
            ["Name", "Digest", "From", "Program", "Host", "Port", "StartTls", "User", "PasswordFile", "Url", "UrlFile", "Method", "HeaderFile",
                "TokenFile", "TemplateFile", "CaFile", "Proxy", "Interval"])
        {
            entry.Has(key);
        }

        return new NotifySection("", NotifyKind.Mail);
    }

    /// <summary>As it stands in the configuration.</summary>
    public static string Word(NotifyKind kind) => kind.ToString().ToLowerInvariant();

    private static NotifySection ReadMail(SettingsReader entry, NotifySection section)
    {
        var to = entry.Values<string>("To", TryAddress, Address);
        if (!entry.Has("To"))
        {
            entry.Fault("To", $"is missing: each entry must be {Address}");
        }

        section = section with { To = to, From = entry.Value<string?>("From", null, TryAddress!, Address) };
        if (section.Kind == NotifyKind.Mail)
        {
            return section with { Program = entry.Value("Program", section.Program, TryAbsolute, "an absolute path") };
        }

        var host = entry.Text("Host") ?? section.Host;
        section = section with
        {
            Host = host,
            Port = entry.Count("Port", section.Port, 1, 65_535),
            StartTls = entry.Flag("StartTls", !IsThisMachine(host)),
            User = entry.Text("User"),
            PasswordFile = entry.Value<string?>("PasswordFile", null, TrySecret!, SecretFileExpected),
        };
        if (section.From is null && !IsThisMachine(host) && !entry.Has("From"))
        {
            entry.Fault("From", $"is missing: a server elsewhere wants {Address}");
        }

        if (section.User is null != section.PasswordFile is null)
        {
            entry.Fault("User", "and PasswordFile belong together: give both or neither");
        }

        if (section is { User: not null, StartTls: false } && section.Port != NotifyPorts.ImplicitTls && !IsThisMachine(host))
        {
            entry.Fault("StartTls", "must be true where a password is sent");
        }

        return section;
    }

    private static NotifySection ReadWeb(SettingsReader entry, NotifySection section)
    {
        section = section with
        {
            Url = TakesUrl(section.Kind) ? entry.Value<Uri?>("Url", null, TryWeb!, WebAddress) : null,
            UrlFile = Secret(entry, "UrlFile"),
            CaFile = entry.Value<string?>("CaFile", null, TryAbsolute!, "an absolute path"),
            Proxy = entry.Value<Uri?>("Proxy", null, TryWeb!, "an address such as \"http://proxy.example.org:3128\""),
        };
        section = section.Kind switch
        {
            NotifyKind.Webhook => section with
            {
                Method = entry.Value("Method", section.Method, TryMethod, "\"POST\" or \"PUT\""),
                HeaderFile = Secret(entry, "HeaderFile"),
                TemplateFile = entry.Value<string?>("TemplateFile", null, TryAbsolute!, "an absolute path"),
            },
            NotifyKind.Ntfy or NotifyKind.Gotify => section with { TokenFile = Secret(entry, "TokenFile") },
            NotifyKind.Ping => section with { Interval = entry.Duration("Interval", section.Interval, TimeSpan.FromMinutes(1)) },
            _ => section,
        };
        RefuseContradictions(entry, section);
        return section;
    }

    private static void RefuseContradictions(SettingsReader entry, NotifySection section)
    {
        if (!entry.Has("UrlFile") && !(TakesUrl(section.Kind) && entry.Has("Url")))
        {
            entry.Fault("UrlFile", TakesUrl(section.Kind)
                ? "or Url is missing: where the messages go"
                : "is missing: the file that holds the address alone, which is a secret");
        }

        if (section is { Url: not null, UrlFile: not null })
        {
            entry.Fault("Url", "and UrlFile exclude each other");
        }

        if (section is { Kind: NotifyKind.Gotify, TokenFile: null } && !entry.Has("TokenFile"))
        {
            entry.Fault("TokenFile", "is missing: the file that holds the application's token");
        }

        if (section.Url is { } url && url.Scheme != Uri.UriSchemeHttps && !url.IsLoopback && (section.HeaderFile ?? section.TokenFile) is not null)
        {
            entry.Fault("Url", $"must be {WebAddress}");
        }
    }

    // The address of these is all that one needs to write there.
    private static bool TakesUrl(NotifyKind kind) => kind is not (NotifyKind.Discord or NotifyKind.Slack);

    private static bool IsThisMachine(string host) => host is "localhost" or "127.0.0.1" or "::1";

    private static string? Secret(SettingsReader entry, string key) => entry.Value<string?>(key, null, TrySecret!, SecretFileExpected);

    private static bool TryKind(string text, out NotifyKind kind) => Enum.TryParse(text, ignoreCase: true, out kind) && Word(kind) == text;

    // A leading dash would be an option of sendmail.
    private static bool TryAddress(string text, out string address) =>
        MailboxAddress.TryParse(address = text, out var mailbox) && !mailbox.Address.StartsWith('-') && !text.Any(char.IsControl);

    private static bool TryAbsolute(string text, out string path) => Path.IsPathRooted(path = text);

    private static bool TrySecret(string text, out string path) => Path.IsPathRooted(path = text) || !text.Contains('/', StringComparison.Ordinal);

    private static bool TryMethod(string text, out string method) => (method = text) is "POST" or "PUT";

    internal static bool TryWeb(string text, out Uri url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url!) && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp) && url.UserInfo.Length == 0;

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,32}\z")]
    private static partial Regex NamePattern();
}

/// <summary>What a port number says.</summary>
internal static class NotifyPorts
{
    /// <summary>TLS from the first byte on, without StartTls.</summary>
    public const int ImplicitTls = 465;
}
