using System.Globalization;
using System.Text;
using Perb.Scheduler.Safety;
using Perb.Transfer;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Perb.Scheduler.Cli;

/// <summary>
/// The state of everything as people read it: what is wrong first. Fits 80 columns; wider ones show more. Colours only repeat what words say, so
/// that nothing is lost without them.
/// </summary>
internal static class StatusScreen
{
    /// <summary>From so many columns on all of a guest's times are shown.</summary>
    private const int Wide = 120;

    /// <summary>Of a guest's row, what is not its name.</summary>
    private const int WideRest = 118;
    private const int NarrowRest = 62;

    /// <summary>A host name's label has 63; a longer one would push the other columns off the screen.</summary>
    private const int LongestName = 63;
    private const int ShortestName = 8;

    /// <summary>More would push what is wrong off the screen. A pipe has none, and gets all.</summary>
    private const int MostGuests = 50;
    private const int MostWaiting = 20;

    private static readonly Style Wrong = new(Color.Red);
    private static readonly Style Right = new(Color.Green);
    private static readonly Style Aside = new(Color.Grey);

    /// <param name="report">What is shown.</param>
    /// <param name="zone">Of the times.</param>
    /// <param name="width">Of the screen, in columns.</param>
    /// <param name="onlyWrong">Of the guests those alone that are not inside their RPO: a screen that is watched has an end.</param>
    public static IRenderable Of(StatusDocument report, TimeZoneInfo zone, int width, bool onlyWrong = false)
    {
        var parts = new List<IRenderable>
        {
            Line($"Service: {(report.Service.Running ? "running" : "not running")}, last poll {Screen.Time(report.Service.LastPoll, zone)}, "
                + $"last reconcile {Screen.Time(report.Service.LastReconcile, zone)}"),
        };
        parts.AddRange(report.Troubles.Select(trouble => Line($"Trouble since {Screen.Time(trouble.Since, zone)}: {trouble.Subject}: {trouble.Text}", Wrong)));
        parts.AddRange(report.HeldBack.Select(held => Line($"Remote {held.Remote}: {held.Why}; nothing is sent before {Screen.Time(held.Until, zone)}")));
        parts.Add(Line(Summary(report.Guests), report.Guests.Any(guest => guest.RpoMet is false) ? Wrong : Style.Plain));
        var shown = report.Guests.Where(guest => !onlyWrong || guest.RpoMet is false || guest.Verdict == GuestVerdict.Unknown.Word()).ToList();
        var left = 0;
        if (shown.Count > MostGuests && width < Screen.WidthWithoutTerminal)
        {
            left = shown.Count - MostGuests;
            shown = [.. shown.OrderBy(guest => Rank(RpoInWords(guest))).Take(MostGuests)];
        }

        if (shown.Count > 0)
        {
            parts.Add(width >= Wide ? WideTable(shown, zone, width) : NarrowTable(shown, zone, width));
        }

        parts.Add(Line(left > 0 ? $"and {left} more: perb status --json" : ""));
        AddQueue(parts, report, width < Screen.WidthWithoutTerminal ? MostWaiting : int.MaxValue);
        AddFailures(parts, report, zone);
        return new Rows(parts);
    }

    /// <summary>A guest is called gone only where that is known.</summary>
    public static string RpoInWords(GuestDocument guest) => guest switch
    {
        { RpoMet: true } => "met",
        { RpoMet: false } => "MISSED",
        _ => guest.Verdict.Replace('-', ' '),
    };

    private static string Summary(IReadOnlyList<GuestDocument> guests) => guests.Count == 0
        ? "Guests: none is known yet"
        : $"Guests: {string.Join(", ", guests.GroupBy(RpoInWords).OrderBy(group => Rank(group.Key)).Select(group => $"{group.Count()} {group.Key}"))}";

    private static int Rank(string word) => word switch
    {
        "MISSED" => 0,
        "unknown" => 1,
        "met" => 2,
        _ => 3,
    };

