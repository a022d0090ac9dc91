namespace Perb.Scheduler.Configuration;

/// <summary>By what a person is told.</summary>
public enum NotifyKind
{
    /// <summary>By the node's own sendmail program.</summary>
    Mail,

    /// <summary>By a mail server.</summary>
    Smtp,

    /// <summary>Any address that takes JSON.</summary>
    Webhook,

    Ntfy,
    Gotify,
    Discord,
    Slack,

    /// <summary>An address that is called for as long as all is well (Healthchecks): whoever listens there notices when it stops.</summary>
    Ping,
}

/// <summary>One entry of <c>Notify</c>. A kind reads its own keys only; the others keep their defaults.</summary>
public sealed record NotifySection(string Name, NotifyKind Kind)
{
    /// <summary>Also the weekly digest.</summary>
    public bool Digest { get; init; }

    public IReadOnlyList<string> To { get; init; } = [];

    /// <summary>Null: <c>perb</c>, which the node's own mail program completes.</summary>
    public string? From { get; init; }

    public string Program { get; init; } = "/usr/sbin/sendmail";

    public string Host { get; init; } = "localhost";

    public int Port { get; init; } = 25;

    public bool StartTls { get; init; }

    public string? User { get; init; }

    public string? PasswordFile { get; init; }

    /// <summary>Exactly one of this and <see cref="UrlFile"/> is there, for all but mail.</summary>
    public Uri? Url { get; init; }

    public string? UrlFile { get; init; }

    public string Method { get; init; } = "POST";

    /// <summary>Lines <c>Name: value</c>.</summary>
    public string? HeaderFile { get; init; }

    public string? TokenFile { get; init; }

    /// <summary>JSON with placeholders; null: everything that is known.</summary>
    public string? TemplateFile { get; init; }

    /// <summary>Null: the system's trust store.</summary>
    public string? CaFile { get; init; }

    /// <summary>Null: none, whatever the environment says.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Between two pings.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>When people are told.</summary>
/// <param name="Gather">After a change, others are waited for, so that what happens together is told together.</param>
/// <param name="Spacing">No two messages about changes are closer together.</param>
/// <param name="Quiet">So long must something be over before that is told.</param>
/// <param name="Patience">What mends itself is told only if it lasts so long.</param>
/// <param name="Remind">So often it is told that something goes on.</param>
/// <param name="Digest">Quartz cron.</param>
public sealed record AlarmSection(TimeSpan Gather, TimeSpan Spacing, TimeSpan Quiet, TimeSpan Patience, TimeSpan Remind, string Digest);
