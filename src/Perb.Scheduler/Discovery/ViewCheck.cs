using Perb.ProxmoxClient;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Discovery;

/// <summary>
/// Compares what Perb sees in the dump directories with what Proxmox sees there, and with what was there before: a mount that only one of them
/// has, another path, a share that is away. A difference is shown, and nothing is ever concluded from it.
/// </summary>
public sealed class ViewCheck(ProxmoxApi api, StorageListing storages, StatusStore status, Troubles troubles, PerbOptions options, TimeProvider time)
{
    private static readonly TimeSpan Recently = TimeSpan.FromDays(7);

    private readonly TimedLook _look = new(TimeSpan.FromMinutes(2), time);

    // By storage, what Proxmox showed at the check before and the directory did not: only a lasting difference is one.
    private Dictionary<string, HashSet<string>> _unseen = [];

    /// <exception cref="ProxmoxException">The node does not answer, or not as it should.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var unseen = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        var subjects = new HashSet<string>(StringComparer.Ordinal);
        foreach (var directory in (await storages.DirectoriesAsync(cancellationToken)).Where(one => one.Path is not null))
        {
            if (await CompareAsync(directory, unseen, cancellationToken) is { } text)
            {
                subjects.Add(SubjectOf(directory.Storage));
                await troubles.SetAsync(SubjectOf(directory.Storage), text, cancellationToken);
            }
        }

        _unseen = unseen;
        await troubles.EndAllButAsync(SubjectOf(""), subjects, cancellationToken);
    }

    /// <summary>Null where both agree, or one of them cannot be asked now: discovery shows that by itself.</summary>
    private async Task<string?> CompareAsync(
        DumpDirectory directory, Dictionary<string, HashSet<string>> unseen, CancellationToken cancellationToken)
    {
        HashSet<string> shown, here;
        try
        {
            shown = [.. (await api.GetBackupsByDryRunAsync(options.Proxmox.Node, directory.Storage, cancellationToken))
                .Select(candidate => candidate.VolumeId[(candidate.VolumeId.LastIndexOf('/') + 1)..]).Where(IsStandard)];
            here = await _look.AtAsync(directory.Path!, () => NamesIn(directory.Path!), cancellationToken); // after it: what is new only adds
        }
        catch (Exception exception) when (exception is ProxmoxException or IOException or UnauthorizedAccessException or TimeoutException)
        {
            return null;
        }

        var missing = shown.Except(here).ToHashSet(StringComparer.Ordinal);
        unseen[directory.Storage] = missing;
        var lasting = _unseen.TryGetValue(directory.Storage, out var before) ? missing.Where(before.Contains).Order(StringComparer.Ordinal).ToList() : [];
        if (lasting.Count > 0)
        {
            return $"Proxmox shows {lasting[^1]}{(lasting.Count > 1 ? $" and {lasting.Count - 1} more" : "")} in it, {directory.Path} does not have that: "
                + "is a mount hidden from perb, or another path meant? Such archives are not shipped";
        }

        var found = shown.Count + here.Count == 0
            ? await status.ArchivesFoundAsync(directory.Storage, time.GetUtcNow() - Recently, cancellationToken)
            : 0;
        return found == 0
            ? null
            : $"it shows no archive at all, and {found} of the last {Recently.Days} days were found in it: is it mounted? Nothing is concluded from that; "
                + "if they were removed on purpose, this ends by itself";
    }

    private static string SubjectOf(string storage) => $"view of storage {storage}";

    private static HashSet<string> NamesIn(string directory) =>
        [.. Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path)).Where(IsStandard)];

    private static bool IsStandard(string name) => ArchiveName.TryParse(name, out _);
}
