using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Retention;
using Perb.Transfer.Rclone;
using Quartz;

namespace Perb.Scheduler.Configuration;

/// <summary>From configuration to <see cref="PerbOptions"/>: every key, its default, and what is allowed.</summary>
internal sealed partial class PerbOptionsReader
{
    private const string AbsolutePath = "an absolute path";
    private const string KeyFileExpected = "the absolute path of a key file, such as \"/etc/perb/recipient.asc\"";
    private const string SecretExpected = "an absolute path, or the name of a credential of systemd";
    private const string CronExpected = "a Quartz cron expression with seconds, such as \"0 7 * * * ?\"";
    private const string RpoGuest = "a VMID (100), a range (100-199), qemu or lxc; pools and tags are not known here";
    private const string NodeName = "the node's name, as in /etc/pve/nodes";

    private readonly List<string> _faults = [];
    private readonly HashSet<string> _asked = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="ConfigurationException">With every fault of the file at once.</exception>
    public static PerbOptions Read(IConfiguration configuration)
    {
        var reader = new PerbOptionsReader();
        var options = ReadAll(new SettingsReader(configuration.GetSection("Perb"), reader._faults, reader._asked));
        reader.RefuseUnknownKeys(configuration);
        return reader._faults.Count == 0 ? options : throw new ConfigurationException(reader._faults);
    }

    /// <summary>Every key that is asked for in this configuration: what the sample has to document.</summary>
    internal static IReadOnlySet<string> KeysIn(IConfiguration configuration)
    {
        var reader = new PerbOptionsReader();
        ReadAll(new SettingsReader(configuration.GetSection("Perb"), reader._faults, reader._asked));
        return reader._asked;
    }

    private static PerbOptions ReadAll(SettingsReader perb)
    {
        var stateDirectory = PathAt(perb, "StateDirectory", "/var/lib/perb");
        var encryption = ReadEncryption(perb.Section("Encryption"));
        var remotes = ReadRemotes(perb, encryption.VolumeBytes);
        return new PerbOptions
        {
            Proxmox = ReadProxmox(perb.Section("Proxmox")),
            Discovery = ReadDiscovery(perb.Section("Discovery")),
            Encryption = encryption,
            Staging = ReadStaging(perb.Section("Staging"), stateDirectory, encryption.VolumeBytes, Math.Max(1, remotes.Count)),
            Rclone = ReadRclone(perb.Section("Rclone"), stateDirectory),
            Remotes = remotes,
            StateDirectory = stateDirectory,
            TimeZone = perb.Value("TimeZone", TimeZoneInfo.Local, TryTimeZone, "an IANA time zone such as \"Europe/Vienna\""),
            Rpo = perb.Duration("Rpo", TimeSpan.FromHours(30), TimeSpan.FromMinutes(1)),
            RpoOverrides = [.. perb.Sections("RpoOverrides").Select(ReadRpoOverride)],
            StorePath = ReadStore(perb.Section("Store"), stateDirectory),
            Notify = NotifyReader.Entries(perb),
            Alarms = NotifyReader.Alarms(perb.Section("Alarms")),
            Status = StatusReader.Read(perb.Section("Status")),
        };
    }

    private static RpoOverride ReadRpoOverride(SettingsReader entry)
    {
        // Pools and tags are not in the store, and status must answer while the node is away.
        var guests = entry.Values(
            "Guests", (string text, out GuestRule rule) => GuestRule.TryParse(text, out rule) && !rule.NeedsApi, RpoGuest);
        if (!entry.Has("Guests"))
        {
            entry.Fault("Guests", $"is missing: each entry must be {RpoGuest}");
        }

        if (!entry.Has("Rpo"))
        {
            entry.Fault("Rpo", "is missing: it must be a duration d.hh:mm:ss");
        }

        return new RpoOverride(guests, entry.Duration("Rpo", TimeSpan.FromHours(30), TimeSpan.FromMinutes(1)));
    }

    private static ProxmoxSection ReadProxmox(SettingsReader proxmox)
    {
        var url = proxmox.Value("Url", new Uri("https://127.0.0.1:8006"), TryHttps, "an address such as \"https://127.0.0.1:8006\"");
        var tokenId = proxmox.Required("TokenId", "a token's id such as \"perb@pve!node\"");
        if (tokenId.Length > 0 && !TokenIdPattern().IsMatch(tokenId))
        {
            proxmox.Fault("TokenId", "must have the form user@realm!name, such as \"perb@pve!node\"");
        }

        var node = proxmox.Text("Node") ?? Environment.MachineName.Split('.')[0];
        if (!NodePattern().IsMatch(node))
        {
            proxmox.Fault("Node", $"must be {NodeName}");
        }

        return new ProxmoxSection(
            url,
            node,
            tokenId,
            proxmox.Required("TokenSecretFile", "the file that holds the token's secret"),
            PathOrNull(proxmox, "CaFile"),
            proxmox.Texts("Fingerprints"),
            proxmox.Flag("WriteNotes", false));
    }

