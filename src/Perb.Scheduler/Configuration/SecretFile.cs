namespace Perb.Scheduler.Configuration;

/// <summary>
/// A secret kept in a file of its own. A name without a slash is looked up among systemd's credentials, then beside the configuration.
/// </summary>
internal static class SecretFile
{
    private const int MaxBytes = 4096;

    private const UnixFileMode Forbidden =
        UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <exception cref="ConfigurationException">Missing, unreadable, empty, open to others, or more than one word.</exception>
    public static string Read(string key, string name, string configurationFile)
    {
        var secret = ReadText(key, name, configurationFile);
        return secret.All(character => character is > ' ' and <= '~')
            ? secret
            : throw new ConfigurationException($"{key}: {Locate(name, configurationFile)} must hold the secret alone, on one line");
    }

    /// <summary>As above, any text: a password with blanks, lines of headers.</summary>
    /// <exception cref="ConfigurationException">Missing, unreadable, empty, too long, or open to others.</exception>
    public static string ReadText(string key, string name, string configurationFile)
    {
        var path = Locate(name, configurationFile);
        if (ReadableFile.FaultOf(path) is { } fault)
        {
            throw new ConfigurationException($"{key}: {path} {fault}");
        }

        try
        {
            var mode = File.GetUnixFileMode(path);
            if ((mode & Forbidden) != 0)
            {
                throw new ConfigurationException($"{key}: {path} is open to others: chmod 600 {path}");
            }

            using var stream = File.OpenRead(path);
            var buffer = new byte[MaxBytes];
            var length = stream.ReadAtLeast(buffer, MaxBytes, throwOnEndOfStream: false);
            var secret = System.Text.Encoding.UTF8.GetString(buffer, 0, length).Trim();
            return secret.Length > 0 && length < MaxBytes
                ? secret
                : throw new ConfigurationException($"{key}: {path} must hold the secret alone, on one line");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{key}: {path} cannot be read: {exception.Message}");
        }
    }

    public static string Locate(string name, string configurationFile)
    {
        if (name.Contains('/', StringComparison.Ordinal))
        {
            return Path.GetFullPath(name);
        }

        return Credential(name) is { } credential && File.Exists(credential)
            ? credential
            : Path.Combine(Path.GetDirectoryName(configurationFile)!, name);
    }

    /// <summary>systemd gives its service the right by an access list, which shows as the group's right.</summary>
    public static bool IsCredential(string path) => path == Credential(Path.GetFileName(path));

    private static string? Credential(string name) =>
        Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY") is { Length: > 0 } directory ? Path.Combine(directory, name) : null;
}
