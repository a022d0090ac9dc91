using System.Collections.Concurrent;

namespace Perb.Scheduler.Discovery;

/// <summary>
/// Looks at files, but not for ever: on a mount whose server is gone the kernel keeps whoever touches it, and no token gets him out. Then
/// the thread is left behind, one for each place, until the mount answers.
/// </summary>
public sealed class TimedLook(TimeSpan patience, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Task> _hanging = new(StringComparer.Ordinal);

    /// <exception cref="TimeoutException">It hangs, or an earlier one there still does.</exception>
    public async Task<T> AtAsync<T>(string place, Func<T> look, CancellationToken cancellationToken)
    {
        if (_hanging.TryGetValue(place, out var before) && !before.IsCompleted)
        {
            throw Hanging(place);
        }

        // A thread of its own: those of the pool are few, and everything else needs them.
        var looking = Task.Factory.StartNew(look, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            return await looking.WaitAsync(patience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            _hanging[place] = looking;
            throw Hanging(place);
        }
    }

    private static TimeoutException Hanging(string place) => new($"{place} does not answer: is the server of its mount there?");
}
