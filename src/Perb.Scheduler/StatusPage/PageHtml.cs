using System.Globalization;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Monitoring;
using Perb.Scheduler.Notifying;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Safety;

namespace Perb.Scheduler.StatusPage;

/// <summary>The page in HTML: whole without any script, which only keeps it fresh. A part is replaced as a whole where it changed. Pure.</summary>
internal sealed class PageHtml
{
    private const int MostConcerns = 50;
    private const int MostOpen = 1;

    private readonly HtmlText _html = new();
    private readonly PageModel _page;

    private PageHtml(PageModel page) => _page = page;

    public static byte[] Of(PageModel page)
    {
        var writer = new PageHtml(page);
        writer.AddHead();
        writer.AddSummary();
        writer._html.Add($"<main>");
        writer.AddConcerns();
        writer.AddGuests();
        writer.AddQueue();
        writer.AddRemotes();
        writer._html.Add($"</main></body></html>\n");
        return writer._html.ToBytes();
    }

    private void AddHead()
    {
        var mark = _page.Safety.Late > 0 ? $"({_page.Safety.Late}) " : "";
        _html.Add($"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8">
            <title>{mark}Perb on {_page.Node}</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/app.css"><script src="/app.js" defer></script>
            <noscript><meta http-equiv="refresh" content="60"></noscript></head>
            <body data-page="{_page.Live.Page}"><a class="skip" href="#guests">To the guests</a>

            """);
    }

    private void AddSummary()
    {
        var all = _page.Safety;
        var text = all switch
        {
            { Judged: 0 } => _page.Others.Count == 0 ? "No guest is known yet" : "No guest is judged",
            { IsAllMet: true } => all.Judged == 1 ? "The guest is safe offsite" : $"All {all.Judged} guests are safe offsite",
            { Late: 0 } => $"{all.Judged} {(all.Judged == 1 ? "guest is" : "guests are")} safe offsite",
            _ => $"{all.Late} of {all.Judged} guests {(all.Late == 1 ? "is" : "are")} not safe offsite",
        };
        var more = all.Unknown > 0 ? $", of {all.Unknown} nobody can tell" : "";
        var poll = _page.LastPoll is { } last ? $"last poll {Ago.InWords(last, _page.Now)}" : "no poll yet";
        _html.Add($"""
            <header data-part="summary"><h1>Perb on {_page.Node}</h1>
            <p class="{(all.IsAllMet ? "safe" : "unsafe")}" role="status">{text}{more}</p>
            <p class="small">{poll}, as of {LocalTime.InWords(_page.Now, _page.Zone)}<span id="offline">, <b>no connection</b></span></p></header>

            """);
    }

    private void AddConcerns()
    {
        _html.Add($"<section data-part=\"concerns\" aria-label=\"What is wrong\">");
        if (_page.Concerns.Count > 0)
        {
            _html.Add($"<h2>What is wrong</h2>\n");
            foreach (var (index, concern) in _page.Concerns.Take(MostConcerns).Index())
            {
                AddConcern(concern, index < MostOpen);
            }

            if (_page.Concerns.Count > MostConcerns)
            {
                _html.Add($"<p>and {_page.Concerns.Count - MostConcerns} more: <code>perb status</code></p>");
            }
        }

        _html.Add($"</section>\n");
    }

    private void AddConcern(Concern concern, bool isOpen)
    {
        _ = isOpen ? _html.Add($"<details open>") : _html.Add($"<details>");
        _html.Add($"<summary>{concern.Headline} <code>{concern.Code.Code}</code></summary>");
        var since = concern.Since is { } at ? $" Since {Short(at)}." : "";
        _html.Add($"""
            <p>{concern.Text}.{since}</p><dl><dt>Perb</dt><dd>{concern.Code.PerbDoes}</dd><dt>You</dt><dd>{concern.Code.WhatToDo}</dd></dl></details>

            """);
    }

    private void AddGuests()
    {
        _html.Add($"<section id=\"guests\" data-part=\"guests\" tabindex=\"-1\"><h2>Guests</h2>\n");
        AddGuestTable(_page.Judged, "Guests, how long each is safe offsite, and its last days");
        _html.Add($"""
            <p class="small legend"><span class="s">shipped</span> <span class="w">on its way</span> <span class="l">late</span>
            <span class="m">missing</span> <span class="d">damaged</span></p>

            """);
        if (_page.Others.Count > 0)
        {
            _html.Add($"<details class=\"others\"><summary>{_page.Others.Count} not judged: gone, retired, left out or unknown</summary>\n");
            AddGuestTable(_page.Others, "Guests that are not judged");
            _html.Add($"</details>\n");
        }

        _html.Add($"</section>\n");
    }

    private void AddGuestTable(IReadOnlyList<GuestLine> lines, string caption)
    {
        _html.Add($"<table class=\"guests\"><caption>{caption}</caption><thead><tr><th scope=\"col\">Guest</th><th scope=\"col\">Safe until</th>");
        foreach (var day in _page.Days)
        {
            _html.Add($"<th scope=\"col\"><abbr title=\"{day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}\">{day.Day}</abbr></th>");
        }

        _html.Add($"</tr></thead><tbody>\n");
        foreach (var line in lines)
        {
            AddGuest(line);
        }

        _html.Add($"</tbody></table>\n");
    }

    private void AddGuest(GuestLine line)
    {
        var guest = line.Guest;
        var kind = guest.Verdict switch
        {
            GuestVerdict.Met => "met",
            GuestVerdict.Late => "late",
            _ => "other",
        };
        _html.Add($"<tr class=\"{kind}\"><th scope=\"row\">{guest.Guest}");
        if (guest.Name is { Length: > 0 } name)
        {
            _html.Add($" <span class=\"name\">{Perb.Transfer.Printable.Clean(name, 63)}</span>");
        }

        _html.Add($"</th><td><details><summary>{Standing(guest)}</summary>");
        foreach (var remote in guest.Remotes)
        {
            var copy = remote.Newest is { } newest ? $"{Short(newest.ArchiveTime)}, verified by {newest.VerifiedHow}" : "no verified copy";
            _html.Add($"<span>{remote.Remote}: {copy}</span>");
        }

        var archive = guest.NewestArchive is { } at ? Short(at) : "none";
        var covered = guest.IsCovered is false ? "; no vzdump job includes it" : "";
        _html.Add($"<span>newest archive: {archive}{covered}</span></details></td>");
        foreach (var mark in line.Days)
        {
            AddDay(mark);
        }

        _html.Add($"</tr>\n");
    }

    // The letter gives the shape and the colour, the word is for those who see neither.
    private void AddDay(DayMark mark) => _ = mark switch
    {
        DayMark.Shipped => _html.Add($"<td class=\"s\"><i>shipped</i></td>"),
        DayMark.Waiting => _html.Add($"<td class=\"w\"><i>on its way</i></td>"),
        DayMark.Late => _html.Add($"<td class=\"l\"><i>late</i></td>"),
        DayMark.Missing => _html.Add($"<td class=\"m\"><i>missing</i></td>"),
        DayMark.Damaged => _html.Add($"<td class=\"d\"><i>damaged</i></td>"),
        _ => _html.Add($"<td class=\"n\"></td>"),
    };

    private string Standing(GuestSafety guest) => guest switch
    {
        { Verdict: GuestVerdict.Met or GuestVerdict.Late, SafeUntil: { } until } => $"{Short(until)} ({Ago.InWords(until, _page.Now)})",
        { Verdict: GuestVerdict.Late } => "never was",
        _ => guest.Verdict.Word().Replace('-', ' '),
    };

    private void AddQueue()
    {
        _html.Add($"<section><h2>Queue</h2>\n<ul id=\"working\">");
        foreach (var line in _page.Live.Working)
        {
            _html.Add($"""
                <li><b>{line.Backup}</b> to {line.Remote}: <span>{line.What}</span>
                <progress max="100" value="{line.Percent}">{line.Percent} %</progress> <span>{line.Left}</span></li>

                """);
        }

        _html.Add($"</ul>\n<p><span id=\"waiting\">{_page.Live.Waiting}</span> waiting</p></section>\n");
    }

    private void AddRemotes()
    {
        _html.Add($"""
            <section data-part="remotes"><h2>Remotes</h2>
            <table class="remotes"><thead><tr><th scope="col">Remote</th><th scope="col">Copies</th><th scope="col">Size</th>
            <th scope="col">of it, last {RemoteStocks.RecentDays} days</th><th scope="col">Last success</th><th scope="col">Waits</th></tr></thead><tbody>

            """);
        foreach (var remote in _page.Remotes)
        {
            var success = remote.Stock?.LastPublishedAt is { } at ? $"{Short(at)} ({Ago.InWords(at, _page.Now)})" : "never";
            var waits = remote.Queue is { } queue ? $"{queue.Backups}, {ByteSize.Format(queue.ArchiveBytes)}" : "none";
            var held = remote.HeldBack is { } back ? $"; {back.Why}, nothing is sent before {Short(back.Until)}" : "";
            _html.Add($"""
                <tr><th scope="row">{remote.Name}</th><td>{remote.Stock?.Copies ?? 0}</td><td>{ByteSize.Format(remote.Stock?.Bytes ?? 0)}</td>
                <td>{ByteSize.Format(remote.Stock?.RecentBytes ?? 0)}</td><td>{success}</td><td>{waits}{held}</td></tr>

                """);
        }

        _html.Add($"</tbody></table></section>\n");
    }

    private string Short(DateTimeOffset instant) =>
        TimeZoneInfo.ConvertTime(instant, _page.Zone).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
