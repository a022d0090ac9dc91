namespace Perb.Scheduler.Notifying;

/// <summary>
/// A kind of alarm: its code, which heads an entry of OPERATIONS and never changes its meaning, what Perb does about it by itself, and what a
/// person should do.
/// </summary>
public sealed record AlarmCode(string Code, string PerbDoes, string WhatToDo)
{
    public static AlarmCode RpoMissed { get; } = new(
        "PERB-RPO-01",
        "It ships the guest's archives as soon as they are there and the remote takes them.",
        "Look at perb status. No newer archive: did vzdump run, and does a job include the guest? Archive waits in the queue: see the troubles there.");

    public static AlarmCode BackupFailed { get; } = new(
        "PERB-BACKUP-01", "Nothing any more for this backup; newer ones are shipped.", "Mend the reason, then perb retry ID, or perb skip ID.");

    public static AlarmCode SourceMissing { get; } = new(
        "PERB-BACKUP-02",
        "It ships the archive if it reappears, and newer ones.",
        "Keep more archives locally (keep-last), or find out why shipping lagged behind. It is over when a newer copy is offsite, or by perb skip ID.");

    public static AlarmCode CopyDamaged { get; } = new(
        "PERB-COPY-01", "It ships the copy again, since the archive is still there.", "Nothing, unless it comes back: then ask the provider or look at the disk.");

    public static AlarmCode CopyLost { get; } = new(
        "PERB-COPY-02",
        "It ships the archive again if that reappears. The copy does not count for the RPO any more.",
        "Ask the provider. perb restore may still save parts. It is over when a newer copy is offsite, or by perb retire GUEST.");

    public static AlarmCode NameConflict { get; } = new(
        "PERB-BACKUP-03", "It keeps the copy that it made; the other archive is not shipped.", "Remove or rename the wrong archive, or make a new backup of the guest.");

    public static AlarmCode Remote { get; } = new(
        "PERB-REMOTE-01",
        "Its backups wait, other remotes go on; it asks again, at least once an hour.",
        "Do what the text says. After mending: perb retry --all asks at once.");

    public static AlarmCode Verification { get; } = new(
        "PERB-REMOTE-02", "It checks again on VerifySchedule.", "See that the remote answers, then perb verify.");

    public static AlarmCode Prune { get; } = new(
        "PERB-REMOTE-03", "It removed nothing more, and tries again on PruneSchedule.", "Look at perb prune --dry-run; perb prune --yes if that is meant.");

    public static AlarmCode Staging { get; } = new(
        "PERB-STAGING-01", "Backups wait until there is room.", "Make room where Staging:Directory is, or change MaxSize or MinFree.");

    public static AlarmCode Key { get; } = new("PERB-KEY-01", "It goes on as the text says.", "Renew the key, replace its file, restart the service.");

    public static AlarmCode Hook { get; } = new(
        "PERB-HOOK-01", "It finds archives by polling instead.", "Mend what the text says (systemd-tmpfiles --create, or the script's path in /etc/vzdump.conf).");

    public static AlarmCode Node { get; } = new(
        "PERB-NODE-01", "It asks again at every poll, and ships what it knows.", "systemctl status pveproxy pvedaemon; check the token (pveum user token list).");

    public static AlarmCode Privileges { get; } = new(
        "PERB-NODE-02", "It works with what it sees, and concludes nothing from what it does not see.", "Run the lines that the text names.");

    public static AlarmCode View { get; } = new(
        "PERB-NODE-03", "It concludes nothing from an empty view.", "Check mounts, storages and the token's privileges, as the text says.");

    public static AlarmCode Storage { get; } = new(
        "PERB-NODE-04", "It concludes nothing from a storage that is away, and looks again at every poll.", "pvesm status; bring the storage back.");

    public static AlarmCode Notes { get; } = new("PERB-NODE-05", "Shipping goes on; notes are tried again.", "Do what the text says, or set WriteNotes to false.");

    public static AlarmCode Undelivered { get; } = new(
        "PERB-NOTIFY-01", "It tries again with back-off for a week; shipping goes on.", "Mend the entry of Notify, then perb notify --test.");

    public static AlarmCode StatusPage { get; } = new(
        "PERB-PAGE-01", "Shipping goes on; it tries again every minute.", "Free the port or change Status:Listen; see the certificate where the text names it.");

    public static AlarmCode Store { get; } = new(
        "PERB-STORE-01",
        "Next to nothing without its store; it tries again all the time, and ships on by itself afterwards.",
        "Do what the text says: df, journalctl -u perb. Other alarms are not told before.");

    public static AlarmCode Other { get; } = new("PERB-OTHER-01", "It tries again at the next round.", "Look at the log; report it if it repeats.");

    public static IReadOnlyList<AlarmCode> All { get; } =
    [
        RpoMissed, BackupFailed, SourceMissing, NameConflict, CopyDamaged, CopyLost, Remote, Verification, Prune, Staging, Key, Hook, Node, Privileges, View,
        Storage, Notes, Undelivered, StatusPage, Store, Other,
    ];

    /// <summary>Of a code that a former version wrote too.</summary>
    public static AlarmCode Of(string code) => All.FirstOrDefault(one => one.Code == code) ?? Other with { Code = code };
}
