using Perb.Transfer.Posix;

namespace Perb.Scheduler.Discovery;

/// <summary>
/// Rings when a file appears in a directory (inotify). Only a hint: the directory may be missing, appear later, be exchanged, or send more
/// than the kernel keeps; so it is renewed from time to time, and whoever is rung for looks from time to time anyway.
/// </summary>
internal sealed class SpoolWatch(string directory, string files, Action ring) : IDisposable
{
    private FileSystemWatcher? _watcher;
    private FileFacts? _watched;

    /// <summary>Watches the directory that has the name now; rings if that was not watched before.</summary>
    /// <exception cref="IOException">The system has no inotify to spare.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public void Renew()
    {
        var named = FileFacts.At(Path.Combine(directory, ".")); // entered, so that it is the directory itself
        if (_watcher is not null && named is not null && _watched is not null && named.IsSameFileAs(_watched))
        {
            return;
        }

        Dispose();
        if (named is null)
        {
            return;
        }

        try
        {
            var watcher = new FileSystemWatcher(directory, files) { NotifyFilter = NotifyFilters.FileName };
            watcher.Created += (_, _) => ring();
            watcher.Renamed += (_, _) => ring(); // the hook gives an event its name when it is whole
            watcher.Error += (_, _) => ring();
            _watcher = watcher;
            watcher.EnableRaisingEvents = true;
            _watched = named;
            ring();
        }
        catch (ArgumentException)
        {
            Dispose(); // it vanished in between
        }
    }

    public void Dispose()
    {
        _watcher?.Dispose();
        (_watcher, _watched) = (null, null);
    }
}
