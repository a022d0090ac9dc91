namespace Perb.Scheduler.Discovery;

/// <summary>One look into the spool.</summary>
/// <param name="Events">Those that were not there at the look before, in no order that means anything.</param>
/// <param name="Fault">One line about files that were ignored, however many; null: none was.</param>
/// <param name="IsWhole">False: there are more than one look reads. The next look goes on; whoever wants to miss nothing lists now.</param>
public sealed record HookSpoolLook(IReadOnlyList<HookSpoolEvent> Events, string? Fault, bool IsWhole);

/// <summary>
/// The directory in which the hook leaves its events. Read and remembered by name, never written: it is root's, and old events age out. A
/// flood of files costs bounded memory and time, because every event says no more than "list the dump directories".
/// </summary>
/// <param name="directory">May be missing: then nobody installed the hook.</param>
/// <param name="owner">The user whose files are believed; root's number but in tests.</param>
public sealed class HookSpool(string directory, uint owner = 0)
{
    public const int MaxNames = 20_000;
    public const int MaxReadAtOnce = 1_000;
    private const int MaxListed = 100_000;

    private HashSet<string> _known = new(StringComparer.Ordinal);

    public string Directory => directory;

    /// <exception cref="IOException">The directory is not there, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public HookSpoolLook Look()
    {
        var present = new HashSet<string>(StringComparer.Ordinal);
        var events = new List<HookSpoolEvent>();
        var ignored = new List<string>();
        var isWhole = true;
        var left = MaxReadAtOnce;
        foreach (var path in System.IO.Directory.EnumerateFiles(directory, "*.event").Take(MaxListed))
        {
            var name = Path.GetFileName(path);
            if (!_known.Contains(name) && (left == 0 || present.Count >= MaxNames))
            {
                isWhole = false;
            }
            else if (present.Add(name) && !_known.Contains(name))
            {
                left--;
                Read(path, events, ignored);
            }
        }

        _known = present; // what is gone is forgotten
        return new HookSpoolLook(events, InWords(ignored), isWhole);
    }

    private void Read(string path, List<HookSpoolEvent> events, List<string> ignored)
    {
        if (HookSpoolFile.Read(path, owner, out var fault) is { } content && HookSpoolEvent.TryParse(content, out var found, out fault))
        {
            events.Add(found);
        }
        else if (fault is not null)
        {
            ignored.Add($"{Path.GetFileName(path)}: {fault}");
        }
    }

    private string? InWords(List<string> ignored) => ignored switch
    {
        [] => null,
        [var only] => $"ignored in {directory}: {only}",
        _ => $"ignored in {directory}: {ignored.Count} files, such as {ignored[0]}",
    };
}
