using System.Globalization;
using System.Runtime.InteropServices;
using Perb.Transfer.Posix;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Configuration;

/// <summary>
/// The user whom the state directory belongs to. What root made in it (a lock, a log, the side files that SQLite makes even for readers)
/// its owner could not use afterwards, so a command that root calls becomes that user before it touches anything.
/// </summary>
internal static partial class ServiceUser
{
    private const string Accounts = "/etc/passwd";
    private const string State = nameof(PerbOptions.StateDirectory);

    /// <summary>For good, and for every thread: the C library sees to that. Nothing happens where another user calls, or root owns the directory.</summary>
    /// <exception cref="ConfigurationException">The kernel, or the list of users, does not let us.</exception>
    public static void Become(string stateDirectory)
    {
        if (Other(State, stateDirectory) is not { } user)
        {
            return;
        }

        var (id, name, group, home) = user;
        if (InitGroups(name, group) != 0 || SetGroups(group, group, group) != 0 || SetUsers(id, id, id) != 0)
        {
            throw new ConfigurationException(
                $"StateDirectory {stateDirectory} belongs to {name}, and root may not become {name} here "
                + $"({Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}): runuser -u {name} -- perb …");
        }

        Environment.SetEnvironmentVariable("HOME", home);
    }

    /// <summary>
    /// As whom root runs the service's rclone, and with that whatever the service's rclone.conf names: whoever could change that file. It is asked
    /// itself, as a rebuilt node may have it without the state directory. Null: as whoever calls.
    /// </summary>
    /// <exception cref="ConfigurationException">The list of users does not have him.</exception>
    public static RcloneUser? ForRclone(string configFile, string stateDirectory)
    {
        var file = File.Exists(configFile) ? File.ResolveLinkTarget(configFile, returnFinalTarget: true)?.FullName ?? configFile : configFile;
        var user = Other("Rclone:ConfigFile", file) ?? Other("the directory", Path.GetDirectoryName(file)!) ?? Other(State, stateDirectory);
        return user is { } found ? new RcloneUser(found.Id, found.Group) : null;
    }

    /// <summary>The name of a user, for messages; null where the list of users does not have him.</summary>
    public static string? NameOf(uint id) => Lookup(id)?.Name;

    /// <summary>Null where there is no such user.</summary>
    public static (uint Id, uint Group)? Find(string name) =>
        Fields().Where(fields => fields[0] == name).Select(fields => ((uint, uint)?)(Number(fields[2]), Number(fields[3]))).FirstOrDefault();

    private static (uint Id, string Name, uint Group, string Home)? Other(string what, string path)
    {
        if (!Environment.IsPrivilegedProcess || FileFacts.AtEndOf(path) is not { Owner: not 0 and var id })
        {
            return null;
        }

        var (name, group, home) = Lookup(id)
            ?? throw new ConfigurationException($"{what} {path} belongs to user #{id}, whom {Accounts} does not have: chown it to the service's user");
        return (id, name, group, home);
    }

    private static (string Name, uint Group, string Home)? Lookup(uint id) => Fields()
        .Where(fields => Number(fields[2]) == id)
        .Select(fields => ((string, uint, string)?)(fields[0], Number(fields[3]), fields[5]))
        .FirstOrDefault();

    // passwd(5): name, password, id, group, comment, home, shell.
    private static IEnumerable<string[]> Fields() => File.ReadLines(Accounts).Select(line => line.Split(':')).Where(fields => fields.Length == 7);

    private static uint Number(string word) => uint.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : uint.MaxValue;

    [LibraryImport("libc", EntryPoint = "initgroups", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int InitGroups(string user, uint group);

    [LibraryImport("libc", EntryPoint = "setresgid", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SetGroups(uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "setresuid", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SetUsers(uint real, uint effective, uint saved);
}
