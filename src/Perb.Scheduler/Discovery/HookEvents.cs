using Perb.Scheduler.Backups;
using Perb.Scheduler.Observability;

namespace Perb.Scheduler.Discovery;

/// <summary>
/// What the hook's events mean for discovery: that there is something to list, and which archives are settled. Kept in memory alone: after a
/// restart the spool is read again from its beginning, and saying the same twice changes nothing.
/// </summary>
public sealed class HookEvents(HookSpool spool, Troubles troubles, ILogger<HookEvents> logger)
{
    private const string Subject = Troubles.HookSpool;

    private readonly HashSet<(string Storage, string Archive)> _logEnds = [];
    private bool _isUnreadable = true; // as an earlier life may have left it on record

    public string Directory => spool.Directory;

    /// <summary>There were events since the last listing.</summary>
    public bool HasNews { get; private set; }

    /// <summary>The archives whose log-end was seen: vzdump is done with them, whatever else its task still does.</summary>
    public IReadOnlySet<(string Storage, string Archive)> LogEnds => _logEnds;

    /// <summary>Reads what is new. A spool that is not there is no trouble: the hook is optional.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        string? trouble = null;
        try
        {
            ReadAll();
        }
        catch (DirectoryNotFoundException)
        {
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            trouble = $"{exception.Message} The hook's events are not seen; archives are found by polling";
        }

        if (trouble is not null || _isUnreadable)
        {
            await troubles.SetAsync(Subject, trouble, cancellationToken);
            _isUnreadable = trouble is not null;
        }
    }

    /// <summary>The dump directories were listed since the events were read.</summary>
    public void Listed() => HasNews = false;

    // What is more than the spool's reader can remember is new to it at each look, and so a reason to list each time.
    private void ReadAll()
    {
        string? fault = null;
        var looks = 0;
        HookSpoolLook look;
        do
        {
            look = spool.Look();
            fault ??= look.Fault;
            foreach (var found in look.Events)
            {
                Take(found);
            }
        }
        while (!look.IsWhole && ++looks <= HookSpool.MaxNames / HookSpool.MaxReadAtOnce);

        HasNews |= !look.IsWhole;
        if (fault is not null)
        {
            logger.HookEventsIgnored(fault);
        }
    }

    private void Take(HookSpoolEvent found)
    {
        HasNews |= found.Phase is "log-end" or "job-end" or "job-abort";
        if (found is { Phase: "log-end", Storage: { } storage, Target: { } target } && ArchiveName.TryParse(Path.GetFileName(target), out var name))
        {
            if (_logEnds.Count >= HookSpool.MaxNames)
            {
                _logEnds.Clear(); // what is forgotten settles by its age
            }

            _logEnds.Add((storage, name.FileName));
        }
    }
}
