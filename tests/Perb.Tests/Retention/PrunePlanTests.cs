using CsCheck;
using Perb.Scheduler.Retention;

namespace Perb.Tests.Retention;

/// <summary>Every brake, and the attempt to get past it.</summary>
public sealed class PrunePlanTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 6, 0, 0, TimeSpan.Zero);
    private static readonly RetentionPolicy KeepOne = new(new KeepRules(1, 0, 0, 0, 0, 0), KeepAtLeast: 1);
    private static readonly GuestFacts Here = new(Exists: true, IsRetired: false, Rpo: TimeSpan.FromHours(30));

    [Fact]
    public void What_no_rule_needs_is_removed_and_every_decision_has_a_reason()
    {
        var plan = Plan(Daily(4), KeepOne with { Keep = new KeepRules(1, 0, 2, 0, 0, 0) });

        Assert.Equal(["d3"], Removed(plan));
        Assert.All(plan.Decisions, decision => Assert.NotEmpty(decision.Reasons));
        Assert.Contains("keep-last 1 of 1", plan.Decisions.Single(decision => decision.Copy.RemoteName == "d0").Reasons);
    }

    [Fact]
    public void Without_rules_nothing_is_removed() => Assert.Empty(Removed(Plan(Daily(9), KeepOne with { Keep = new KeepRules(0, 0, 0, 0, 0, 0) })));

    [Fact]
    public void The_newest_verified_copies_stay_whatever_the_rules_say() =>
        Assert.Equal(["d3"], Removed(Plan(Daily(4), KeepOne with { KeepAtLeast = 3 })));

    [Fact]
    public void An_unverified_copy_takes_no_place_and_is_not_removed() =>
        Assert.Equal(["d2", "d3"], Removed(Plan([Copy(0) with { IsVerified = false }, .. Daily(4)[1..]], KeepOne)));

    [Fact]
    public void A_guest_without_any_verified_copy_keeps_all() =>
        Assert.Empty(Removed(Plan([.. Daily(4).Select(copy => copy with { IsVerified = false })], KeepOne)));

    [Fact]
    public void A_guest_whose_newest_copy_is_older_than_its_RPO_keeps_all() =>
        Assert.Empty(Removed(Plan([.. Daily(5)[2..]], KeepOne)));

    [Fact]
    public void Nobody_knows_whether_a_guest_exists_so_it_counts_as_existing() =>
        Assert.Empty(Removed(Plan([.. Daily(5)[2..]], KeepOne, Here with { Exists = null })));

    [Fact]
    public void A_guest_that_is_gone_is_thinned_by_the_rules_down_to_what_always_stays() =>
        Assert.Equal(["d4"], Removed(Plan([.. Daily(5)[2..]], KeepOne with { KeepAtLeast = 2 }, Here with { Exists = false })));

    [Fact]
    public void A_retired_guest_keeps_all() => Assert.Empty(Removed(Plan(Daily(9), KeepOne, Here with { IsRetired = true })));

    [Fact]
    public void A_copy_from_the_future_neither_counts_nor_goes()
    {
        var plan = Plan([Copy(-400), .. Daily(3)], KeepOne);

        Assert.Equal(["d1", "d2"], Removed(plan));
        Assert.Contains("dated in the future", plan.Decisions.Single(decision => decision.Copy.RemoteName == "d-400").Reasons);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void A_listing_that_lacks_a_part_of_any_copy_stops_the_guest_and_no_other(int missing)
    {
        var broken = Daily(4);
        broken[missing] = broken[missing] with { IsWhole = false };

        var plan = Plan([.. broken, .. Daily(3, guest: 200)], KeepOne);

        Assert.All(plan.Removed, copy => Assert.Equal(200, copy.Guest));
        Assert.NotEmpty(plan.Removed);
    }

    [Fact]
    public void A_listing_that_came_back_empty_removes_nothing() =>
        Assert.Empty(Removed(Plan([.. Daily(30).Select(copy => copy with { IsWhole = false })], KeepOne)));

    [Theory]
    [InlineData(20, 1, false)]
    [InlineData(21, 1, true)]
    [InlineData(40, 20, false)]
    [InlineData(40, 19, true)]
    public void A_plan_that_removes_more_than_half_of_many_needs_a_person(int copies, int kept, bool needsPerson)
    {
        var plan = Plan(Daily(copies), KeepOne with { Keep = new KeepRules(kept, 0, 0, 0, 0, 0) });

        Assert.Equal(needsPerson, plan.Refusal is not null);
        Assert.Equal(copies - kept, plan.Removed.Count); // for --dry-run to show
    }

    [Fact]
    public void Whatever_the_copies_are_the_last_good_ones_stay() => (
        from ages in Gen.Int[-3, 400].Array[0, 40]
        from odd in Gen.Int[0, 3].Array[40]
        from keep in Gen.Int[0, 4].Array[6]
        from atLeast in Gen.Int[1, 5]
        from exists in Gen.Bool
        select (ages, odd, keep, atLeast, exists)).Sample(sample =>
        {
            var copies = sample.ages.Select((age, index) => Copy(age, id: index) with { IsVerified = sample.odd[index] != 0 }).ToList();
            var policy = new RetentionPolicy(
                new KeepRules(sample.keep[0], sample.keep[1], sample.keep[2], sample.keep[3], sample.keep[4], sample.keep[5]), sample.atLeast);

            var plan = Plan(copies, policy, Here with { Exists = sample.exists });

            Assert.Equal(copies.Count, plan.Decisions.Count);
            Assert.All(plan.Removed, copy => Assert.True(copy.IsVerified && copy.Time <= Now.AddDays(1)));
            var good = copies.Where(copy => copy.IsVerified && copy.Time <= Now.AddDays(1)).OrderByDescending(copy => copy.Time).ToList();
            var left = good.Except(plan.Removed).OrderByDescending(copy => copy.Time).ToList();
            Assert.Equal(good.Take(sample.atLeast).Select(copy => copy.Time), left.Take(sample.atLeast).Select(copy => copy.Time));
        });

    private static StoredCopy Copy(int daysOld, int guest = 100, int? id = null) =>
        new(id ?? (guest * 1000) + daysOld, guest, $"d{daysOld}", Now.AddDays(-daysOld), IsVerified: true, IsWhole: true);

    private static List<StoredCopy> Daily(int count, int guest = 100) => [.. Enumerable.Range(0, count).Select(day => Copy(day, guest))];

    private static PrunePlan Plan(IReadOnlyList<StoredCopy> copies, RetentionPolicy policy, GuestFacts? guest = null) =>
        PrunePlan.For(copies, policy, _ => guest ?? Here, TimeZoneInfo.Utc, Now);

    private static List<string> Removed(PrunePlan plan) => [.. plan.Removed.Select(copy => copy.RemoteName).Order()];
}
