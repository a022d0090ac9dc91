using Perb.Scheduler.Configuration;
using Perb.Scheduler.Wishes;
using Perb.Transfer.Posix;

namespace Perb.Scheduler.Doctor;

/// <summary>Every file that the configuration names: there, readable by the service's user, and writable for nobody who could do harm by it.</summary>
internal sealed class FilesCheck(Settings settings) : ICheck
{
    public string Subject => "files";

    public string Fix => "ls -l /etc/perb";

    public Task RunAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        var files = NamedFiles.Of(settings);
        var findings = files.SelectMany(Judge).Concat(NamedFiles.Trusted(settings.Options).Select(OfFault)).Concat(OfState()).ToList();
        findings.ForEach(say);
        if (!findings.Exists(finding => finding.Result == Verdict.Fail))
        {
            SecretFile.Read("Perb:Proxmox:TokenSecretFile", settings.Options.Proxmox.TokenSecretFile, settings.File);
        }

        if (findings.Count == 0)
        {
            say(Finding.Ok(Subject, $"{files.Count} files can be read by {Environment.UserName}, and changed by their owners alone"));
        }

        return Task.CompletedTask;
    }

    private IEnumerable<Finding> Judge((string Key, string Path) file)
    {
        if (ReadableFile.FaultOf(file.Path) is { } fault)
        {
            yield return Finding.Fail(Subject, $"{file.Key}: {file.Path} {fault}", $"ls -l {file.Path}");
        }
        else if (FileFacts.At(file.Path)?.Owner is { } owner and not 0 && owner != FileFacts.AtEndOf(settings.Options.StateDirectory)?.Owner)
        {
            // Root and the service's user may decide where backups go; anybody else who owns such a file could, too.
            var text = $"{file.Key}: {file.Path} belongs to {ServiceUser.NameOf(owner) ?? $"user #{owner}"}, who is neither root nor the service's user";
            yield return Finding.Warn(Subject, text, $"chown {Environment.UserName} {file.Path}");
        }
    }

    // What another made there (root, by hand) the service can neither write nor, closed as it is, read. rclone's configuration may be read-only,
    // and what Perb does not use (lost+found, a copy that a person made) may be anybody's.
    private IEnumerable<Finding> OfState()
    {
        var (state, rclone) = (settings.Options.StateDirectory, settings.Options.Rclone.ConfigFile);
        if (Directory.Exists(state) && FileFacts.AtEndOf(state) is { Owner: var owner })
        {
            foreach (var path in Directory.EnumerateFileSystemEntries(state).Where(IsOwn))
            {
                if (FileFacts.At(path)?.Owner is { } other && other != owner)
                {
                    yield return Finding.Fail(
                        Subject, $"{path} belongs to {ServiceUser.NameOf(other) ?? $"user #{other}"}, not to the service's user", $"chown {ServiceUser.NameOf(owner) ?? $"{owner}"}: {path}");
                }
            }
        }

        if (Path.GetDirectoryName(rclone) != state && FileFacts.At(rclone) is { } facts && (facts.Permissions & UnixFileMode.OtherRead) != 0)
        {
            yield return Finding.Warn(Subject, $"Rclone:ConfigFile: {rclone} holds the logins of the remotes, and everybody may read it", $"chmod o-r {rclone}");
        }
    }

    private bool IsOwn(string path)
    {
        var (options, name) = (settings.Options, Path.GetFileName(path));
        return name is StateDirectory.LockName or StateDirectory.IdName or WishBell.DirectoryName or "log"
            || (path.StartsWith(options.StorePath, StringComparison.Ordinal) && path[options.StorePath.Length..] is "" or "-wal" or "-shm" or "-journal")
            || path == options.Staging.Directory
            || path == options.Encryption.SigningKey;
    }

    // The remedy follows the last colon.
    private Finding OfFault(string fault) => Finding.Fail(Subject, fault[..fault.LastIndexOf(": ", StringComparison.Ordinal)], fault[(fault.LastIndexOf(": ", StringComparison.Ordinal) + 2)..]);
}
