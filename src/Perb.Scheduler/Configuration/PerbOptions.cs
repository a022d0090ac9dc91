using Perb.Scheduler.Backups;
using Perb.Scheduler.Retention;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Configuration;

/// <summary>
/// The section <c>Perb</c> of appsettings.json, top to bottom. The sample at the root of the repository says what each key means;
/// defaults stand here. Built once by <see cref="PerbOptionsReader"/>, never changed.
/// </summary>
public sealed record PerbOptions
{
    public required ProxmoxSection Proxmox { get; init; }

    public required DiscoverySection Discovery { get; init; }

    public required EncryptionSection Encryption { get; init; }

    public required StagingSection Staging { get; init; }

    public required RcloneSection Rclone { get; init; }

    public required IReadOnlyList<RemoteSection> Remotes { get; init; }

    public required string StateDirectory { get; init; }

    public required TimeZoneInfo TimeZone { get; init; }

    public required TimeSpan Rpo { get; init; }

    public required IReadOnlyList<RpoOverride> RpoOverrides { get; init; }

    public required string StorePath { get; init; }

    /// <summary>Empty: nobody is told anything.</summary>
    public required IReadOnlyList<NotifySection> Notify { get; init; }

    public required AlarmSection Alarms { get; init; }

    public required StatusSection Status { get; init; }

    /// <summary>How old the newest verified copy of a guest may be.</summary>
    public TimeSpan RpoOf(int guest, string guestType) => RpoOverrides
        .FirstOrDefault(entry => entry.Guests.Any(rule => rule.Matches(guest, guestType, null, new HashSet<string>())))
        ?.Rpo ?? Rpo;
}

public sealed record ProxmoxSection(
    Uri Url,
    string Node,
    string TokenId,
    string TokenSecretFile,
    string? CaFile,
    IReadOnlyList<string> Fingerprints,
    bool WriteNotes);

public sealed record DiscoverySection(
    TimeSpan Poll,
    string Reconcile,
    IReadOnlyList<string> Storages,
    IReadOnlyList<GuestRule> Include,
    IReadOnlyList<GuestRule> Exclude,
    TimeSpan IgnoreOlderThan)
{
    /// <summary>Where the vzdump hook leaves its events; may be missing.</summary>
    public string SpoolDirectory { get; init; } = "";
}

public sealed record EncryptionSection(
    IReadOnlyList<string> Recipients,
    string Packet,
    bool HideRecipients,
    long VolumeBytes)
{
    /// <summary>A path, or the name of a credential; null: manifests are not signed.</summary>
    public string? SigningKey { get; init; }

    public IReadOnlyList<string> TrustedSigners { get; init; } = [];
}

public sealed record StagingSection(string Directory, long MaxBytes, FreeSpaceFloor MinFree, int Sealers);

public sealed record RcloneSection(
    string Program,
    string ConfigFile,
    TimeSpan StallTimeout,
    IReadOnlyDictionary<string, string> Environment)
{
    public RcloneOptions ToOptions() => new() { Program = Program, ConfigFile = ConfigFile, StallTimeout = StallTimeout, Environment = Environment };
}

public sealed record RemoteSection(string Name, string Path, VerifyLevel Verify)
{
    /// <summary>How many volumes are sent at the same time.</summary>
    public int Uploads { get; init; } = 1;

    /// <summary>Of all uploads together; null: none.</summary>
    public BandwidthLimit? BandwidthLimit { get; init; }

    /// <summary>How many bytes are sent from midnight to midnight; null: no limit.</summary>
    public long? DailyBytes { get; init; }

    /// <summary>When uploads may begin; null: always.</summary>
    public DayWindow? UploadWindow { get; init; }

    /// <summary>Null: nothing is ever pruned.</summary>
    public RetentionPolicy? Retention { get; init; }

    /// <summary>Quartz cron.</summary>
    public string PruneSchedule { get; init; } = "0 30 5 * * ?";

    /// <summary>Quartz cron.</summary>
    public string VerifySchedule { get; init; } = "0 0 13 ? * SUN";
}

public sealed record RpoOverride(IReadOnlyList<GuestRule> Guests, TimeSpan Rpo);