    private static Table WideTable(IReadOnlyList<GuestDocument> guests, TimeZoneInfo zone, int width)
    {
        var table = Screen.Table("Guest", "Type", "Name", "Newest archive", "Newest verified copy", "Safe until", "RPO");
        foreach (var guest in guests)
        {
            var style = StyleOf(guest);
            table.AddRow(
                Cell(Number(guest)),
                Cell(guest.GuestType),
                Cell(NameOf(guest, width - WideRest)),
                Cell(Screen.Time(guest.NewestArchive, zone)),
                Cell(guest.NewestVerified is null ? "none" : $"{Screen.Time(guest.NewestVerified, zone)} ({guest.VerifiedHow})"),
                Cell(guest.SafeUntil is null ? "-" : Screen.Time(guest.SafeUntil, zone), style),
                Cell(RpoInWords(guest), style));
        }

        return table;
    }

    private static Table NarrowTable(IReadOnlyList<GuestDocument> guests, TimeZoneInfo zone, int width)
    {
        var table = Screen.Table("Guest", "Name", "Safe until", "Proof", "RPO");
        foreach (var guest in guests)
        {
            table.AddRow(
                Cell(Number(guest)),
                Cell(NameOf(guest, width - NarrowRest)),
                Cell(guest.SafeUntil is null ? "-" : Screen.Time(guest.SafeUntil, zone)[..^":00".Length]),
                Cell(guest.VerifiedHow ?? "-"),
                Cell(RpoInWords(guest), StyleOf(guest)));
        }

        return table;
    }

    private static void AddQueue(List<IRenderable> parts, StatusDocument report, int most)
    {
        parts.Add(Line(report.Queue.Count == 0 ? "Queue: empty" : $"Queue: {report.Queue.Count}"));
        foreach (var entry in report.Queue.Take(most))
        {
            var what = entry.Activity is { } now
                ? now.InWords()
                : entry.Backup.Failure is { } failure ? $"waits, attempt {entry.Backup.Attempt} failed: {failure}" : "waits";
            parts.Add(Line($"  {entry.Backup.RemoteName} to {entry.Backup.Remote}: {what}"));
        }

        if (report.Queue.Count > most)
        {
            parts.Add(Line($"  and {report.Queue.Count - most} more: perb list"));
        }
    }

    private static void AddFailures(List<IRenderable> parts, StatusDocument report, TimeZoneInfo zone)
    {
        if (report.Failures.Count == 0)
        {
            return;
        }

        parts.Add(Line(""));
        parts.Add(Line("Last failures:"));
        foreach (var backup in report.Failures)
        {
            var next = backup.NextAttemptAt is null ? "" : $" (again at {Screen.Time(backup.NextAttemptAt, zone)})";
            parts.Add(Line($"  {backup.Id} {backup.RemoteName} to {backup.Remote}, {backup.State}: {backup.Failure}{next}"));
        }
    }

    private static Style StyleOf(GuestDocument guest) => guest.RpoMet switch
    {
        true => Right,
        false => Wrong,
        null => Aside,
    };

    private static string Number(GuestDocument guest) => guest.Guest.ToString(CultureInfo.InvariantCulture);

    // In cells of the screen: a wide character takes two of them.
    private static string NameOf(GuestDocument guest, int room)
    {
        var most = Math.Clamp(room, ShortestName, 2 * LongestName);
        var name = Printable.Clean(guest.Name ?? "-", LongestName);
        if (name.GetCellWidth() <= most)
        {
            return name;
        }

        var cut = new StringBuilder();
        foreach (var rune in name.EnumerateRunes().TakeWhile(rune => $"{cut}{rune}…".GetCellWidth() <= most))
        {
            cut.Append(rune);
        }

        return cut.Append('…').ToString();
    }

    private static Text Cell(string text, Style? style = null) => new(Screen.Line(text), style ?? Style.Plain);

    private static Text Line(string text, Style? style = null) => new(Screen.Line(text), style ?? Style.Plain);
}
