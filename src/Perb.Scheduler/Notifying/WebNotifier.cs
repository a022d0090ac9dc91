using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Notifying;

/// <summary>Messages as JSON to an address of the web, in the shape of its kind.</summary>
internal sealed class WebNotifier(NotifySection entry, WebAccess access, WebCall call) : INotifier, IDisposable
{
    public NotifySection Entry => entry;

    public string Destination => access.Shown;

    public Task SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        var (url, body) = WebShape.Of(entry, access, notification);
        return call.SendAsync(new HttpMethod(entry.Method), url, body.ToJsonString(), "application/json", cancellationToken);
    }

    public void Dispose() => call.Dispose();
}
