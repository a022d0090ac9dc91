namespace Perb.Transfer.Rclone;

/// <summary>How to run rclone; the section <c>Rclone</c> of the configuration.</summary>
public sealed record RcloneOptions
{
    /// <summary>A name that is looked up in PATH, or a path.</summary>
    public string Program { get; init; } = "rclone";

    /// <summary>
    /// OAuth remotes write refreshed tokens back into this file: it and its directory must be writable. Null: the one that rclone finds by itself.
    /// </summary>
    public required string? ConfigFile { get; init; }

    /// <summary>A run that moves no byte and says nothing for this long is stopped.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>What a run may see of the environment beyond PATH and LC_ALL: proxies, a password command.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>A person's own rclone, with all of that person's environment: where there is no configuration of Perb's.</summary>
    public bool KeepsEnvironment { get; init; }

    /// <summary>
    /// Whom the configuration file belongs to, where that is not who runs this program: rclone runs whatever programs the file names, so it
    /// does that as them. Only root can.
    /// </summary>
    public RcloneUser? RunAs { get; init; }

    /// <summary>How long an interrupted run may take to tidy up before it is killed.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>Ids of the kernel's.</summary>
public sealed record RcloneUser(uint Id, uint Group);
