namespace Perb.Scheduler.Setup;

/// <summary>What the command line of <c>perb setup</c> says; null and empty: asked for, or taken from what is there.</summary>
internal sealed record SetupOrder
{
    /// <summary>Nothing is asked: what is not said has its default, or is a fault.</summary>
    public required bool IsUnattended { get; init; }

    public string? Node { get; init; }

    public string? Url { get; init; }

    public string? TokenId { get; init; }

    /// <summary>The secret of a token that somebody made; null: it is made here by pveum.</summary>
    public string? TokenSecretFile { get; init; }

    public IReadOnlyList<string> Recipients { get; init; } = [];

    /// <summary>Of the recipients' primary keys: whoever says them has compared them.</summary>
    public IReadOnlyList<string> Fingerprints { get; init; } = [];

    /// <summary><c>NAME=PATH</c>.</summary>
    public IReadOnlyList<string> Remotes { get; init; } = [];

    public string? RcloneConfig { get; init; }

    public IReadOnlyList<string> Storages { get; init; } = [];

    public bool? Sign { get; init; }

    public bool? Hook { get; init; }

    public bool Wait { get; init; }

    /// <summary>Who is told when a guest is not safe; null: asked for. Empty: nobody.</summary>
    public string? MailTo { get; init; }

    /// <summary>A status page, for this node alone.</summary>
    public bool? Page { get; init; }

    /// <summary>Enables and starts the service; null: asked for.</summary>
    public bool? Start { get; init; }

    public string User { get; init; } = "perb";
}