    private static DiscoverySection ReadDiscovery(SettingsReader discovery)
    {
        return new DiscoverySection(
            discovery.Duration("Poll", TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1)),
            discovery.Value("Reconcile", "0 7 * * * ?", TryCron, CronExpected),
            discovery.Texts("Storages"),
            discovery.Values<GuestRule>("Include", GuestRule.TryParse, GuestRule.Expected),
            discovery.Values<GuestRule>("Exclude", GuestRule.TryParse, GuestRule.Expected),
            discovery.Duration("IgnoreOlderThan", TimeSpan.FromDays(7), TimeSpan.Zero))
        {
            SpoolDirectory = PathAt(discovery, "SpoolDirectory", "/var/spool/perb"),
        };
    }

    private static EncryptionSection ReadEncryption(SettingsReader encryption)
    {
        var recipients = encryption.Values<string>("Recipients", TryAbsolute, KeyFileExpected);
        if (!encryption.Has("Recipients"))
        {
            encryption.Fault("Recipients", "is missing: it must list at least one OpenPGP public key file");
        }

        return new EncryptionSection(
            recipients,
            Choice(encryption, "Packet", "auto", "mdc", "ocb"),
            encryption.Flag("HideRecipients", false),
            encryption.Size("VolumeSize", 1L << 30, 1 << 20))
        {
            SigningKey = encryption.Value<string?>("SigningKey", null, TrySecret!, SecretExpected),
            TrustedSigners = encryption.Values<string>("TrustedSigners", TryAbsolute, KeyFileExpected),
        };
    }

    private static StagingSection ReadStaging(SettingsReader staging, string stateDirectory, long volumeBytes, int remotes)
    {
        var maxBytes = staging.Size("MaxSize", 8L << 30, 1 << 20);
        // Sealed, a volume is a little larger (VolumeMessage.BytesAtMost); a share that it never fits in would wait for ever.
        if (maxBytes / remotes < volumeBytes + (volumeBytes / 1024) + (1 << 20))
        {
            staging.Fault(
                "MaxSize",
                $"must hold at least one sealed volume for each of {remotes} remote(s) and some room beside it (Encryption:VolumeSize is {ByteSize.Format(volumeBytes)})");
        }

        return new StagingSection(
            PathAt(staging, "Directory", Path.Combine(stateDirectory, "staging")),
            maxBytes,
            staging.Value("MinFree", new FreeSpaceFloor(0, 0.1), FreeSpaceFloor.TryParse, FreeSpaceFloor.Expected),
            staging.Count("Sealers", 1, 1, 64));
    }

    private static RcloneSection ReadRclone(SettingsReader rclone, string stateDirectory) => new(
        rclone.Text("Program") ?? "rclone",
        PathAt(rclone, "ConfigFile", Path.Combine(stateDirectory, "rclone.conf")),
        rclone.Duration("StallTimeout", TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(1)),
        rclone.Map("Environment"));

    private static List<RemoteSection> ReadRemotes(SettingsReader perb, long volumeBytes)
    {
        var remotes = perb.Sections("Remotes").Select(remote => ReadRemote(remote, volumeBytes)).ToList();
        if (remotes.Count == 0)
        {
            perb.Fault("Remotes", "is missing: at least one remote with Name and Path is needed");
        }

        foreach (var group in remotes.GroupBy(remote => remote.Name).Where(group => group.Key.Length > 0 && group.Count() > 1))
        {
            perb.Fault("Remotes", $"has the Name \"{group.Key}\" more than once");
        }

        foreach (var group in remotes.GroupBy(remote => remote.Path.TrimEnd('/')).Where(group => group.Key.Length > 0 && group.Count() > 1))
        {
            perb.Fault("Remotes", $"has the same Path for {string.Join(" and ", group.Select(remote => remote.Name))}: give each its own");
        }

        return remotes;
    }

    private static RemoteSection ReadRemote(SettingsReader remote, long volumeBytes)
    {
        var name = remote.Required("Name", "a short name of letters, digits, - and _");
        if (name.Length > 0 && !RemoteNamePattern().IsMatch(name))
        {
            remote.Fault("Name", "must be 1 to 32 letters, digits, - and _");
        }

        var path = remote.Required("Path", "an rclone path such as \"gdrive:perb\"");
        if (path.Length > 0 && !RemotePath.TryParse(path, out _, out var fault))
        {
            remote.Fault("Path", $"cannot be used: {fault}");
        }

        var daily = remote.Size("DailyLimit", 0, 1);
        if (daily > 0 && daily < volumeBytes)
        {
            remote.Fault("DailyLimit", $"must be at least one volume (Encryption:VolumeSize is {ByteSize.Format(volumeBytes)}): nothing would ever be sent");
        }

        return new RemoteSection(name, path, Enum.Parse<VerifyLevel>(Choice(remote, "Verify", "hash", "size", "download"), ignoreCase: true))
        {
            Uploads = remote.Count("Uploads", 1, 1, 64),
            BandwidthLimit = remote.Value<BandwidthLimit?>("BandwidthLimit", null, BandwidthLimit.TryParse!, BandwidthLimit.Expected),
            DailyBytes = daily > 0 ? daily : null,
            UploadWindow = remote.Value<DayWindow?>("UploadWindow", null, DayWindow.TryParse!, DayWindow.Expected),
            Retention = ReadRetention(remote),
            PruneSchedule = remote.Value("PruneSchedule", "0 30 5 * * ?", TryCron, CronExpected),
            VerifySchedule = remote.Value("VerifySchedule", "0 0 13 ? * SUN", TryCron, CronExpected),
        };
    }

    private static RetentionPolicy? ReadRetention(SettingsReader remote)
    {
        if (!remote.Has("Retention"))
        {
            return null;
        }

        var retention = remote.Section("Retention");
        return new RetentionPolicy(
            new KeepRules(Keep("KeepLast"), Keep("KeepHourly"), Keep("KeepDaily"), Keep("KeepWeekly"), Keep("KeepMonthly"), Keep("KeepYearly")),
            retention.Count("KeepAtLeast", 2, 1, int.MaxValue));

        int Keep(string key) => retention.Count(key, 0, 0, int.MaxValue);
    }

    private static string ReadStore(SettingsReader store, string stateDirectory)
    {
        Choice(store, "Provider", "sqlite");
        var fallback = Path.Combine(stateDirectory, "perb.db");
        return store.Value("ConnectionString", fallback, TryDataSource, "\"Data Source=/absolute/path/perb.db\"");
    }

    private void RefuseUnknownKeys(IConfiguration configuration)
    {
        foreach (var (key, _) in configuration.GetSection("Perb").AsEnumerable())
        {
            if (!_asked.Contains(key) && key != "Perb" && !_faults.Any(fault => fault.StartsWith(key + " ", StringComparison.Ordinal)))
            {
                var parent = key[..key.LastIndexOf(':')];
                if (parent == "Perb" || _asked.Contains(parent))
                {
                    _faults.Add($"{key} is not a key that Perb knows: check its spelling against the sample appsettings.json");
                }
            }
        }
    }

    private static string Choice(SettingsReader section, string key, string fallback, params string[] others)
    {
        string[] allowed = [fallback, .. others];
        return section.Value(
            key,
            fallback,
            (string text, out string value) => allowed.Contains(value = text),
            string.Join(" or ", allowed.Select(word => $"\"{word}\"")));
    }

    private static string PathAt(SettingsReader section, string key, string fallback) =>
        section.Value(key, fallback, TryAbsolute, AbsolutePath);

    private static string? PathOrNull(SettingsReader section, string key) =>
        section.Value<string?>(key, null, TryAbsolute!, AbsolutePath);

    private static bool TryAbsolute(string text, out string path) => Path.IsPathRooted(path = text);

    private static bool TrySecret(string text, out string path) => Path.IsPathRooted(path = text) || !text.Contains('/', StringComparison.Ordinal);

    private static bool TryCron(string text, out string cron) => CronExpression.TryParse(cron = text, out _);

    private static bool TryHttps(string text, out Uri url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url!) && url.Scheme == Uri.UriSchemeHttps && url.PathAndQuery == "/";

    private static bool TryTimeZone(string text, out TimeZoneInfo zone) => TimeZoneInfo.TryFindSystemTimeZoneById(text, out zone!);

    private static bool TryDataSource(string text, out string path)
    {
        path = "";
        try
        {
            path = new SqliteConnectionStringBuilder(text).DataSource;
        }
        catch (ArgumentException)
        {
            return false;
        }

        return Path.IsPathRooted(path);
    }

    [GeneratedRegex(@"\A[^@!\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+![A-Za-z][A-Za-z0-9.\-_]+\z")]
    private static partial Regex TokenIdPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\z")]
    private static partial Regex NodePattern();

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,32}\z")]
    private static partial Regex RemoteNamePattern();
}
