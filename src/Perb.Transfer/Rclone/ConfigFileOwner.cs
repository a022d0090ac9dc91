using Perb.Transfer.Posix;

namespace Perb.Transfer.Rclone;

/// <summary>
/// rclone refreshes logins by replacing its configuration file. Run by root, with somebody's file (--rclone-config), it would leave one of root's
/// that its owner cannot read any more; so the file is given back to whom it belonged.
/// </summary>
internal sealed class ConfigFileOwner : IDisposable
{
    private readonly string? _path;
    private readonly FileFacts? _before;

    private ConfigFileOwner(string? path) => (_path, _before) = (path, path is null ? null : FileFacts.At(path));

    /// <param name="configFile">Null, or of another user than root: nothing will be given back.</param>
    public static ConfigFileOwner Keep(string? configFile) => new(
        Environment.IsPrivilegedProcess && configFile is not null && File.Exists(configFile)
            ? File.ResolveLinkTarget(configFile, returnFinalTarget: true)?.FullName ?? configFile
            : null);

    public void Dispose()
    {
        if (_path is not null && _before is { Owner: not 0 } && FileFacts.At(_path) is { } after && after.Owner != _before.Owner)
        {
            FileFacts.Give(_path, _before.Owner, _before.Group);
        }
    }
}
