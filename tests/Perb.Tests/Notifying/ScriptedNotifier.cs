using Perb.Scheduler.Configuration;
using Perb.Scheduler.Notifying;

namespace Perb.Tests.Notifying;

/// <summary>Takes messages, or fails as it is told.</summary>
internal sealed class ScriptedNotifier : INotifier
{
    public NotifySection Entry { get; } = new("hook", NotifyKind.Webhook);

    public string Destination => "a test";

    public Exception? Fault { get; set; }

    /// <summary>The title of what it never takes.</summary>
    public string? Unwanted { get; set; }

    public int Attempts { get; private set; }

    public List<string> Taken { get; } = [];

    public Task SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        Attempts++;
        if (Fault is not null)
        {
            throw Fault;
        }

        if (notification.Title == Unwanted)
        {
            throw new NotifyException("it answered 413") { IsOfMessage = true };
        }

        Taken.Add(notification.Title);
        return Task.CompletedTask;
    }
}
