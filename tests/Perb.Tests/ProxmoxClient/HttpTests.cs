using System.IO.Compression;
using System.Text;
using CsCheck;
using Perb.ProxmoxClient;
using Perb.TestKit.Http;

namespace Perb.Tests.ProxmoxClient;

/// <summary>The traps of pveproxy's HTTP (facts: API-OBSERVED 1, PVE 4.3), each through a real socket.</summary>
public sealed class HttpTests
{
    public const string Version = """{"data":{"version":"8.4.21","release":"8.4","repoid":"2606ac850d46da29"}}""";

    [Fact]
    public async Task A_request_is_plain_http_1_1_with_the_token_and_nothing_that_the_node_refuses()
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Json(Version));

        await connection.Api.GetVersionAsync(NodeConnection.Token);

        var request = Assert.Single(connection.Node.Requests);
        Assert.StartsWith("GET /api2/json/version HTTP/1.1\r\n", request.Head, StringComparison.Ordinal);
        Assert.Equal($"PVEAPIToken=perb@pve!node={NodeConnection.Secret}", request.Header("Authorization"));
        Assert.Contains("gzip", request.Header("Accept-Encoding"), StringComparison.Ordinal);
        Assert.Null(request.Header("Cookie"));
        Assert.Null(request.Header("traceparent"));
    }

    [Fact]
    public async Task Forms_have_a_length_and_encode_everything_that_could_split_them()
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Json("""{"data":null}"""));

        await connection.Api.SetNotesAsync(
            "pve1", "local", NodeConnection.Volume, "a;b=c&d+e %\näöü € 😀", NodeConnection.Token);
        await connection.Api.SetNotesAsync("pve1", "local", NodeConnection.Volume, "", NodeConnection.Token);
        await connection.Api.SetProtectedAsync("pve1", "local", NodeConnection.Volume, isProtected: true, NodeConnection.Token);
        await connection.Api.SetProtectedAsync("pve1", "local", NodeConnection.Volume, isProtected: false, NodeConnection.Token);

        Assert.Equal(
            [
                "notes=a%3Bb%3Dc%26d%2Be%20%25%0A%C3%A4%C3%B6%C3%BC%20%E2%82%AC%20%F0%9F%98%80",
                "notes=",
                "protected=1",
                "protected=0",
            ],
            connection.Node.Requests.Select(request => request.BodyText));
        Assert.All(connection.Node.Requests, request =>
        {
            Assert.Equal("PUT", request.Method);
            Assert.Equal(
                "/api2/json/nodes/pve1/storage/local/content/local%3Abackup%2Fvzdump-qemu-100-2026_11_20-02_00_01.vma.zst", request.Target);
            Assert.Equal("application/x-www-form-urlencoded", request.Header("Content-Type"));
            Assert.NotNull(request.Header("Content-Length"));
            Assert.Null(request.Header("Transfer-Encoding"));
            Assert.Null(request.Header("Expect"));
        });
    }

    [Fact]
    public async Task Any_text_arrives_as_the_same_notes()
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Json("""{"data":null}"""));

        await Gen.String.SampleAsync(
            async notes =>
            {
                await connection.Api.SetNotesAsync("pve1", "local", NodeConnection.Volume, notes, NodeConnection.Token);
                var sent = connection.Node.Requests.Last().BodyText;
                var arrived = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(notes)); // half a surrogate pair cannot be sent
                return sent.StartsWith("notes=", StringComparison.Ordinal) && Uri.UnescapeDataString(sent[6..]) == arrived
                    && sent[6..].All(c => char.IsAsciiLetterOrDigit(c) || "-._~%".Contains(c, StringComparison.Ordinal));
            },
            iter: 200,
            threads: 1);
    }

    [Fact]
    public async Task No_part_of_a_path_can_become_more_than_one_part()
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Json("""{"data":[]}"""));

        await connection.Api.GetBackupsAsync("../x", "a b/..?#", 100, NodeConnection.Token);

        Assert.Equal(
            "/api2/json/nodes/..%2Fx/storage/a%20b%2F..%3F%23/content?content=backup&vmid=100",
            Assert.Single(connection.Node.Requests).Target);
    }

    [Fact]
    public async Task A_connection_that_the_node_closed_while_idle_is_no_error()
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Json(Version) with { KeepOpen = false });

        await connection.Api.GetVersionAsync(NodeConnection.Token);
        await connection.Api.GetVersionAsync(NodeConnection.Token);

        Assert.Equal(2, connection.Node.Requests.Count);
    }

    [Fact]
    public async Task A_read_that_meets_the_closing_of_its_connection_goes_out_again_on_a_new_one()
    {
        await using var connection = new NodeConnection(request =>
            request.NumberOnConnection == 1 ? RawAnswer.Json(Version) : RawAnswer.None);

        await connection.Api.GetVersionAsync(NodeConnection.Token);
        await connection.Api.GetVersionAsync(NodeConnection.Token);

        Assert.Equal((3, 2), (connection.Node.Requests.Count, connection.Node.Connections));
    }

    [Fact]
    public async Task Good_answers_share_a_connection()
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Json(Version));

        await connection.Api.GetVersionAsync(NodeConnection.Token);
        await connection.Api.GetVersionAsync(NodeConnection.Token);

        Assert.Equal((2, 1), (connection.Node.Requests.Count, connection.Node.Connections));
    }

    [Fact]
    public async Task A_refused_token_is_heard_after_the_nodes_pause_and_never_tried_again()
    {
        var pause = new TaskCompletionSource();
        await using var connection = new NodeConnection(_ => RawAnswer.Text(
            "HTTP/1.1 401 Authentication failed!\r\nConnection: close\r\nServer: pve-api-daemon/3.0\r\n\r\n") with { After = pause.Task });

        var call = connection.Api.GetVersionAsync(NodeConnection.Token);
        Assert.False(call.IsCompleted);
        pause.SetResult();

        var refused = await Assert.ThrowsAsync<NotAuthorizedException>(() => call);
        Assert.Equal(
            $"Proxmox at {connection.Node.Url.GetLeftPart(UriPartial.Authority)} refused the token perb@pve!node (401 Authentication failed!): "
            + "check Proxmox:TokenId and the secret, and that the token has not expired",
            refused.Message);
        Assert.Equal((401, "/version", false), (refused.Status, refused.Path, refused.IsTransient));
        Assert.Single(connection.Node.Requests);
    }

    [Fact]
    public async Task A_redirect_is_not_followed_so_that_the_token_stays_here()
    {
        await using var other = new NodeConnection(_ => RawAnswer.Json(Version));
        await using var connection = new NodeConnection(_ => RawAnswer.Text(
            $"HTTP/1.1 301 Moved Permanently\r\nConnection: close\r\nLocation: {other.Node.Url}api2/json/version\r\nContent-Length: 17\r\n\r\nMoved Permanently"));

        var failure = await Assert.ThrowsAsync<BadAnswerException>(() => connection.Api.GetVersionAsync(NodeConnection.Token));

        Assert.Equal(301, failure.Status);
        Assert.Empty(other.Node.Requests);
    }

    [Fact]
    public async Task Gzip_is_undone_even_when_it_comes_unasked()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(Version));
        }

        var head = $"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\nContent-Length: {packed.Length}\r\n\r\n";
        await using var connection = new NodeConnection(_ => new RawAnswer([.. Encoding.ASCII.GetBytes(head), .. packed.ToArray()]));

        Assert.Equal("8.4.21", (await connection.Api.GetVersionAsync(NodeConnection.Token)).Version);
    }

    [Fact]
    public async Task Cancelling_is_the_callers_cancellation()
    {
        using var cancel = new CancellationTokenSource();
        await using var connection = new NodeConnection(_ =>
        {
            cancel.Cancel();
            return RawAnswer.None with { After = Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, NodeConnection.Token) };
        });

        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connection.Api.GetVersionAsync(cancel.Token));

        Assert.Equal(cancel.Token, cancelled.CancellationToken);
    }

    [Fact]
    public async Task A_node_that_never_answers_is_unavailable_after_the_timeout()
    {
        await using var connection = new NodeConnection(
            _ => RawAnswer.None with { After = Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, NodeConnection.Token) },
            TimeSpan.FromMilliseconds(300));

        var failure = await Assert.ThrowsAsync<UnavailableException>(() => connection.Api.GetVersionAsync(NodeConnection.Token));

        Assert.Contains("did not answer /version within 0.3 s", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.IsTransient);
    }

    [Fact]
    public async Task The_query_of_the_task_list_uses_the_nodes_words()
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Json("""{"data":[]}"""));
        var query = new TaskQuery
        {
            Source = TaskSource.All,
            Start = 5,
            Limit = 10,
            TypeFilter = "vzdump",
            StatusFilter = [TaskExitKind.Ok, TaskExitKind.Warnings, TaskExitKind.Error, TaskExitKind.Unknown],
            Since = DateTimeOffset.FromUnixTimeMilliseconds(1_795_231_502_900),
            Until = DateTimeOffset.FromUnixTimeSeconds(1_795_231_999),
            VmId = 101,
            UserFilter = "root@pam",
        };

        Assert.Equal(0, (await connection.Api.GetTasksAsync("pve1", query, NodeConnection.Token)).Total);
        await connection.Api.GetTasksAsync("pve1", new TaskQuery(), NodeConnection.Token);

        Assert.Equal(
            [
                "/api2/json/nodes/pve1/tasks?source=all&start=5&limit=10&typefilter=vzdump&statusfilter=ok%2Cwarning%2Cerror%2Cunknown"
                + "&since=1795231502&until=1795231999&vmid=101&userfilter=root%40pam",
                "/api2/json/nodes/pve1/tasks?source=archive&start=0&limit=500",
            ],
            connection.Node.Requests.Select(request => request.Target));
    }
}
