using Perb.Scheduler.Backups;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Monitoring;

/// <summary>What a day brought a guest, from best to worst.</summary>
public enum DayMark
{
    /// <summary>No archive was made, and none was needed: a copy was still young enough on every remote, or nobody waits for one.</summary>
    Quiet,

    /// <summary>An archive of that day came to every remote within the RPO.</summary>
    Shipped,

    /// <summary>It is on its way, and not late yet.</summary>
    Waiting,

    /// <summary>It came later than the RPO, or is on its way for longer.</summary>
    Late,

    /// <summary>It did not come to some remote; or there was none, and at the end of the day no copy was young enough.</summary>
    Missing,

    /// <summary>A copy of it is damaged or lost.</summary>
    Damaged,
}

/// <summary>
/// Days by guests: what the last weeks brought. Pure. A day is one of the configured time zone; an archive belongs to the day on which it was
/// made.
/// </summary>
public sealed class Calendar
{
    /// <summary>How far back it looks for the copy that still served on its first day; a longer RPO shows as missing there.</summary>
    private static readonly TimeSpan LongestLook = TimeSpan.FromDays(45);

    private readonly Dictionary<int, List<DayBackup>> _backups;
    private readonly TimeZoneInfo _zone;
    private readonly DateTimeOffset _now;

    private Calendar(IReadOnlyList<DateOnly> days, Dictionary<int, List<DayBackup>> backups, TimeZoneInfo zone, DateTimeOffset now) =>
        (Days, _backups, _zone, _now) = (days, backups, zone, now);

    /// <summary>Oldest first; the last is today.</summary>
    public IReadOnlyList<DateOnly> Days { get; }

    /// <summary>From when on backups have to be known for it.</summary>
    public static DateTimeOffset Since(int days, TimeSpan longestRpo, TimeZoneInfo zone, DateTimeOffset now) =>
        Midnight(DayOf(now, zone).AddDays(1 - days), zone) - (longestRpo < LongestLook ? longestRpo : LongestLook);

    public static Calendar Of(int days, IEnumerable<DayBackup> backups, TimeZoneInfo zone, DateTimeOffset now)
    {
        var byGuest = new Dictionary<int, List<DayBackup>>();
        foreach (var backup in backups)
        {
            if (byGuest.TryGetValue(backup.Guest, out var list))
            {
                list.Add(backup);
            }
            else
            {
                byGuest.Add(backup.Guest, [backup]);
            }
        }

        var today = DayOf(now, zone);
        return new Calendar([.. Enumerable.Range(1 - days, days).Select(today.AddDays)], byGuest, zone, now);
    }

    /// <summary>One for each day.</summary>
    public IReadOnlyList<DayMark> Of(GuestSafety guest)
    {
        var backups = _backups.GetValueOrDefault(guest.Guest, []);
        var remotes = guest.Remotes.Select(remote => remote.Remote).ToList();
        var made = new DayMark?[Days.Count, remotes.Count];
        foreach (var backup in backups)
        {
            var (day, remote) = (DayOf(backup.ArchiveTime, _zone).DayNumber - Days[0].DayNumber, remotes.IndexOf(backup.Remote));
            if (day >= 0 && day < Days.Count && remote >= 0)
            {
                made[day, remote] = Both(made[day, remote], MarkOf(backup, guest.Rpo));
            }
        }

        var marks = new DayMark[Days.Count];
        for (var day = 0; day < marks.Length; day++)
        {
            marks[day] = Enumerable.Range(0, remotes.Count).Max(remote => made[day, remote]) ?? MarkWithout(guest, Days[day], backups);
        }

        return marks;
    }

    // Of several archives of a day on a remote the one that fared best speaks, but damage is never hidden.
    private static DayMark Both(DayMark? before, DayMark mark) =>
        before is not { } other ? mark
        : mark == DayMark.Damaged || other == DayMark.Damaged ? DayMark.Damaged
        : mark < other ? mark : other;

    private DayMark MarkOf(DayBackup backup, TimeSpan rpo) => backup switch
    {
        { State: BackupState.Damaged or BackupState.Lost } or { State: BackupState.Failed, PublishedAt: not null } => DayMark.Damaged,
        { State: BackupState.Published or BackupState.Pruned, PublishedAt: { } at } => at - backup.ArchiveTime <= rpo ? DayMark.Shipped : DayMark.Late,
        { State: BackupState.Discovered or BackupState.Verified } => _now - backup.ArchiveTime <= rpo ? DayMark.Waiting : DayMark.Late,
        _ => DayMark.Missing,
    };

    private DayMark MarkWithout(GuestSafety guest, DateOnly day, List<DayBackup> backups)
    {
        var end = Midnight(day.AddDays(1), _zone);
        end = end < _now ? end : _now;
        return !IsWaitedFor(guest, end) || guest.Remotes.All(remote => IsServed(backups, remote.Remote, end - guest.Rpo, end)) ? DayMark.Quiet : DayMark.Missing;
    }

    // Also one that was pruned or is damaged now: it was there then.
    private static bool IsServed(List<DayBackup> backups, string remote, DateTimeOffset from, DateTimeOffset to) => backups.Exists(
        backup => backup.Remote == remote && backup.PublishedAt is not null && backup.ArchiveTime >= from && backup.ArchiveTime <= to);

    private static bool IsWaitedFor(GuestSafety guest, DateTimeOffset at) =>
        guest.Verdict is GuestVerdict.Met or GuestVerdict.Late && guest.FirstSeenAt + guest.Rpo <= at;

    private static DateOnly DayOf(DateTimeOffset instant, TimeZoneInfo zone) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, zone).DateTime);

    // Where a change of the clock leaves midnight out, the day begins a little later, and an hour matters to nobody here.
    private static DateTimeOffset Midnight(DateOnly day, TimeZoneInfo zone)
    {
        var local = day.ToDateTime(TimeOnly.MinValue);
        return new DateTimeOffset(local, zone.GetUtcOffset(local));
    }
}
