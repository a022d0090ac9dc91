using Perb.Scheduler.Discovery;

namespace Perb.Tests.Discovery;

public sealed class SpoolWatchTests : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("perb-watch-");
    private readonly SemaphoreSlim _rung = new(0);
    private readonly SpoolWatch _watch;

    public SpoolWatchTests() => _watch = new SpoolWatch(Spool, "*.event", () => _rung.Release());

    private string Spool => Path.Combine(_root.FullName, "spool");

    public void Dispose()
    {
        _watch.Dispose();
        _rung.Dispose();
        _root.Delete(recursive: true);
    }

    [Fact]
    public async Task An_event_that_gets_its_name_rings()
    {
        Directory.CreateDirectory(Spool);
        _watch.Renew();
        Assert.True(await RangAsync());

        Event("1");

        Assert.True(await RangAsync());
    }

    [Fact]
    public async Task A_spool_that_appears_later_or_anew_is_watched_from_the_next_renewal_on()
    {
        _watch.Renew();
        Directory.CreateDirectory(Spool);
        _watch.Renew();
        Assert.True(await RangAsync());
        Directory.Move(Spool, Spool + ".old");
        Directory.CreateDirectory(Spool);
        _watch.Renew();
        Assert.True(await RangAsync());

        Event("1");

        Assert.True(await RangAsync());
    }

    [Fact]
    public void Renewing_what_is_watched_rings_nobody()
    {
        Directory.CreateDirectory(Spool);
        _watch.Renew();
        _watch.Renew();

        Assert.Equal(1, _rung.CurrentCount);
    }

    private Task<bool> RangAsync() => _rung.WaitAsync(Longest, TestContext.Current.CancellationToken);

    // As the hook writes it.
    private void Event(string name)
    {
        var partial = Path.Combine(Spool, $".{name}.partial");
        File.WriteAllText(partial, "");
        HookMove(partial, Path.Combine(Spool, $"{name}.event"));
    }

    private static void HookMove(string from, string to)
    {
        using var move = System.Diagnostics.Process.Start("mv", ["-fT", "--", from, to]);
        move.WaitForExit();
    }
}
