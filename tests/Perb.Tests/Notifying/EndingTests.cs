using Perb.Scheduler.Backups;
using Perb.Scheduler.Notifying;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Store;
using Perb.Tests.Configuration;
using Perb.Tests.Discovery;

namespace Perb.Tests.Notifying;

public sealed class EndingTests
{
    [Theory]
    [InlineData(true, false, 10, "guest 100 (web) is safe offsite again, until 2026-11-21 08:00:00", true)] // hours old
    [InlineData(true, false, null, "guest 100 (web) has no copy yet, and one RPO of time for it", false)]
    [InlineData(false, false, 40, "guest 100 (web) is not judged any more: gone", false)]
    [InlineData(true, true, 40, "guest 100 (web) is not judged any more: retired", false)]
    [InlineData(null, false, 40, "guest 100 (web) is not judged any more: unknown", false)]
    public void A_guest_is_told_to_be_safe_only_where_it_is(bool? exists, bool isRetired, int? hoursOld, string headline, bool isMended) => Assert.Equal(
        new Ending(headline, isMended),
        Ending.Of(AlarmOf("rpo 100", AlarmCode.RpoMissed, "guest 100 (web) is not safe offsite"), Judged(exists, isRetired, hoursOld), null, TimeZoneInfo.Utc));

    [Fact]
    public void A_guest_that_nobody_knows_any_more_is_not_told_to_be_safe() => Assert.Equal(
        new Ending("guest 100 (web) is not judged any more: nothing is known of it", false),
        Ending.Of(AlarmOf("rpo 100", AlarmCode.RpoMissed, "guest 100 (web) is not safe offsite"), null, null, TimeZoneInfo.Utc));

    [Theory]
    [InlineData(BackupState.Published, false, "b needs a person: published now", true)]
    [InlineData(BackupState.Skipped, false, "b needs a person: skipped now", false)]
    [InlineData(BackupState.Pruned, false, "b needs a person: pruned now", false)]
    [InlineData(BackupState.Discovered, false, "b needs a person: discovered now", false)]
    [InlineData(BackupState.Failed, false, "b needs a person: its remote is not configured any more", false)]
    [InlineData(null, false, "b needs a person: not on record any more", false)]
    [InlineData(BackupState.Failed, true, "b needs a person: its guest is retired", false)]
    public void A_backup_says_what_became_of_it(BackupState? state, bool isRetired, string headline, bool isMended) => Assert.Equal(
        new Ending(headline, isMended),
        Ending.Of(
            AlarmOf("backup 7", AlarmCode.BackupFailed, "b needs a person"),
            Judged(true, isRetired, 1),
            state is { } now ? Archives.BackupOf(Archives.Found(), now) : null,
            TimeZoneInfo.Utc));

    [Theory]
    [InlineData("lost 100 gdrive", 10, "b is lost: a copy of 2026-11-20 02:00:00 is there", true)]
    [InlineData("lost 100 gdrive", null, "b is lost: nobody asks for it any more", false)]
    [InlineData("lost 100 former", 10, "b is lost: nobody asks for it any more", false)]
    public void What_was_lost_is_made_good_by_a_copy_on_that_remote_alone(string key, int? hoursOld, string headline, bool isMended) => Assert.Equal(
        new Ending(headline, isMended),
        Ending.Of(AlarmOf(key, AlarmCode.CopyLost, "b is lost"), Judged(true, false, hoursOld), null, TimeZoneInfo.Utc));

    private static Alarm AlarmOf(string key, AlarmCode code, string headline) =>
        Alarm.Of(new Concern(key, code, key, 100, headline, headline, null, IsUrgent: true), Archives.Now);

    private static GuestSafety Judged(bool? exists, bool isRetired, int? hoursOld) => GuestSafety.Of(
        new GuestCopies(
            100,
            "qemu",
            "web",
            exists,
            null,
            hoursOld is { } hours
                ? new Dictionary<string, CopyProof> { ["gdrive"] = new(Archives.Now.AddHours(-hours), "hash", Archives.Now) }
                : new Dictionary<string, CopyProof>())
        {
            IsRetired = isRetired,
        },
        Some.Options(),
        Archives.Now);
}
