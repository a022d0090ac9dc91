using Perb.Scheduler.Backups;
using Perb.Scheduler.Notes;
using Perb.Tests.Discovery;

namespace Perb.Tests.Notes;

public sealed class NotesTextTests
{
    private const string Line = "offsite: gdrive verified 2026-11-20 02:41 (hash)";

    [Theory]
    [InlineData("", Line)]
    [InlineData("web", "web\n" + Line)]
    [InlineData("web\n", "web\n" + Line)]
    [InlineData("web\n\n  second: ü ", "web\n\n  second: ü \n" + Line)]
    [InlineData("offsite: gdrive verified 2025-01-01 00:00 (size)", Line)]
    [InlineData("web\noffsite: gdrive verified 2025-01-01 00:00 (size)\nkeep", "web\n" + Line + "\nkeep")]
    [InlineData("web\r\noffsite: gdrive verified x\r\nkeep\r\n", "web\r\n" + Line + "\r\nkeep\r\n")]
    [InlineData("offsite: gdrive verified a\noffsite: gdrive verified b\n", Line + "\n")]
    [InlineData("offsite: gdrive2 verified x (hash)\n offsite: gdrive verified by hand", "offsite: gdrive2 verified x (hash)\n offsite: gdrive verified by hand\n" + Line)]
    [InlineData(Line + "\nweb", Line + "\nweb")]
    public void Only_the_line_of_that_remote_is_ever_touched(string notes, string expected)
    {
        var with = NotesText.With(notes, "gdrive", Line);

        Assert.Equal(expected, with);
        Assert.Equal(with, NotesText.With(with, "gdrive", Line));
    }

    [Fact]
    public void The_line_says_when_on_the_nodes_clock_and_how()
    {
        var copy = Archives.BackupOf(Archives.Found()) with
        {
            Remote = "gdrive",
            VerifiedAt = new DateTimeOffset(2026, 11, 20, 1, 41, 59, TimeSpan.Zero),
            VerifiedHow = VerifyLevel.Hash.Word(),
        };

        Assert.Equal(Line, NotesText.LineOf(copy, TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")));
    }

    [Theory]
    [InlineData('a', 60_000, false)]
    [InlineData('a', 60_001, true)]
    [InlineData('ü', 10_001, true)] // six characters each, once they are encoded
    public void Notes_longer_than_a_request_may_be_are_known(char character, int count, bool expected) =>
        Assert.Equal(expected, NotesText.IsTooLong(new string(character, count)));
}
