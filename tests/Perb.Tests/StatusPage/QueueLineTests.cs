using Perb.Scheduler.StatusPage;
using Perb.Scheduler.Store;
using Perb.Tests.Discovery;

namespace Perb.Tests.StatusPage;

public sealed class QueueLineTests
{
    private const long Mebi = 1 << 20;

    [Theory]
    [InlineData("seal", 1, 10, 0, 0, 0, "")] // nothing is there before something is sent
    [InlineData("upload", 1, 10, 5, 1, 5, "about 1 min left")]
    [InlineData("upload", 2, 10, 5, 1, 15, "about 85 s left")]
    [InlineData("upload", 10, 10, 10, 1, 100, "about 0 s left")]
    [InlineData("upload", 1, 10, 0, 0, 0, "")] // no speed yet
    public void Progress_and_what_is_left_are_of_the_whole_backup(string step, int volume, int total, int done, int speed, int percent, string left)
    {
        var backup = Archives.BackupOf(Archives.Found()) with { SizeBytes = 100 * Mebi };

        var line = QueueLine.Of(backup, new Activity(step, volume, 10, done * Mebi, total * Mebi, speed * Mebi), 10 * Mebi);

        Assert.Equal((percent, left), (line.Percent, line.Left));
    }
}
