using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Notifying;

/// <summary>What the one who listens is told: the words of Healthchecks.</summary>
internal enum PingSignal
{
    Success,
    Start,
    Fail,

    /// <summary>Kept there, and nothing concluded from it.</summary>
    Log,
}

/// <summary>Calls an address whose owner makes noise when it is not called any more: then neither Perb nor the node can tell anybody.</summary>
internal sealed class DeadManPing(NotifySection entry, WebAccess access, WebCall call) : INotifier, IDisposable
{
    public NotifySection Entry => entry;

    public string Destination => access.Shown;

    /// <exception cref="NotifyException">It was not taken.</exception>
    public Task SignalAsync(PingSignal signal, string body, CancellationToken cancellationToken) => call.SendAsync(
        HttpMethod.Post,
        signal == PingSignal.Success ? access.Url : WebShape.Below(access.Url, signal.ToString().ToLowerInvariant()),
        body,
        "text/plain",
        cancellationToken);

    /// <summary>A test, which must not look like all is well, nor like the opposite.</summary>
    public Task SendAsync(Notification notification, CancellationToken cancellationToken) =>
        SignalAsync(PingSignal.Log, $"{notification.Title}\n{notification.Text}", cancellationToken);

    public void Dispose() => call.Dispose();
}
