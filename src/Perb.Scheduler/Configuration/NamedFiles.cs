namespace Perb.Scheduler.Configuration;

/// <summary>The files that a configuration names, and who may write them.</summary>
internal static class NamedFiles
{
    /// <summary>Each with its key; secrets where they lie.</summary>
    public static IReadOnlyList<(string Key, string Path)> Of(Settings settings)
    {
        var (proxmox, encryption) = (settings.Options.Proxmox, settings.Options.Encryption);
        return
        [
            ("the configuration", settings.File),
            ("Proxmox:TokenSecretFile", SecretFile.Locate(proxmox.TokenSecretFile, settings.File)),
            .. proxmox.CaFile is { } authorities ? [("Proxmox:CaFile", authorities)] : (ReadOnlySpan<(string, string)>)[],
            .. encryption.Recipients.Select(file => ("Encryption:Recipients", file)),
            .. encryption.TrustedSigners.Select(file => ("Encryption:TrustedSigners", file)),
            .. encryption.SigningKey is { } key ? [("Encryption:SigningKey", SecretFile.Locate(key, settings.File))] : (ReadOnlySpan<(string, string)>)[],
            .. OfPage(settings.Options.Status, settings.File),
            .. settings.Options.Notify.SelectMany(entry => OfNotify(entry, settings.File)),
            ("Rclone:ConfigFile", settings.Options.Rclone.ConfigFile),
        ];
    }

    private static IEnumerable<(string Key, string Path)> OfNotify(NotifySection entry, string configurationFile)
    {
        (string Key, string? Name)[] named =
        [
            ("PasswordFile", entry.PasswordFile), ("UrlFile", entry.UrlFile), ("HeaderFile", entry.HeaderFile), ("TokenFile", entry.TokenFile),
            ("TemplateFile", entry.TemplateFile), ("CaFile", entry.CaFile),
        ];
        return named.Where(one => one.Name is not null).Select(one => ($"Notify:{entry.Name}:{one.Key}", SecretFile.Locate(one.Name!, configurationFile)));
    }

    private static IEnumerable<(string Key, string Path)> OfPage(StatusSection status, string configurationFile)
    {
        (string Key, string? Name)[] named =
            [("Status:TokenFile", status.TokenFile), ("Status:CertificateFile", status.CertificateFile), ("Status:KeyFile", status.KeyFile)];
        return named
            .Where(one => status.Listen is not null && one.Name is not null)
            .Select(one => (one.Key, SecretFile.Locate(one.Name!, configurationFile)));
    }

    /// <summary>One line with its remedy for each that others could write who must not. Not when the settings are read: <c>perb status</c> needs none of these.</summary>
    public static IReadOnlyList<string> Trusted(PerbOptions options) =>
    [
        .. options.Encryption.Recipients
            .Select(file => TrustedFile.FaultOf($"Perb:Encryption:Recipients: {file}", file, "it could add a key that reads all backups"))
            .Concat(options.Encryption.TrustedSigners.Select(file => TrustedFile.FaultOf(
                $"Perb:Encryption:TrustedSigners: {file}", file, "it could make forged backups pass for yours")))
            .Append(options.Proxmox.CaFile is { } authorities
                ? TrustedFile.FaultOf($"Perb:Proxmox:CaFile: {authorities}", authorities, "it could make another machine pass for the node")
                : null)
            .Append(TrustedFile.FaultOf(
                $"Perb:Rclone:ConfigFile: {options.Rclone.ConfigFile}",
                options.Rclone.ConfigFile,
                "it could send backups elsewhere or run a program"))
            .OfType<string>(),
    ];
}
