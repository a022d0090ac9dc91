using Perb.Scheduler.Configuration;
using Perb.Transfer.Keys;
using Perb.Transfer.Rclone;
using Perb.Transfer.Signing;

namespace Perb.Scheduler.Remotes;

/// <summary>A place where backups lie: how people call it, and where it is.</summary>
public sealed record RemotePlace(string Name, RemotePath Path)
{
    /// <summary>Its files can be read where they are.</summary>
    public string? LocalDirectory => Path.Remote.Length == 0 ? Path.Path : null;
}

/// <summary>What a command is told about how to get at remotes.</summary>
/// <param name="Configuration">As given by <c>--config</c>.</param>
/// <param name="Remote">A configured remote's name or an rclone path; null: all that are configured.</param>
/// <param name="RcloneConfig">rclone's configuration file, instead of the one that would be taken.</param>
/// <param name="Signers">Files of trusted signers, instead of the configured ones.</param>
/// <param name="AllowUnsigned">Nobody's signature is asked for.</param>
internal sealed record AccessOrder(
    string? Configuration, string? Remote, string? RcloneConfig, IReadOnlyList<string> Signers, bool AllowUnsigned);

/// <summary>
/// How a command reaches remotes that has neither store nor service: on a blank machine by an rclone path alone, with the rclone of whoever
/// calls; on a node by its configuration.
/// </summary>
internal sealed record RemoteAccess(IReadOnlyList<RemotePlace> Places, RcloneOptions Rclone, TrustedSigners Trusted, TimeZoneInfo Zone)
{
    /// <returns>The access, or why the arguments cannot be meant.</returns>
    /// <exception cref="ConfigurationException">There is a configuration, and it or one of its files cannot be used.</exception>
    public static (RemoteAccess? Access, string? Fault) Open(AccessOrder order, DateTimeOffset now)
    {
        var settings = ConfigurationFile.IsThere(order.Configuration) ? Settings.Load(order.Configuration) : null;
        var (places, fault) = PlacesOf(order.Remote, settings);
        if (fault is not null)
        {
            return (null, fault);
        }

        return (new RemoteAccess(
            places, RcloneOf(order, settings), SignersOf(order, settings, now), settings?.Options.TimeZone ?? TimeZoneInfo.Local), null);
    }

    private static (IReadOnlyList<RemotePlace> Places, string? Fault) PlacesOf(string? remote, Settings? settings)
    {
        var configured = settings?.Options.Remotes.Select(known => new RemotePlace(known.Name, RemotePath.Parse(known.Path))).ToList() ?? [];
        if (remote is null)
        {
            return configured.Count > 0
                ? (configured, null)
                : ([], $"there is no configuration ({ConfigurationFile.DefaultPath}): say where the backups are, "
                    + "such as --remote gdrive:perb or --remote /mnt/offsite");
        }

        if (configured.Find(known => known.Name == remote) is { } place)
        {
            return ([place], null);
        }

        if (RemotePath.TryParse(remote, out var path, out _))
        {
            return ([new RemotePlace(path.ToString(), path)], null);
        }

        var known = settings is null
            ? "there is no configuration that could have a remote of that name"
            : $"there is no such remote in {settings.File}; it has: {string.Join(", ", configured.Select(place => place.Name))}";
        return ([], $"--remote {remote}: {known}; an rclone path is such as gdrive:perb or /mnt/offsite");
    }

    private static RcloneOptions RcloneOf(AccessOrder order, Settings? settings)
    {
        if (settings is null || order.RcloneConfig is not null)
        {
            return new RcloneOptions
            {
                Program = settings?.Options.Rclone.Program ?? "rclone",
                ConfigFile = order.RcloneConfig is { } file ? Path.GetFullPath(file) : null,
                KeepsEnvironment = true,
            };
        }

        var rclone = settings.Options.Rclone;
        if (TrustedFile.FaultOf($"Perb:Rclone:ConfigFile: {rclone.ConfigFile}", rclone.ConfigFile, "it could run a program") is { } fault)
        {
            throw new ConfigurationException(fault);
        }

        return rclone.ToOptions() with { RunAs = ServiceUser.ForRclone(rclone.ConfigFile, settings.Options.StateDirectory) };
    }

    private static TrustedSigners SignersOf(AccessOrder order, Settings? settings, DateTimeOffset now)
    {
        try
        {
            return order.Signers.Count > 0 ? TrustedSigners.Load(order.Signers, own: null, now)
                : order.AllowUnsigned || settings is null ? TrustedSigners.Load([], own: null, now)
                : InstallationKeys.LoadTrusted(settings, now);
        }
        catch (KeyFileException exception)
        {
            throw new ConfigurationException([.. exception.Faults.Select(fault => $"--signer {fault.File}: {fault.Reason}")]);
        }
    }
}
