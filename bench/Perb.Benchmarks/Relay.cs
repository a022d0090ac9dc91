using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Perb.Benchmarks;

/// <summary>
/// Passes TCP connections on to the node, and remembers when each came: the client keeps none for longer than 2 s, so with a longer time
/// between polls each poll begins with one.
/// </summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<DateTimeOffset> _accepted = new();
    private readonly int _port;
    private readonly Task _running;

    public Relay(Uri node)
    {
        _port = node.Port;
        _listener.Start();
        Url = $"https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        _running = AcceptAsync();
    }

    public string Url { get; }

    public DateTimeOffset LastAcceptedBefore(DateTimeOffset instant) => _accepted.Last(accepted => accepted <= instant);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var passing = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _accepted.Enqueue(TimeProvider.System.GetUtcNow());
                passing.Add(PassAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(passing);
        }
    }

    private async Task PassAsync(TcpClient from)
    {
        using var client = from;
        using var node = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await node.ConnectAsync(IPAddress.Loopback, _port, _stop.Token);
            await Task.WhenAny(
                client.GetStream().CopyToAsync(node.GetStream(), _stop.Token), node.GetStream().CopyToAsync(client.GetStream(), _stop.Token));
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
            // Either side closed it; what it makes of that is its business.
        }
    }
}
