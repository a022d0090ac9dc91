using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Notifying;

/// <summary>One way to a person.</summary>
internal interface INotifier
{
    NotifySection Entry { get; }

    /// <summary>Where it goes, in words without secrets.</summary>
    string Destination { get; }

    /// <summary>Delivers one message; returns when it was taken over by whoever carries it on.</summary>
    /// <exception cref="NotifyException">It was not delivered.</exception>
    Task SendAsync(Notification notification, CancellationToken cancellationToken);
}

/// <summary>A message that was not delivered: one line that says why, without secrets.</summary>
public sealed class NotifyException(string message) : Exception(message)
{
    /// <summary>It is this message that is not wanted, and would not be another time; the next may be.</summary>
    public bool IsOfMessage { get; init; }
}
