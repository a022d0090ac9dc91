using System.Text;
using Microsoft.Extensions.Time.Testing;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Notifying;
using Perb.TestKit.Http;
using Perb.Tests.Discovery;

namespace Perb.Tests.Notifying;

/// <summary>A real TLS server that answers as badly as it can.</summary>
public sealed class WebCallTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-notify-");

    private string CaFile
    {
        get
        {
            var file = Path.Combine(_folder.FullName, "ca.pem");
            File.WriteAllText(file, _authority.Pem);
            return file;
        }
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task It_is_one_request_with_the_headers_of_the_file()
    {
        await using var server = Answering(RawAnswer.Json("{}"));

        await SendAsync(server, ("Authorization", "Bearer s3cret"));

        var request = Assert.Single(server.Requests);
        Assert.Equal(("POST", "/hook/s3cret-path", "Bearer s3cret"), (request.Method, request.Target, request.Header("Authorization")));
        Assert.StartsWith("application/json", request.Header("Content-Type"), StringComparison.Ordinal);
        Assert.Contains("\"event\":\"test\"", request.BodyText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 500 Oops\r\nContent-Length: 11\r\n\r\nout\nof\norder", "answered 500: out of orde")]
    [InlineData("HTTP/1.1 403 No\r\nContent-Length: 28\r\n\r\nno right: Bearer s3cret\u001b[2Jxx", "answered 403: no right: ***\\u{1B}[2J")]
    [InlineData("HTTP/1.1 404 No\r\nContent-Length: 17\r\n\r\n/hook/s3cret-path", "answered 404: ***")]
    [InlineData("HTTP/1.1 404 No\r\nContent-Length: 26\r\n\r\n{\"no\":\"hook\\/s3cret-path\"}", "answered 404: {\"no\":\"hook/***\"}")]
    [InlineData("HTTP/1.1 404 No\r\nContent-Length: 22\r\n\r\nunknown is s3cret-path", "answered 404: unknown is ***")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: https://evil.example.org/x\r\nContent-Length: 0\r\n\r\n", "answered 302: it points to another address (evil.example.org), which is not followed")]
    [InlineData("HTTP/1.1 301 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", "answered 301: it points to another address, which is not followed")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "127.0.0.1: ")]
    [InlineData("", "127.0.0.1: ")]
    public async Task What_is_no_success_is_one_line_without_secrets(string answer, string expected)
    {
        await using var server = Answering(RawAnswer.Text(answer));

        var fault = await FaultAsync(server, ("Authorization", "Bearer s3cret"));

        Assert.Contains(expected, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", fault, StringComparison.Ordinal);
        Assert.DoesNotContain(fault, char.IsControl);
        Assert.True(fault.Length < 400);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n", false)]
    [InlineData("HTTP/1.1 500 Oops\r\n\r\n", true)]
    public async Task An_answer_without_end_is_not_read_to_its_end(string head, bool isFault)
    {
        var endless = new RawAnswer([.. Encoding.ASCII.GetBytes(head), .. Enumerable.Repeat((byte)'x', 64 << 20)], PieceBytes: 1 << 16);
        await using var server = Answering(endless);

        var fault = await Record.ExceptionAsync(() => SendAsync(server));

        Assert.Equal(isFault, fault is NotifyException);
    }

    [Fact]
    public async Task Headers_without_end_are_a_failure()
    {
        await using var server = Answering(new RawAnswer(
            Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{string.Concat(Enumerable.Repeat($"X: {new string('x', 1000)}\r\n", 100))}\r\n"), PieceBytes: 4096));

        Assert.Contains("127.0.0.1: ", await FaultAsync(server), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nand then nothing")]
    public async Task A_server_that_hangs_is_left_after_half_a_minute(string begin)
    {
        var time = new FakeTimeProvider(Archives.Now);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var never = new TaskCompletionSource();
        await using var server = new ScriptedNode(_authority.Issue(), _ =>
        {
            asked.TrySetResult();
            return begin.Length == 0 ? RawAnswer.None with { After = never.Task } : RawAnswer.Text(begin) with { PieceBytes = 4096, KeepOpen = true };
        });

        var sending = SendAsync(server, time: time);
        await asked.Task.WaitAsync(TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(31));

        Assert.Contains("did not answer within 00:00:30", (await Assert.ThrowsAsync<NotifyException>(() => sending)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_told_nothing()
    {
        using var other = new TestAuthority("Another CA");
        await using var server = new ScriptedNode(other.Issue(), _ => RawAnswer.Json("{}"));

        Assert.Contains("SSL", await FaultAsync(server), StringComparison.OrdinalIgnoreCase);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_stop_is_a_stop_and_no_failure()
    {
        var never = new TaskCompletionSource();
        using var stop = new CancellationTokenSource();
        await using var server = new ScriptedNode(_authority.Issue(), _ =>
        {
            stop.Cancel();
            return RawAnswer.None with { After = never.Task };
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => SendAsync(server, stop: stop.Token));
    }

    [Theory]
    [InlineData(PingSignal.Success, "/hook/s3cret-path")]
    [InlineData(PingSignal.Start, "/hook/s3cret-path/start")]
    [InlineData(PingSignal.Fail, "/hook/s3cret-path/fail")]
    [InlineData(PingSignal.Log, "/hook/s3cret-path/log")]
    internal async Task A_ping_says_by_its_address_what_it_means(PingSignal signal, string target)
    {
        await using var server = Answering(RawAnswer.Json("OK"));
        var (entry, access) = Access(server);
        using var ping = new DeadManPing(entry, access, new WebCall(entry, "k", access, TimeProvider.System));

        await ping.SignalAsync(signal, "2 guests inside their RPO\nthe end", TestContext.Current.CancellationToken);

        var request = Assert.Single(server.Requests);
        Assert.Equal(target, request.Target);
        Assert.Equal("2 guests inside their RPO\nthe end", request.BodyText);
    }

    private ScriptedNode Answering(RawAnswer answer) => new(_authority.Issue(), _ => answer);

    private async Task<string> FaultAsync(ScriptedNode server, params (string, string)[] headers) =>
        (await Assert.ThrowsAsync<NotifyException>(() => SendAsync(server, headers))).Message;

    private Task SendAsync(ScriptedNode server, params (string, string)[] headers) => SendAsync(server, TimeProvider.System, headers);

    private async Task SendAsync(
        ScriptedNode server, TimeProvider? time = null, (string, string)[]? headers = null, CancellationToken? stop = null)
    {
        var (entry, access) = Access(server, headers ?? []);
        using var notifier = new WebNotifier(entry, access, new WebCall(entry, "k", access, time ?? TimeProvider.System));
        await notifier.SendAsync(NotificationText.Test("pve1", Archives.Now), stop ?? TestContext.Current.CancellationToken);
    }

    private (NotifySection Entry, WebAccess Access) Access(ScriptedNode server, params (string, string)[] headers) =>
        (new NotifySection("hook", NotifyKind.Webhook) { CaFile = CaFile }, new WebAccess(new Uri(server.Url, "/hook/s3cret-path"), true, headers, null));
}
