namespace Perb.Scheduler.Observability;

/// <summary>
/// Every message of this assembly. Event ids by area, never reused: 1000 discovery, 2000 pipeline, 3000 store and leases, 4000 prune,
/// 5000 restore, 6000 status page, 8000 notifications, 9000 host. Information is the operator's story, a warning is retried by itself, an error needs a person.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Information, "Discovered {Archive} in {Storage} ({Size}), for {Remote}")]
    public static partial void ArchiveDiscovered(this ILogger logger, string archive, string storage, string size, string remote);

    [LoggerMessage(1002, LogLevel.Information, "Skipped {Archive} for {Remote}: {Reason}")]
    public static partial void ArchiveSkipped(this ILogger logger, string archive, string remote, string reason);

    [LoggerMessage(1003, LogLevel.Error, "{Path} was removed before it was sealed: that backup is not offsite and cannot be any more")]
    public static partial void SourceMissing(this ILogger logger, string path);

    [LoggerMessage(1004, LogLevel.Error, "Name conflict: {Text}")]
    public static partial void NameConflict(this ILogger logger, string text);

    [LoggerMessage(1005, LogLevel.Warning, "Proxmox reports that vzdump task {Upid} ended with '{Status}': guests may lack a new archive, its task log says which")]
    public static partial void VzdumpTaskFailed(this ILogger logger, string upid, string status);

    [LoggerMessage(EventId = 1006, Message = "Trouble with {Subject}: {Text}")]
    public static partial void TroubleBegan(this ILogger logger, LogLevel level, string subject, string text);

    [LoggerMessage(1007, LogLevel.Information, "Trouble with {Subject} is over")]
    public static partial void TroubleOver(this ILogger logger, string subject);

    [LoggerMessage(1008, LogLevel.Warning, "Events of the hook {Fault}")]
    public static partial void HookEventsIgnored(this ILogger logger, string fault);

    [LoggerMessage(1009, LogLevel.Warning, "{Directory} cannot be watched ({Reason}): the hook's events are noticed at the next poll")]
    public static partial void SpoolUnwatched(this ILogger logger, string directory, string reason);

    [LoggerMessage(1010, LogLevel.Warning, "{Path} was removed before it was sealed, and its {Size} are given up: its disk has {Free} free, Staging:MinFree keeps {Floor}")]
    public static partial void HeldArchiveReleased(this ILogger logger, string path, string size, string free, string floor);

    [LoggerMessage(1011, LogLevel.Warning, "More than {Most} archives wait: only so many are held open; others are lost if they are removed before they are sealed")]
    public static partial void TooManyToHold(this ILogger logger, int most);

    [LoggerMessage(1012, LogLevel.Warning, "Held archives could not be looked after: {Reason}")]
    public static partial void HoldUntended(this ILogger logger, string reason);

    [LoggerMessage(2001, LogLevel.Information, "Remote {Remote} is ready: {Path}, copies are verified by {Proof}")]
    public static partial void RemoteReady(this ILogger logger, string remote, string path, string proof);

    [LoggerMessage(2002, LogLevel.Warning, "Remote {Remote} reports no hash: its copies can only be verified by size, or by download if configured")]
    public static partial void RemoteHasNoHash(this ILogger logger, string remote);

    [LoggerMessage(2014, LogLevel.Information, "Remote {Remote} is held back until {Until}: {Why}")]
    public static partial void RemoteHeldBack(this ILogger logger, string remote, string until, string why);

    [LoggerMessage(4010, LogLevel.Information, "Checked {Remote}: {Backups} backup(s), {Volumes} volume(s) proven, {Broken} broken")]
    public static partial void RemoteChecked(this ILogger logger, string remote, int backups, int volumes, int broken);

    [LoggerMessage(EventId = 4011, Message = "{RemoteName} on {Remote} is {State}: {Fault}")]
    public static partial void CopyBroken(this ILogger logger, LogLevel level, string remoteName, string remote, string state, string fault);

    [LoggerMessage(4012, LogLevel.Information, "{RemoteName} on {Remote} is whole again")]
    public static partial void CopyRecovered(this ILogger logger, string remoteName, string remote);

    [LoggerMessage(4013, LogLevel.Information, "{RemoteName} on {Remote} is made anew: {Fault}")]
    public static partial void StillDamaged(this ILogger logger, string remoteName, string remote, string fault);

    [LoggerMessage(4001, LogLevel.Information, "Pruned {Remote}: {Removed} backup(s) removed, {Kept} kept")]
    public static partial void Pruned(this ILogger logger, string remote, int removed, int kept);

    [LoggerMessage(4002, LogLevel.Information, "Removed {RemoteName} from {Remote}")]
    public static partial void BackupPruned(this ILogger logger, string remoteName, string remote);

    [LoggerMessage(2003, LogLevel.Information, "Sealing {RemoteName} for {Remote}: {Volumes} volume(s), {Size}")]
    public static partial void SealingBegan(this ILogger logger, string remoteName, string remote, int volumes, string size);

    [LoggerMessage(2004, LogLevel.Information, "Published {RemoteName} on {Remote}: verified by {How}, {Size} in {Elapsed}")]
    public static partial void BackupPublished(
        this ILogger logger, string remoteName, string remote, string how, string size, string elapsed);

    [LoggerMessage(2005, LogLevel.Information, "{RemoteName} is on {Remote} already: verified and taken over")]
    public static partial void BackupAdopted(this ILogger logger, string remoteName, string remote);

    [LoggerMessage(2006, LogLevel.Warning, "{RemoteName} to {Remote} failed: {Failure}. Next attempt at {NextAttemptAt}")]
    public static partial void BackupWillBeRetried(
        this ILogger logger, string remoteName, string remote, string failure, string nextAttemptAt);

    [LoggerMessage(2007, LogLevel.Error, "{RemoteName} to {Remote} needs a person: {Failure}")]
    public static partial void BackupFailed(this ILogger logger, Exception? exception, string remoteName, string remote, string failure);

    [LoggerMessage(2008, LogLevel.Information, "Swept {File}: no record speaks of it")]
    public static partial void StagingSwept(this ILogger logger, string file);

    [LoggerMessage(2009, LogLevel.Error, "The worker of {Remote} stumbled and goes on in a few minutes")]
    public static partial void WorkerStumbled(this ILogger logger, Exception exception, string remote);

    [LoggerMessage(2010, LogLevel.Information, "{RemoteName} to {Remote}: {Step} of volume {Volume}/{VolumeCount}, {Done} of {Total}, {Rate}/s")]
    public static partial void Progress(
        this ILogger logger, string remoteName, string remote, string step, int volume, int volumeCount, string done, string total, string rate);

    [LoggerMessage(2011, LogLevel.Warning, "{Path} is left out of the backup: {Reason}")]
    public static partial void CompanionLeftOut(this ILogger logger, string path, string reason);

    [LoggerMessage(2015, LogLevel.Warning, "{Archive} is empty: what is shipped of it restores nothing")]
    public static partial void ArchiveIsEmpty(this ILogger logger, string archive);

    [LoggerMessage(2012, LogLevel.Information, "Noted on {Archive} in {Storage}: {Line}")]
    public static partial void Noted(this ILogger logger, string archive, string storage, string line);

    [LoggerMessage(2013, LogLevel.Information, "{Archive} in {Storage} gets no note of its copy on {Remote}: {Reason}")]
    public static partial void NotNoted(this ILogger logger, string archive, string storage, string remote, string reason);

    [LoggerMessage(2020, LogLevel.Information, "The manifest of {RemoteName} on {Remote} is signed by {Signer}")]
    public static partial void SignatureTrusted(this ILogger logger, string remoteName, string remote, string signer);

    [LoggerMessage(2021, LogLevel.Warning, "{Manifest} on {Remote}, or its signature, was cut short when it was sent: removed, to be published again")]
    public static partial void CutShortRemoved(this ILogger logger, string manifest, string remote);

    [LoggerMessage(EventId = 3001, Message = "{Text}")]
    public static partial void LeaseLost(this ILogger logger, LogLevel level, string text);

    [LoggerMessage(3002, LogLevel.Warning, "Ended rclone process {Process}, left over from an earlier life")]
    public static partial void SurvivorEnded(this ILogger logger, string process);

    [LoggerMessage(3101, LogLevel.Information, "Carried out {Wish}: {Outcome}")]
    public static partial void WishCarriedOut(this ILogger logger, string wish, string outcome);

    [LoggerMessage(3105, LogLevel.Information, "Refused {Wish}: {Faults}")]
    public static partial void WishRefused(this ILogger logger, string wish, string faults);

    [LoggerMessage(3102, LogLevel.Error, "The wish {Wish} could not be carried out")]
    public static partial void WishFailed(this ILogger logger, Exception exception, string wish);

    [LoggerMessage(3103, LogLevel.Warning, "Wishes cannot be read or recorded; they stay, the next look is in {Interval}")]
    public static partial void WishesUnread(this ILogger logger, Exception exception, TimeSpan interval);

    [LoggerMessage(3104, LogLevel.Warning, "Commands cannot ring ({Reason}): what they ask for is noticed within {Interval}")]
    public static partial void WishBellMissing(this ILogger logger, string reason, TimeSpan interval);

    [LoggerMessage(5001, LogLevel.Information, "Restoring {RemoteName} from {Remote}: {Volumes} volume(s), archive of {Size}, {Trust}")]
    public static partial void RestoreBegan(this ILogger logger, string remoteName, string remote, int volumes, string size, string trust);

    [LoggerMessage(5002, LogLevel.Information, "Going on with {RemoteName} after volume {Volume} of {Volumes}: what was in those before it is kept of an earlier run")]
    public static partial void RestoreResumed(this ILogger logger, string remoteName, int volume, int volumes);

    [LoggerMessage(5003, LogLevel.Information, "{RemoteName}: {Done} restored{Fetching}")]
    public static partial void RestoreProgress(this ILogger logger, string remoteName, string done, string fetching);

    [LoggerMessage(5004, LogLevel.Warning, "{RemoteName} on {Remote} is newer and passed over: {Reason}")]
    public static partial void BackupPassedOver(this ILogger logger, string remoteName, string remote, string reason);

    [LoggerMessage(5005, LogLevel.Warning, "{Remote} is left out: {Reason}")]
    public static partial void RemotePassedOver(this ILogger logger, string remote, string reason);

    [LoggerMessage(5006, LogLevel.Warning, "{Volume} did not arrive right, it {Fault}: fetching it once more")]
    public static partial void VolumeFetchedAgain(this ILogger logger, string volume, string fault);

    [LoggerMessage(5008, LogLevel.Warning, "{Volume} did not arrive: {Reason}: fetching it once more")]
    public static partial void VolumeBrokeOff(this ILogger logger, string volume, string reason);

    [LoggerMessage(5007, LogLevel.Warning, "{File} on {Remote} has no manifest: only gpg's own check tells whether it is whole, and nothing tells who made it")]
    public static partial void RestoreWithoutManifest(this ILogger logger, string file, string remote);

    [LoggerMessage(6001, LogLevel.Information, "The status page is at {Url}, metrics at {Url}metrics")]
    public static partial void StatusPageServed(this ILogger logger, string url);

    [LoggerMessage(6002, LogLevel.Error, "The status page stumbled and starts again in a minute")]
    public static partial void StatusPageStumbled(this ILogger logger, Exception exception);

    [LoggerMessage(6003, LogLevel.Warning, "{Address} gave a wrong secret to the status page {Times} times; it is not heard for {Pause}")]
    public static partial void WrongSecrets(this ILogger logger, string address, int times, TimeSpan pause);

    [LoggerMessage(6005, LogLevel.Warning, "The certificate of the status page changed, but cannot be used; the one before serves on: {Reason}")]
    public static partial void CertificateNotRenewed(this ILogger logger, string reason);

    [LoggerMessage(6004, LogLevel.Error, "The status page could not answer {Path}")]
    public static partial void PageFailed(this ILogger logger, Exception exception, string path);

    [LoggerMessage(8001, LogLevel.Information, "Notified by {Entry}: {Title}")]
    public static partial void Notified(this ILogger logger, string entry, string title);

    [LoggerMessage(8002, LogLevel.Error, "Given up after a week: {Entry} never took \"{Title}\": {Failure}")]
    public static partial void NotificationGivenUp(this ILogger logger, string entry, string title, string failure);

    [LoggerMessage(8003, LogLevel.Error, "Notifying stumbled and goes on in a minute")]
    public static partial void NotifyingStumbled(this ILogger logger, Exception exception);

    [LoggerMessage(9001, LogLevel.Information, "Perb {Version} on node {Node}, installation {Installation}; configuration {File}")]
    public static partial void Started(this ILogger logger, string version, string node, string installation, string file);

    [LoggerMessage(9003, LogLevel.Error, "A scheduled {Job} stumbled")]
    public static partial void JobStumbled(this ILogger logger, Exception exception, string job);

    [LoggerMessage(9006, LogLevel.Error, "A trouble could not be recorded: {Subject}: {Text}")]
    public static partial void TroubleUnrecorded(this ILogger logger, Exception exception, string subject, string text);

    [LoggerMessage(9007, LogLevel.Warning, "The clock was set back by {Jump}: all schedules begin anew from the time it shows now")]
    public static partial void ClockSetBack(this ILogger logger, TimeSpan jump);

    [LoggerMessage(9022, LogLevel.Error, "No round of discovery has ended for {Silence}: systemd is no longer told that all is well, and will start the service anew")]
    public static partial void WatchdogStarves(this ILogger logger, TimeSpan silence);

    [LoggerMessage(9021, LogLevel.Warning, "Perb:Encryption:TrustedSigners without SigningKey: manifests are believed only if they are signed, and this node does not sign its own")]
    public static partial void OwnManifestsUnsigned(this ILogger logger);
}
