using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;

namespace Perb.Scheduler.Doctor;

/// <summary>Every storage with backups: there, and its archives readable by the service's user.</summary>
internal sealed class StoragesCheck(StorageListing storages, DumpListing listing, PerbOptions options, ServiceUnit? unit, TimeProvider time) : ICheck
{
    private readonly TimedLook _look = new(TimeSpan.FromSeconds(30), time);

    public string Subject => "storages";

    public string Fix => "pvesm status; ls -ld the directory";

    /// <summary>What lies in those that can be read; empty before the check ran.</summary>
    public IReadOnlyList<FoundArchive> Archives { get; private set; } = [];

    public async Task RunAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        var directories = await storages.DirectoriesAsync(cancellationToken);
        if (directories.Count == 0)
        {
            say(Finding.Fail(Subject, "no storage with backups as files is shown to the token", "pvesm status --content backup; Discovery:Storages in the configuration"));
        }

        foreach (var storage in options.Discovery.Storages.Except(directories.Select(directory => directory.Storage)))
        {
            say(Finding.Fail($"storage {storage}", "Discovery:Storages names it, and the node shows no such storage with backups as files", "pvesm status --content backup"));
        }

        foreach (var directory in directories)
        {
            await CheckAsync(directory, say, cancellationToken);
        }
    }

    private async Task CheckAsync(DumpDirectory directory, Action<Finding> say, CancellationToken cancellationToken)
    {
        var subject = $"storage {directory.Storage}";
        if (directory.Path is null)
        {
            say(Finding.Warn(subject, directory.Absence!, "pvesm status"));
            return;
        }

        try
        {
            var archives = await _look.AtAsync(
                directory.Path, () => listing.List(directory, options.Proxmox.Node, new TaskView(true, [], time.GetUtcNow()), time.GetUtcNow()), cancellationToken);
            var closed = archives.Where(archive => ReadableFile.IsDenied(archive.Path)).ToList();
            Archives = [.. Archives, .. archives];
            say(closed.Count == 0 || unit is { ReadsAll: true }
                ? Finding.Ok(subject, $"{directory.Path}: {archives.Count} archives, {ByteSize.Format(archives.Sum(archive => archive.SizeBytes))}")
                : Finding.Fail(
                    subject,
                    $"{closed.Count} of {archives.Count} archives cannot be read by {Environment.UserName}, such as {closed[^1].Path}",
                    $"chmod o+r {closed[^1].Path}; for those to come see docs/SECURITY.md, \"Archives that are not world-readable\""));
        }
        catch (DirectoryNotFoundException)
        {
            say(Finding.Ok(subject, $"{directory.Path} is not there yet: vzdump makes it with the first backup"));
        }
        catch (UnauthorizedAccessException) when (unit is { ReadsAll: true })
        {
            say(Finding.Ok(subject, $"{directory.Path} is closed to {Environment.UserName}, and the service has a capability to read it all the same"));
        }
        catch (UnauthorizedAccessException)
        {
            say(Finding.Fail(subject, $"{directory.Path} cannot be listed by {Environment.UserName}", $"chmod o+rx {directory.Path}, and its parents (namei -l {directory.Path})"));
        }
        catch (TimeoutException)
        {
            say(Finding.Fail(subject, $"{directory.Path} does not answer: is the server of its mount there?", "pvesm status"));
        }
    }
}
