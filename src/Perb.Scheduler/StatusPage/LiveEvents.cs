using Microsoft.AspNetCore.Http;

namespace Perb.Scheduler.StatusPage;

/// <summary>Server-sent events: what is worked on, whenever it changes. Costs nothing while nobody listens.</summary>
internal sealed class LiveEvents(LiveQueue live, TimeProvider time)
{
    public const int MostListeners = 16;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(15); // shorter than what proxies bear
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1); // then browsers ask again, and show their secret anew

    private int _listeners;

    /// <summary>False: too many listen already.</summary>
    public async Task<bool> TryFollowAsync(HttpContext context, CancellationToken stopping)
    {
        if (Interlocked.Increment(ref _listeners) > MostListeners)
        {
            Interlocked.Decrement(ref _listeners);
            return false;
        }

        try
        {
            context.Response.ContentType = "text/event-stream";
            if (!HttpMethods.IsHead(context.Request.Method))
            {
                using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
                await FollowAsync(context.Response.Body, ended.Token);
            }

            return true;
        }
        finally
        {
            Interlocked.Decrement(ref _listeners);
        }
    }

    private async Task FollowAsync(Stream to, CancellationToken cancellationToken)
    {
        byte[] last = [];
        var (beganAt, saidAt) = (time.GetTimestamp(), time.GetTimestamp());
        using var timer = new PeriodicTimer(BetweenLooks, time);
        do
        {
            var now = await live.ReadJsonAsync(cancellationToken);
            if (!now.AsSpan().SequenceEqual(last))
            {
                await to.WriteAsync((byte[])[.. "data: "u8, .. now, .. "\n\n"u8], cancellationToken);
                (last, saidAt) = (now, time.GetTimestamp());
            }
            else if (time.GetElapsedTime(saidAt) >= LongestSilence)
            {
                await to.WriteAsync(": still here\n\n"u8.ToArray(), cancellationToken);
                saidAt = time.GetTimestamp();
            }

            await to.FlushAsync(cancellationToken);
        }
        while (time.GetElapsedTime(beganAt) < Longest && await timer.WaitForNextTickAsync(cancellationToken));
    }
}
