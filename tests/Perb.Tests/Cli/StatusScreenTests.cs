using Perb.Scheduler.Backups;
using Perb.Scheduler.Cli;
using Perb.Scheduler.Store;
using Perb.Tests.Discovery;
using Spectre.Console;

namespace Perb.Tests.Cli;

public sealed class StatusScreenTests
{
    private const string Copy = "2026-11-20 02:00";

    [Theory]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(120)]
    [InlineData(160)]
    public void No_line_is_wider_than_the_screen(int width)
    {
        var lines = Render(width, Whole()).Split('\n');

        Assert.All(lines, line => Assert.InRange(line.GetCellWidth(), 0, width));
        Assert.Contains(lines, line => line.Contains("101", StringComparison.Ordinal) && line.Contains("MISSED", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains(Copy, StringComparison.Ordinal) && line.Contains("met", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("not included", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("Safe until", StringComparison.Ordinal));
    }

    [Fact]
    public void A_name_of_nothing_but_marks_of_omission_is_cut_like_any_other() =>
        Assert.Contains("…", Render(80, Whole() with { Guests = [Guest(100, "met", true, Archives.Now, new string('…', 63))] }), StringComparison.Ordinal);

    [Fact]
    public void Of_thousands_a_terminal_shows_the_worst_and_a_pipe_all()
    {
        var many = Whole() with
        {
            Guests = [.. Enumerable.Range(1000, 3000).Select(id => Guest(id, "met", true, Archives.Now, null)), Guest(9999, "late", false, null, null)],
            Queue = [.. Enumerable.Repeat(Whole().Queue[0], 3000)],
        };

        var screen = Render(80, many);

        Assert.InRange(screen.Split('\n').Length, 60, 120);
        Assert.Contains("9999", screen, StringComparison.Ordinal);
        Assert.Contains("and 2951 more: perb status --json", screen, StringComparison.Ordinal);
        Assert.Contains("and 2980 more: perb list", screen, StringComparison.Ordinal);
        Assert.True(Render(1000, many).Split('\n').Length > 6000);
    }

    [Fact]
    public void On_a_pipe_every_fact_is_one_whole_line()
    {
        var lines = Render(1000, Whole()).Split('\n');

        Assert.Contains(lines, line => line.EndsWith(string.Concat(Enumerable.Repeat("word ", 40)).Trim(), StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains(new string('漢', 60), StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains('\u001b'));
    }

    [Fact]
    public void The_first_lines_tell_what_is_wrong() =>
        Assert.Contains("Guests: 1 MISSED, 1 met, 1 not included", Render(80, Whole()), StringComparison.Ordinal);

    [Fact]
    public void A_watched_screen_shows_of_the_guests_those_that_are_not_safe()
    {
        var text = Render(80, Whole(), onlyWrong: true);

        Assert.Contains("MISSED", text, StringComparison.Ordinal);
        Assert.DoesNotContain(Copy, text, StringComparison.Ordinal);
    }

    [Fact]
    public void Before_the_first_reconcile_nothing_is_called_safe() =>
        Assert.Contains("Guests: none is known yet", Render(80, Whole() with { Guests = [] }), StringComparison.Ordinal);

    private static StatusDocument Whole() => new(
        new ServiceDocument(true, Archives.Now, Archives.Now),
        [
            Guest(100, "met", true, Archives.Found().Time, new string('漢', 63)),
            Guest(101, "late", false, null, "web\u001b[2J\r\n"),
            Guest(999_999_999, "not-included", null, null, null),
        ],
        [new QueueDocument(BackupDocument.Of(Archives.BackupOf(Archives.Found())), new Activity("upload", 1, 3, 1 << 29, 1 << 30, 1 << 20))],
        [BackupDocument.Of(Archives.BackupOf(Archives.Found()) with { Failure = string.Concat(Enumerable.Repeat("word ", 40)) })],
        [new Trouble("remote offsite", Archives.Now, string.Concat(Enumerable.Repeat("word ", 40)).Trim())],
        [new HeldBack("offsite", Archives.Now, "its UploadWindow is 22:00-06:00")]);

    private static GuestDocument Guest(int id, string verdict, bool? met, DateTimeOffset? copy, string? name) => new(
        id, "qemu", name, copy, copy, copy is null ? null : "download", met, true, verdict, 1, copy, false, true, true, []);

    private static string Render(int width, StatusDocument report, bool onlyWrong = false)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = width;
        console.Write(StatusScreen.Of(report, TimeZoneInfo.Utc, width, onlyWrong));
        return text.ToString();
    }
}
