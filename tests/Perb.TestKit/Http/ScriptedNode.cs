using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Perb.TestKit.Http;

/// <summary>
/// A TLS server on loopback that answers with the very bytes a test gives it. It knows no HTTP beyond the end of a request, so
/// nothing can smooth over what a real node does.
/// </summary>
public sealed class ScriptedNode : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<RawRequest> _requests = new();
    private readonly X509Certificate2 _certificate;
    private readonly Func<RawRequest, RawAnswer> _answer;
    private readonly Task _running;
    private int _connections;

    public ScriptedNode(X509Certificate2 certificate, Func<RawRequest, RawAnswer> answer)
    {
        (_certificate, _answer) = (certificate, answer);
        _listener.Start();
        Url = new Uri($"https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _running = AcceptAsync();
    }

    public Uri Url { get; }

    public string Fingerprint => _certificate.GetCertHashString(HashAlgorithmName.SHA256);

    public IReadOnlyCollection<RawRequest> Requests => _requests;

    public int Connections => _connections;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var served = new List<Task>();
        try
        {
            while (true)
            {
                served.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(served);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        Interlocked.Increment(ref _connections);
        using var connection = client;
        connection.NoDelay = true;
        try
        {
            await using var stream = new SslStream(connection.GetStream());
            await stream.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stop.Token);
            for (var number = 1; await ReadAsync(stream, number) is { } request; number++)
            {
                _requests.Enqueue(request);
                var answer = _answer(request);
                await (answer.After ?? Task.CompletedTask).WaitAsync(_stop.Token);
                foreach (var piece in answer.Bytes.Chunk(answer.PieceBytes))
                {
                    await stream.WriteAsync(piece, _stop.Token);
                    await stream.FlushAsync(_stop.Token);
                }

                if (!answer.KeepOpen)
                {
                    await stream.ShutdownAsync();
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or AuthenticationException or OperationCanceledException or SocketException)
        {
            // The client went away or refused the certificate; what it made of that is the test's business.
        }
    }

    private async Task<RawRequest?> ReadAsync(SslStream stream, int number)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (head.Length < 4 || head.ToString(head.Length - 4, 4) != "\r\n\r\n")
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        var request = new RawRequest(head.ToString(), [], number);
        var body = new byte[int.Parse(request.Header("Content-Length") ?? "0")];
        await stream.ReadExactlyAsync(body, _stop.Token);
        return request with { Body = body };
    }
}
