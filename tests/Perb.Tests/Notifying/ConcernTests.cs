using Perb.Scheduler.Backups;
using Perb.Scheduler.Notifying;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Store;
using Perb.TestKit;
using Perb.Tests.Configuration;
using Perb.Tests.Discovery;

namespace Perb.Tests.Notifying;

public sealed class ConcernTests
{
    public static TheoryData<string, string, bool> OfTroubles => new()
    {
        { Troubles.Proxmox, "PERB-NODE-01", false },
        { Troubles.Privileges, "PERB-NODE-02", true },
        { Troubles.Discovery, "PERB-NODE-03", true },
        { "view of guests", "PERB-NODE-03", true },
        { "view of storage usb", "PERB-NODE-03", true },
        { Troubles.OfStorage("usb"), "PERB-NODE-04", false },
        { "notes", "PERB-NODE-05", false },
        { Troubles.OfRemote("gdrive"), "PERB-REMOTE-01", false },
        { Troubles.OfVerify("gdrive"), "PERB-REMOTE-02", false },
        { Troubles.OfPrune("gdrive"), "PERB-REMOTE-03", true },
        { Troubles.OfStaging("gdrive"), "PERB-STAGING-01", false },
        { Troubles.OfKey("AB"), "PERB-KEY-01", true },
        { Troubles.HookSpool, "PERB-HOOK-01", true },
        { Troubles.HookScript, "PERB-HOOK-01", true },
        { Troubles.OfNotification("mail"), "PERB-NOTIFY-01", false },
        { "discovery round", "PERB-OTHER-01", false },
    };

    [Theory]
    [MemberData(nameof(OfTroubles))]
    public void Each_trouble_has_its_code_and_those_that_need_a_person_do_not_wait(string subject, string code, bool isUrgent)
    {
        var trouble = new Trouble(subject, Archives.Now, "what is wrong");

        var concern = Concern.Of(trouble);

        Assert.Equal((code, isUrgent, (DateTimeOffset?)Archives.Now), (concern.Code.Code, concern.IsUrgent, concern.Since));
        Assert.Contains("what is wrong", concern.Text, StringComparison.Ordinal);
        Assert.True(Concern.Of(trouble with { NeedsPerson = true }).IsUrgent);
    }

    [Theory]
    [InlineData(BackupState.Failed, "PERB-BACKUP-01")]
    [InlineData(BackupState.SourceMissing, "PERB-BACKUP-02")]
    [InlineData(BackupState.Published, "PERB-BACKUP-03")]
    [InlineData(BackupState.Damaged, "PERB-COPY-01")]
    [InlineData(BackupState.Lost, "PERB-COPY-02")]
    [InlineData(BackupState.Discovered, null)]
    public void A_broken_backup_is_told_with_its_id(BackupState state, string? code)
    {
        var concern = Concern.Of(new BrokenBackup(Archives.BackupOf(Archives.Found(), state) with { Failure = "why" }, 0));

        Assert.Equal(code, concern?.Code.Code);
        Assert.True(concern is null || (concern.Guest == 100 && concern.Text.EndsWith(": why (id 7)", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(BackupState.Lost, "lost 100 r")]
    [InlineData(BackupState.SourceMissing, "source-missing 100 r")]
    [InlineData(BackupState.Failed, "backup 7")]
    public void What_nobody_can_mend_one_by_one_is_one_matter_for_a_guest_and_a_remote(BackupState state, string key)
    {
        var concern = Concern.Of(new BrokenBackup(Archives.BackupOf(Archives.Found(), state), 47))!;

        Assert.Equal(key, concern.Key);
        Assert.EndsWith(", and 47 older of guest 100", concern.Headline, StringComparison.Ordinal);
    }

    [Fact]
    public void A_guest_that_is_late_is_told_with_what_each_remote_lacks()
    {
        var concern = Concern.Of(Judge("web", Archives.Now.AddHours(-40)), TimeZoneInfo.Utc)!;

        Assert.Equal(("guest 100 (web) is not safe offsite", "PERB-RPO-01", (int?)100), (concern.Headline, concern.Code.Code, concern.Guest));
        Assert.Equal(
            "guest 100 (web) has no verified copy younger than 30 hours on every remote: gdrive has one of 2026-11-18 20:00:00; "
                + "its newest archive is of 2026-11-20 12:00:00, no vzdump job includes it",
            concern.Text);
        Assert.Null(Concern.Of(Judge("web", Archives.Now), TimeZoneInfo.Utc));
    }

    [Theory]
    [InlineData("web\r\nBcc: all@example.org")]
    [InlineData("web\u2028\u202Ebew\u0000")]
    [InlineData("\u001b]0;gone\u0007")]
    public void A_hostile_name_is_one_visible_line(string name)
    {
        var concern = Concern.Of(Judge(name, Archives.Now.AddHours(-40)), TimeZoneInfo.Utc)!;

        Assert.All(concern.Headline + concern.Text, character => Assert.False(char.IsControl(character) || character is '\u2028' or '\u202E'));
    }

    [Fact]
    public void A_name_without_end_is_cut() =>
        Assert.True(Concern.Of(Judge(new string('x', 100_000), Archives.Now.AddHours(-40)), TimeZoneInfo.Utc)!.Text.Length < 700);

    [Fact]
    public void Every_code_is_explained_and_none_is_twice()
    {
        var operations = File.ReadAllText(Repository.PathOf("docs/OPERATIONS.md"));

        Assert.All(AlarmCode.All, code => Assert.Contains($"`{code.Code}`", operations, StringComparison.Ordinal));
        Assert.Equal(AlarmCode.All.Count, AlarmCode.All.DistinctBy(code => code.Code).Count());
    }

    private static GuestSafety Judge(string name, DateTimeOffset copyOf) => GuestSafety.Of(
        new GuestCopies(100, "qemu", name, true, Archives.Now, new Dictionary<string, CopyProof> { ["gdrive"] = new(copyOf, "hash", copyOf) })
        {
            IsCovered = false,
        },
        Some.Options(),
        Archives.Now);
}
