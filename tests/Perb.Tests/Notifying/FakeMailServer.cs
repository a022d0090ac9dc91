using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Perb.Tests.Notifying;

/// <summary>Takes mail on loopback as a mail server does, and remembers what it was told.</summary>
internal sealed class FakeMailServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    /// <param name="answers">Instead of the usual answer to a command, by its first word; empty: it says nothing any more.</param>
    public FakeMailServer(IReadOnlyDictionary<string, string>? answers = null)
    {
        Answers = answers ?? new Dictionary<string, string>();
        _listener.Start();
        _running = AcceptAsync();
    }

    public IReadOnlyDictionary<string, string> Answers { get; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public ConcurrentQueue<string> Commands { get; } = new();

    public ConcurrentQueue<string> Mails { get; } = new();

    /// <summary>Ends when it was asked something that it does not answer.</summary>
    public TaskCompletionSource Silent { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _running;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                await ServeAsync(client.GetStream());
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or IOException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.Latin1);
        await SayAsync("220 fake ESMTP");
        while (await reader.ReadLineAsync(_stop.Token) is { } line)
        {
            Commands.Enqueue(line);
            var word = line.Split(' ')[0].ToUpperInvariant();
            var answer = Answers.GetValueOrDefault(word) ?? word switch
            {
                "EHLO" => "250-fake\r\n250 AUTH PLAIN",
                "AUTH" => "235 ok",
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            if (answer.Length == 0)
            {
                Silent.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stop.Token);
            }

            await SayAsync(answer);
            if (word == "DATA" && answer.StartsWith('3'))
            {
                await TakeAsync(reader);
                await SayAsync(Answers.GetValueOrDefault(".") ?? "250 queued");
            }
        }

        Task SayAsync(string answer) => stream.WriteAsync(Encoding.Latin1.GetBytes(answer + "\r\n"), _stop.Token).AsTask();
    }

    private async Task TakeAsync(StreamReader reader)
    {
        var mail = new StringBuilder();
        while (await reader.ReadLineAsync(_stop.Token) is { } line && line != ".")
        {
            mail.Append(line).Append('\n');
        }

        Mails.Enqueue(mail.ToString());
    }
}
