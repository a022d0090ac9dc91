using System.Net;
using System.Net.Sockets;
using System.Text;
using Perb.ProxmoxClient;
using Perb.TestKit.Http;

namespace Perb.Tests.ProxmoxClient;

public sealed class FailureTests
{
    private static readonly Upid Task101 = Upid.Parse("UPID:pve1:00001093:0012AB35:65F43F76:vzdump:101:root@pam:");

    [Theory]
    [InlineData(401, "No ticket", typeof(NotAuthorizedException), false)]
    [InlineData(403, "Permission check failed (/, Sys.Audit)", typeof(PermissionDeniedException), false)]
    [InlineData(404, "Not Found", typeof(BadAnswerException), false)]
    [InlineData(500, "storage 'x' does not exist", typeof(NotFoundException), false)]
    [InlineData(500, "volume_size_info on 'local:backup/x.vma' failed - no format", typeof(NotFoundException), false)]
    [InlineData(500, "hostname lookup 'pve9' failed - failed to get address info", typeof(NotFoundException), false)]
    [InlineData(500, "storage 'off' is disabled", typeof(UnavailableException), true)]
    [InlineData(500, "storage 'x' is not available on node 'pve1'", typeof(UnavailableException), true)]
    [InlineData(500, "storage 'nas' is not online", typeof(UnavailableException), true)]
    [InlineData(500, "unable to activate storage 'gone' - directory is expected to be a mount point but is not mounted", typeof(UnavailableException), true)]
    [InlineData(500, "unable to activate storage 'usb' - directory '/mnt/usb' does not exist or is unreachable", typeof(UnavailableException), true)]
    [InlineData(500, "unable to open '/etc/pve/storage.cfg' - No such file or directory", typeof(ProxmoxException), true)]
    [InlineData(500, "can't lock file '/var/lock/x' - got timeout", typeof(ProxmoxException), true)]
    [InlineData(501, "Method 'GET /x' not implemented", typeof(ProxmoxException), false)]
    [InlineData(506, "upload 'Content-Type 'text/plain' not implemented", typeof(ProxmoxException), false)]
    [InlineData(502, "Bad Gateway", typeof(UnavailableException), true)]
    [InlineData(503, "Service Unavailable", typeof(UnavailableException), true)]
    [InlineData(595, "Connection refused", typeof(UnavailableException), true)]
    [InlineData(596, "Connection timed out", typeof(UnavailableException), true)]
    [InlineData(597, "", typeof(UnavailableException), true)]
    [InlineData(599, "Too many redirections", typeof(UnavailableException), true)]
    [InlineData(204, "No Content", typeof(BadAnswerException), false)]
    public async Task A_status_with_only_a_reason_phrase_says_what_happened(int status, string reason, Type expected, bool transient)
    {
        await using var connection = new NodeConnection(_ =>
            RawAnswer.Text($"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nServer: pve-api-daemon/3.0\r\n\r\n"));

        var failure = await ThrowsAsync(connection, expected);

        Assert.Equal((status, "/version", transient), (failure.Status, failure.Path, failure.IsTransient));
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parameter_errors_name_the_parameter()
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Json(
            """{"data":null,"message":"Parameter verification failed.\n","errors":{"limit":"value must have a minimum value of 0"}}""",
            400,
            "Parameter verification failed."));

        var failure = await ThrowsAsync(connection, typeof(ProxmoxException));

        Assert.Contains("limit: value must have a minimum value of 0", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forgotten_task_is_not_found()
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Json(
            """{"data":null,"errors":{"upid":"no such task"}}""", 400, "Parameter verification failed."));

        var failure = await Assert.ThrowsAsync<NotFoundException>(() => connection.Api.GetTaskStatusAsync(Task101, NodeConnection.Token));

        Assert.Contains("no such task", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_is_an_object_is_not_found()
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Json(
            """{"data":{"n":1,"t":"unable to open file - No such file or directory"},"total":1}"""));

