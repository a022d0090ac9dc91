using Perb.Scheduler.Backups;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Scheduling;
using Perb.Scheduler.Store;
using Perb.Transfer;

namespace Perb.Scheduler.Notifying;

/// <summary>Something that is wrong now. Pure: made from what the store has, its foreign text made harmless.</summary>
/// <param name="Key">The same for as long as it is the same matter.</param>
/// <param name="Code">Its kind.</param>
/// <param name="Subject">What it concerns, such as <c>remote gdrive</c> or <c>guest 100</c>.</param>
/// <param name="Guest">Null: no single one.</param>
/// <param name="Headline">A few words, for a subject line.</param>
/// <param name="Text">One line that says what happened.</param>
/// <param name="Since">Null: since it is first noticed.</param>
/// <param name="IsUrgent">It will not mend itself; others are told only if they last.</param>
public sealed record Concern(
    string Key, AlarmCode Code, string Subject, int? Guest, string Headline, string Text, DateTimeOffset? Since, bool IsUrgent)
{
    /// <summary>How the key of a single backup begins, before its id.</summary>
    public const string OfBackup = "backup ";

    /// <summary>How the headline of a guest outside its RPO ends.</summary>
    public const string NotSafe = " is not safe offsite";

    private const int LongestName = 63;
    private const int LongestText = 600;

    /// <summary>Null where nobody has to be told.</summary>
    public static Concern? Of(GuestSafety guest, TimeZoneInfo zone)
    {
        if (guest.AlarmingSince is not { } since)
        {
            return null;
        }

        var name = Named(guest.Guest, guest.Name);
        var late = guest.Remotes.Where(remote => !remote.IsInTime).Select(remote => remote.Newest is { } copy
            ? $"{remote.Remote} has one of {LocalTime.InWords(copy.ArchiveTime, zone)}"
            : $"{remote.Remote} has none");
        var newest = guest.NewestArchive is { } archive ? $"its newest archive is of {LocalTime.InWords(archive, zone)}" : "no archive of it was ever seen";
        var covered = guest.IsCovered is false ? ", no vzdump job includes it" : "";
        return new Concern(
            $"rpo {guest.Guest}",
            AlarmCode.RpoMissed,
            $"guest {guest.Guest}",
            guest.Guest,
            $"{name}{NotSafe}",
            Cut($"{name} has no verified copy younger than {InWords(guest.Rpo)} on every remote: {string.Join(", ", late)}; {newest}{covered}"),
            since,
            IsUrgent: true);
    }

    /// <summary>Null where some guest is judged, or none is there: rules that leave out all of them are a slip.</summary>
    public static Concern? OfNobody(SafetySummary guests) => !guests.IsNobodyJudged ? null : new Concern(
        "nobody",
        AlarmCode.View,
        "guests",
        null,
        "no guest is judged",
        $"The rules of Discovery leave out all {guests.LeftOut} guests of this node: none is shipped, and nobody is told when a backup is missing; check Include and Exclude",
        Since: null,
        IsUrgent: true);

    /// <summary>Null where a person has nothing to learn from it.</summary>
    public static Concern? Of(BrokenBackup broken)
    {
        var backup = broken.Backup;
        var (code, what) = backup.State switch
        {
            BackupState.Failed => (AlarmCode.BackupFailed, "needs a person"),
            BackupState.SourceMissing => (AlarmCode.SourceMissing, "was removed before it was sealed"),
            BackupState.Damaged => (AlarmCode.CopyDamaged, "is damaged"),
            BackupState.Lost => (AlarmCode.CopyLost, "is lost"),
            BackupState.Published when backup.Failure is not null => (AlarmCode.NameConflict, "has a name conflict"),
            _ => (null, ""),
        };
        if (code is null)
        {
            return null;
        }

        var others = broken.Others > 0 ? $", and {broken.Others} older of guest {backup.Guest}" : "";
        var headline = $"backup {backup.RemoteName} to {backup.Remote} {what}{others}";
        return new Concern(
            backup.State is BackupState.Lost or BackupState.SourceMissing ? $"{backup.State.Word()} {backup.Guest} {backup.Remote}" : $"{OfBackup}{backup.Id}",
            code,
            $"{OfBackup}{backup.Id}",
            backup.Guest,
            headline,
            Cut($"{headline}{(backup.Failure is { } failure ? $": {failure}" : "")} (id {backup.Id})"),
            Since: null,
            IsUrgent: true);
    }

    public static Concern Of(Trouble trouble)
    {
        var (code, isUrgent) = KindOf(trouble.Subject);
        var subject = Printable.Clean(trouble.Subject, 100);
        return new Concern(
            $"trouble {trouble.Subject}",
            code,
            subject,
            null,
            $"trouble with {subject}",
            Cut($"Trouble with {trouble.Subject}: {trouble.Text}"),
            trouble.Since,
            trouble.NeedsPerson || isUrgent);
    }

    public static Concern Of(StoreFault fault) => new(
        "store", AlarmCode.Store, "store", null, "the store does not take what is recorded", Cut($"Perb cannot record anything: {fault.Text}"), null, IsUrgent: false);

    /// <summary><c>guest 100 (web)</c>, whatever its name is.</summary>
    public static string Named(int guest, string? name) => name is null ? $"guest {guest}" : $"guest {guest} ({Printable.Clean(name, LongestName)})";

    private static string Cut(string text) => Printable.Clean(text, LongestText);

    private static string InWords(TimeSpan rpo) => rpo.TotalHours < 72 ? $"{rpo.TotalHours:0.#} hours" : $"{rpo.TotalDays:0.#} days";

    // Which of them only a person can mend, whatever whoever set it knew; and which the checks made sure of before.
    private static (AlarmCode Code, bool IsUrgent) KindOf(string subject) => subject switch
    {
        Troubles.Proxmox => (AlarmCode.Node, false),
        Troubles.Privileges => (AlarmCode.Privileges, true),
        Troubles.Discovery => (AlarmCode.View, true),
        Troubles.HookSpool or Troubles.HookScript => (AlarmCode.Hook, true),
        Notes.WriteNotes.Subject => (AlarmCode.Notes, false),
        Troubles.StatusPage => (AlarmCode.StatusPage, false),
        JobBoundary.RoundSubject => (AlarmCode.Other, false),
        _ when subject.StartsWith("view of ", StringComparison.Ordinal) => (AlarmCode.View, true),
        _ when subject.StartsWith(Troubles.OfRemote(""), StringComparison.Ordinal) => (AlarmCode.Remote, false),
        _ when subject.StartsWith(Troubles.OfStaging(""), StringComparison.Ordinal) => (AlarmCode.Staging, false),
        _ when subject.StartsWith(Troubles.OfVerify(""), StringComparison.Ordinal) => (AlarmCode.Verification, false),
        _ when subject.StartsWith(Troubles.OfPrune(""), StringComparison.Ordinal) => (AlarmCode.Prune, true),
        _ when subject.StartsWith(Troubles.OfKey(""), StringComparison.Ordinal) => (AlarmCode.Key, true),
        _ when subject.StartsWith(Troubles.OfStorage(""), StringComparison.Ordinal) => (AlarmCode.Storage, false),
        _ when subject.StartsWith(Troubles.OfNotification(""), StringComparison.Ordinal) => (AlarmCode.Undelivered, false),
        _ => (AlarmCode.Other, false),
    };
}
