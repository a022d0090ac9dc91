using Perb.Scheduler.Configuration;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Store;
using Perb.Tests.Configuration;
using Perb.Tests.Discovery;

namespace Perb.Tests.Safety;

public sealed class GuestSafetyTests
{
    private const string TwoRemotes = "\"Remotes\": [ { \"Name\": \"r\" }, { \"Name\": \"s\", \"Path\": \"s:perb\" } ]";

    private static readonly DateTimeOffset Now = Archives.Now;

    [Theory]
    [InlineData(10, 20, GuestVerdict.Met, 10)] // hours old on either remote, and hours until the RPO of 30 is missed
    [InlineData(20, 10, GuestVerdict.Met, 10)]
    [InlineData(30, 10, GuestVerdict.Met, 0)]
    [InlineData(31, 10, GuestVerdict.Late, -1)]
    [InlineData(10, 31, GuestVerdict.Late, -1)]
    public void A_guest_is_safe_until_the_oldest_of_its_newest_copies_is_too_old(int onOne, int onOther, GuestVerdict verdict, int hoursLeft)
    {
        var guest = Judge(Existing(("r", onOne), ("s", onOther)));

        Assert.Equal((verdict, (DateTimeOffset?)Now.AddHours(hoursLeft)), (guest.Verdict, guest.SafeUntil));
        Assert.Equal(hoursLeft < 0 ? guest.SafeUntil : null, guest.AlarmingSince);
        Assert.Equal([("r", onOne <= 30), ("s", onOther <= 30)], guest.Remotes.Select(remote => (remote.Remote, remote.IsInTime)));
    }

    [Theory]
    [InlineData(29, false)]
    [InlineData(31, true)]
    public void A_guest_without_a_copy_somewhere_is_late_at_once_and_alarming_one_rpo_after_it_was_first_seen(int hoursKnown, bool isAlarming)
    {
        var guest = Judge(Existing(("r", 1)) with { FirstSeenAt = Now.AddHours(-hoursKnown) });

        Assert.Equal((GuestVerdict.Late, (bool?)false, (DateTimeOffset?)null), (guest.Verdict, guest.IsMet, guest.SafeUntil));
        Assert.Equal(isAlarming ? Now.AddHours(30 - hoursKnown) : null, guest.AlarmingSince);
    }

    [Fact]
    public void A_copy_on_a_remote_that_is_not_configured_counts_for_nothing() =>
        Assert.Null(Judge(Existing(("r", 1), ("former", 1))).Standing);

    public static TheoryData<string, bool?, bool, GuestVerdict> Verdicts => new()
    {
        { "", true, true, GuestVerdict.Retired },
        { "", false, true, GuestVerdict.Retired },
        { "", false, false, GuestVerdict.Gone },
        { "", null, false, GuestVerdict.Unknown },
        { "\"Exclude\": [ \"100\" ]", true, false, GuestVerdict.NotIncluded },
        { "\"Exclude\": [ \"lxc\" ]", true, false, GuestVerdict.Late },
        { "\"Exclude\": [ \"@lab\" ]", true, false, GuestVerdict.NotIncluded },
        { "\"Exclude\": [ \"#scratch\" ]", true, false, GuestVerdict.NotIncluded },
        { "\"Include\": [ \"200-300\" ]", true, false, GuestVerdict.NotIncluded },
        { "\"Include\": [ \"200-300\" ]", false, false, GuestVerdict.Gone },
        { "\"Include\": [ \"200-300\" ]", null, false, GuestVerdict.NotIncluded },
        { "\"Include\": [ \"qemu\" ]", true, false, GuestVerdict.Late },
        { "\"Include\": [ \"qemu\" ], \"Exclude\": [ \"@lab\" ]", true, false, GuestVerdict.NotIncluded },
        { "\"Exclude\": [ \"@other\" ]", null, false, GuestVerdict.Unknown },
    };

    [Theory]
    [MemberData(nameof(Verdicts))]
    public void What_is_not_to_be_shipped_is_not_late(string discovery, bool? exists, bool isRetired, GuestVerdict expected)
    {
        var guest = new GuestCopies(100, "qemu", "web", exists, Now, new Dictionary<string, CopyProof>())
        {
            FirstSeenAt = Now.AddYears(-1),
            Pool = "lab",
            Tags = new HashSet<string> { "scratch" },
            IsRetired = isRetired,
        };

        var judged = Judge(guest, $"\"Discovery\": {{ {discovery} }}");

        Assert.Equal((expected, expected == GuestVerdict.Late), (judged.Verdict, judged.AlarmingSince is not null));
    }

    [Fact]
    public void A_rule_that_asks_for_the_pool_of_a_guest_that_is_not_there_cannot_be_judged()
    {
        var guest = new GuestCopies(100, "qemu", null, false, Now, new Dictionary<string, CopyProof>());

        Assert.Null(Judge(guest, "\"Discovery\": { \"Exclude\": [ \"@lab\" ] }").IsIncluded);
        Assert.False(Judge(guest, "\"Discovery\": { \"Exclude\": [ \"@lab\", \"100\" ] }").IsIncluded);
    }

    private static GuestCopies Existing(params (string Remote, int HoursOld)[] copies) => new(
        100, "qemu", "web", true, Now, copies.ToDictionary(copy => copy.Remote, copy => new CopyProof(Now.AddHours(-copy.HoursOld), "hash", Now)))
    {
        FirstSeenAt = Now.AddYears(-1),
    };

    private static GuestSafety Judge(GuestCopies guest, string change = "\"Rpo\": \"1.06:00:00\"") =>
        GuestSafety.Of(guest, Options(change), Now);

    private static PerbOptions Options(string change) => Some.Options($"{TwoRemotes}, {change}");
}