        await Assert.ThrowsAsync<NotFoundException>(() => connection.Api.GetTaskLogAsync(Task101, 0, 0, NodeConnection.Token));
    }

    [Theory]
    [InlineData("<!DOCTYPE html><html><body>Welcome</body></html>")]
    [InlineData("plain text")]
    [InlineData("")]
    [InlineData("""{"data":null}""")]
    [InlineData("""{"data":[]}""")]
    [InlineData("""{"data":{"version":{"major":8},"release":"8","repoid":"x"}}""")]
    [InlineData("""{"data":{"release":"8.4"}}""")]
    [InlineData("""{"version":"8.4.21","release":"8.4","repoid":"x"}""")]
    [InlineData("""[1,2]""")]
    [InlineData("""{"data":{"version":"\ud800","release":"8.4","repoid":"x"}}""")]
    public async Task A_body_that_is_no_answer_is_one_clear_error(string body)
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Json(body));

        var failure = await ThrowsAsync(connection, typeof(BadAnswerException));

        Assert.Equal("/version", failure.Path);
        Assert.False(failure.IsTransient);
    }

    [Fact]
    public async Task A_body_that_ends_too_early_may_be_whole_the_next_time()
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Json("""{"data":{"version":"8.4","rel"""));

        Assert.True((await ThrowsAsync(connection, typeof(BadAnswerException))).IsTransient);
    }

    [Theory]
    [InlineData("""[{"upid":"nonsense","starttime":1,"user":"root@pam"}]""")]
    [InlineData("""[{"upid":"UPID:a:00000001:00000001:00000001:vzdump::a@b:","starttime":1e30,"user":"a@b"}]""")]
    [InlineData("""[{"upid":"UPID:a:00000001:00000001:00000001:vzdump::a@b:","starttime":"soon","user":"a@b"}]""")]
    [InlineData("""[{"starttime":1,"user":"a@b"}]""")]
    [InlineData("""[{"upid":"UPID:a:00000001:00000001:00000001:vzdump::a@b:","starttime":1,"user":null}]""")]
    [InlineData("""[{"upid":null,"starttime":1,"user":"a@b"}]""")]
    [InlineData("[null]")]
    [InlineData("[[]]")]
    [InlineData("{}")]
    [InlineData("null")]
    public async Task A_list_entry_of_the_wrong_shape_is_not_passed_over_in_silence(string data)
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Json($$"""{"data":{{data}},"total":1}"""));

        await Assert.ThrowsAsync<BadAnswerException>(() => connection.Api.GetTasksAsync("pve1", new TaskQuery(), NodeConnection.Token));
    }

    [Fact]
    public async Task An_answer_without_end_is_cut_short()
    {
        await using var connection = new NodeConnection(_ => new RawAnswer(
            [.. Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"), .. new byte[33 << 20]], PieceBytes: 1 << 20));

        var failure = await ThrowsAsync(connection, typeof(BadAnswerException));

        Assert.Contains("more than this program reads", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":")]
    public async Task A_connection_that_breaks_off_is_unavailable(string sent)
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Text(sent));

        Assert.True((await ThrowsAsync(connection, typeof(UnavailableException))).IsTransient);
    }

    [Fact]
    public async Task Compression_that_is_none_is_a_bad_answer()
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Text(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: 11\r\n\r\n{\"data\":[]}"));

        await ThrowsAsync(connection, typeof(BadAnswerException));
    }

    [Fact]
    public async Task Something_that_does_not_speak_http_is_a_bad_answer()
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Text("SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n"));

        await ThrowsAsync(connection, typeof(BadAnswerException));
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_unavailable()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        var failure = await UnreachableAsync($"https://127.0.0.1:{port}");

        Assert.Contains("refused", failure.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("pveproxy", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_does_not_speak_tls_is_unavailable()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        async Task AnswerAsync()
        {
            using var client = await listener.AcceptTcpClientAsync(NodeConnection.Token);
            await client.GetStream().ReadExactlyAsync(new byte[5], NodeConnection.Token);
            await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), NodeConnection.Token);
            try
            {
                await client.GetStream().CopyToAsync(Stream.Null, NodeConnection.Token);
            }
            catch (IOException)
            {
                // The client hung up without reading all: it has seen enough.
            }
        }

        var answering = AnswerAsync();
        var failure = await UnreachableAsync($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        await answering;

        Assert.Contains("TLS", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Foreign_text_in_a_message_is_short_and_cannot_steer_a_terminal()
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Json(
            "{\"data\":null,\"message\":\"\\u001b[2J\\u202eevil\\r\\n\\u0085second " + new string('x', 5000) + "\"}", 500, "Internal"));

        var message = (await ThrowsAsync(connection, typeof(ProxmoxException))).Message;

        Assert.True(message.Length < 500, message);
        Assert.DoesNotContain(message, c => char.IsControl(c) || c == '\u202e');
        Assert.Contains("[2Jevil second xxx", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_message_holds_the_secret()
    {
        foreach (var status in new[] { 401, 403, 500, 501, 595 })
        {
            await using var connection = new NodeConnection(_ => RawAnswer.Json("""{"data":null}""", status, "no"));
            var failure = await Assert.ThrowsAnyAsync<ProxmoxException>(() => connection.Api.GetVersionAsync(NodeConnection.Token));
            Assert.DoesNotContain(NodeConnection.Secret, failure.ToString(), StringComparison.Ordinal);
        }
    }

    private static async Task<ProxmoxException> ThrowsAsync(NodeConnection connection, Type expected)
    {
        var failure = await Assert.ThrowsAsync(expected, () => connection.Api.GetVersionAsync(NodeConnection.Token));
        Assert.DoesNotContain('\n', failure.Message);
        return (ProxmoxException)failure;
    }

    private static async Task<UnavailableException> UnreachableAsync(string url)
    {
        using var http = ProxmoxConnection.Open(new ProxmoxOptions
        {
            Url = new Uri(url),
            TokenId = "perb@pve!node",
            Secret = new ApiSecret("x"),
        });
        return await Assert.ThrowsAsync<UnavailableException>(() => new ProxmoxApi(http).GetVersionAsync(NodeConnection.Token));
    }
}
