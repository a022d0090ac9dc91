using System.Text;
using System.Text.RegularExpressions;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Monitoring;
using Perb.Scheduler.Notifying;
using Perb.Scheduler.Safety;
using Perb.Scheduler.StatusPage;
using Perb.Scheduler.Store;
using Perb.Tests.Configuration;

namespace Perb.Tests.StatusPage;

public sealed partial class PageHtmlTests
{
    private const string Evil = "<img src=x onerror=alert(1)>\"'&";

    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
    private static readonly PerbOptions Options = Some.Options("\"TimeZone\": \"Etc/UTC\", \"Proxmox\": { \"Node\": \"pve1\" }");

    [Fact]
    public void The_first_line_says_whether_all_is_well()
    {
        Assert.Contains("All 2 guests are safe offsite", Html([Guest(100, 5), Guest(101, 6)]), StringComparison.Ordinal);
        Assert.Contains("1 of 2 guests is not safe offsite", Html([Guest(100, 5), Guest(101, 50)]), StringComparison.Ordinal);
        Assert.Contains("<title>(1) Perb on pve1</title>", Html([Guest(100, 5), Guest(101, 50)]), StringComparison.Ordinal);
        Assert.Contains("1 guest is safe offsite, of 1 nobody can tell", Html([Guest(100, 5), Guest(101, 5, exists: null)]), StringComparison.Ordinal);
        Assert.Contains("No guest is known yet", Html([]), StringComparison.Ordinal);
        Assert.Contains("No guest is judged", Html([Guest(100, 5, exists: false)]), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_what_is_known_of_every_guest_is_green()
    {
        const string green = "<p class=\"safe\"";

        Assert.Contains(green, Html([Guest(100, 5), Guest(101, 5, exists: false)]), StringComparison.Ordinal);
        Assert.All(
            (GuestSafety[][])[[Guest(100, 50)], [Guest(100, 5), Guest(101, 5, exists: null)], [Guest(100, 5, exists: false)], []],
            guests => Assert.DoesNotContain(green, Html(guests), StringComparison.Ordinal));
    }

    [Fact]
    public void The_worst_guests_come_first_and_those_that_are_not_judged_last()
    {
        var html = Html([Guest(100, 5), Guest(101, 20), Guest(102, 50), Guest(103, 5, exists: false), Guest(104, null)]);

        Assert.Equal(["104", "102", "101", "100", "103"], RowHeads().Matches(html).Select(match => match.Groups[1].Value));
        Assert.Contains("1 not judged", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_guest_says_until_when_it_is_safe_and_by_which_proof()
    {
        var html = Html([Guest(100, 5)]);

        Assert.Contains("2026-11-29 13:00 (in 25 h)", html, StringComparison.Ordinal);
        Assert.Contains("gdrive: 2026-11-28 07:00, verified by hash", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hostile_name_wherever_it_comes_from_stays_text()
    {
        var backup = new QueueLine(Evil, Evil, Evil, 45, Evil);
        var concern = new Concern("k", AlarmCode.Other, Evil, null, Evil, Evil, Now, IsUrgent: true);
        var held = new HeldBack("gdrive", Now, Evil);

        var html = Html([Guest(100, 5) with { Name = Evil }], [concern], new Live([backup], 1, "x"), [held]);

        Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
        Assert.Equal(8, html.Split("&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;").Length - 1);
    }

    [Fact]
    public void Nothing_is_inline_and_nothing_is_foreign()
    {
        var html = Html([Guest(100, 5), Guest(101, 50)]);

        Assert.DoesNotMatch(@"(?i)<style|\sstyle=|\son[a-z]+=|<script(?! src=""/app\.js"" defer></script>)|javascript:|https?://", html);
    }

    [Fact]
    public void A_matter_says_what_perb_does_and_what_the_person_does()
    {
        var html = Html([], [new Concern("k", AlarmCode.Remote, "remote gdrive", null, "trouble with remote gdrive", "it refuses", Now, IsUrgent: true)]);

        Assert.Contains("PERB-REMOTE-01", html, StringComparison.Ordinal);
        Assert.Contains(AlarmCode.Remote.PerbDoes, html, StringComparison.Ordinal);
        Assert.Contains(AlarmCode.Remote.WhatToDo, html, StringComparison.Ordinal);
    }

    [Fact]
    public void Thousands_of_matters_do_not_bury_the_guests()
    {
        var html = Html([], [.. Enumerable.Range(0, 3000).Select(n => new Concern($"{n}", AlarmCode.Other, "s", null, "h", "t", Now, IsUrgent: true))]);

        Assert.Contains("and 2950 more", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Remotes_show_size_growth_and_what_waits()
    {
        var facts = Facts([], []) with
        {
            Stocks = new Stocks([new RemoteStock("gdrive", 12, 3L << 40, 1L << 30, Now.AddHours(-3))], []),
            Queues = [new RemoteBacklog("gdrive", 2, 5L << 30, Now)],
        };

        var html = Encoding.UTF8.GetString(PageHtml.Of(PageModel.Of(facts, [], new Live([], 0, "x"), Options)));

        Assert.All(
            (string[])["3.00 TiB", "1.00 GiB", "2, 5.00 GiB", "2026-11-28 09:00 (3 h ago)"], text => Assert.Contains(text, html, StringComparison.Ordinal));
    }

    private static string Html(IReadOnlyList<GuestSafety> guests, IReadOnlyList<Concern>? concerns = null, Live? live = null, IReadOnlyList<HeldBack>? held = null) =>
        Encoding.UTF8.GetString(PageHtml.Of(PageModel.Of(
            Facts(guests, concerns ?? []) with { HeldBack = held ?? [] }, [], live ?? new Live([], 0, "x"), Options)));

    private static StatusFacts Facts(IReadOnlyList<GuestSafety> guests, IReadOnlyList<Concern> concerns) =>
        new(Now, Now, Now, guests, concerns, [], [], new Stocks([], []));

    private static GuestSafety Guest(int id, int? hoursOld, bool? exists = true) => GuestSafety.Of(
        new GuestCopies(
            id,
            "qemu",
            null,
            exists,
            null,
            hoursOld is { } hours ? new Dictionary<string, CopyProof> { ["gdrive"] = new(Now.AddHours(-hours), "hash", Now) } : new Dictionary<string, CopyProof>())
        {
            FirstSeenAt = Now.AddYears(-1),
        },
        Options,
        Now);

    [GeneratedRegex("<th scope=\"row\">([0-9]+)")]
    private static partial Regex RowHeads();
}
