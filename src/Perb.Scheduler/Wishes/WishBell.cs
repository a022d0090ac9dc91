using Perb.Scheduler.Discovery;

namespace Perb.Scheduler.Wishes;

/// <summary>
/// How a command tells the service that there is a wish: it writes a file in a directory that the service watches (inotify), so that a service
/// without wishes does nothing. A directory of its own: in the state directory every write of the store would be an event.
/// </summary>
internal static class WishBell
{
    internal const string DirectoryName = "wishes";
    private const string FileName = "asked";

    /// <summary>After the wish was committed. The service looks from time to time anyway, so a bell that cannot be rung is no failure.</summary>
    public static void Ring(string stateDirectory)
    {
        try
        {
            var file = Path.Combine(Directory.CreateDirectory(Path.Combine(stateDirectory, DirectoryName)).FullName, FileName);

            // Made anew each time: what lies there could be a link, and whoever rings may be root.
            File.Delete(file);
            using var bell = new FileStream(file, FileMode.CreateNew, FileAccess.Write);
            bell.Write("a wish was asked for\n"u8);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>Rings once at the beginning.</summary>
    /// <exception cref="IOException">The system has no inotify to spare, or the directory cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public static IDisposable Listen(string stateDirectory, Action rung)
    {
        var watch = new SpoolWatch(Directory.CreateDirectory(Path.Combine(stateDirectory, DirectoryName)).FullName, FileName, rung);
        watch.Renew();
        return watch;
    }
}
