using Perb.Scheduler.Backups;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Safety;

namespace Perb.Scheduler.Notifying;

/// <summary>How an alarm ended. That nobody has to be told of it any more does not mean that it is well. Pure.</summary>
/// <param name="Headline">What is said of it now.</param>
/// <param name="IsMended">What was wrong is right again.</param>
public sealed record Ending(string Headline, bool IsMended)
{
    /// <param name="alarm">As it was last told.</param>
    /// <param name="guest">The alarm's, as it is judged now; null: it has none, or nobody knows of the guest any more.</param>
    /// <param name="backup">The alarm's; null: it is about none alone, or that is not on record any more.</param>
    /// <param name="zone">Of the times.</param>
    public static Ending Of(Alarm alarm, GuestSafety? guest, Backup? backup, TimeZoneInfo zone) => alarm switch
    {
        { Guest: null } => new Ending(alarm.Headline, true),
        _ when alarm.Code == AlarmCode.RpoMissed.Code => OfGuest(alarm.Headline.Replace(Concern.NotSafe, "", StringComparison.Ordinal), guest, zone),
        _ when guest is { IsRetired: true } => Unmended(alarm, "its guest is retired"),
        _ when alarm.Key.StartsWith(Concern.OfBackup, StringComparison.Ordinal) => backup switch
        {
            null => Unmended(alarm, "not on record any more"),
            { State: BackupState.Published, Failure: null } => new Ending($"{alarm.Headline}: published now", true),
            { State: BackupState.Failed } => Unmended(alarm, "its remote is not configured any more"),
            _ => Unmended(alarm, $"{backup.State.Word()} now"),
        },
        _ => guest?.Remotes.FirstOrDefault(remote => remote.Remote == alarm.Key.Split(' ')[^1])?.Newest is { } copy
            ? new Ending($"{alarm.Headline}: a copy of {LocalTime.InWords(copy.ArchiveTime, zone)} is there", true)
            : Unmended(alarm, "nobody asks for it any more"),
    };

    private static Ending OfGuest(string name, GuestSafety? guest, TimeZoneInfo zone) => guest switch
    {
        { Verdict: GuestVerdict.Met, SafeUntil: { } until } => new Ending($"{name} is safe offsite again, until {LocalTime.InWords(until, zone)}", true),
        { Verdict: GuestVerdict.Late } => new Ending($"{name} has no copy yet, and one RPO of time for it", false),
        _ => new Ending($"{name} is not judged any more: {guest?.Verdict.Word().Replace('-', ' ') ?? "nothing is known of it"}", false),
    };

    private static Ending Unmended(Alarm alarm, string why) => new($"{alarm.Headline}: {why}", false);
}
