using System.Text;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Scheduling;
using Perb.TestKit.Http;
using Perb.Tests.Store;

namespace Perb.Tests.Discovery;

/// <summary>
/// A node that answers one call wrongly, at the first look and at a later one: a line of trouble, nothing concluded, and the next poll goes on.
/// </summary>
public sealed class BadAnswerTests : IAsyncLifetime
{
    private static readonly string[] Paths =
        ["/access/permissions", "/nodes/pve1/tasks", "/cluster/resources", "/storage", "/nodes/pve1/storage", "/nodes"];

    private readonly SaidLines<Troubles> _said = new();
    private readonly SaidLines<JobBoundary> _stumbled = new();
    private DiscoveryUnderTest _node = null!;
    private JobBoundary _boundary = null!;

    public async ValueTask InitializeAsync()
    {
        _node = await DiscoveryUnderTest.SetUpAsync();
        _boundary = new JobBoundary(new Troubles(_node.Store.Status, _said), new Heartbeat(TimeProvider.System), _stumbled);
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    public static TheoryData<string, string> Faults() => new(
        from path in Paths
        from fault in (string[])["cut", "closed", "garbled", "web page", "other type", "entries of another type", "null", "deep"]
        select (path, fault));

    [Theory]
    [MemberData(nameof(Faults))]
    public Task A_bad_answer_is_one_line_and_the_next_poll_goes_on(string path, string fault) => TryAsync(path, fault);

    [Theory]
    [InlineData("/nodes/pve1/tasks", "without end")]
    [InlineData("/storage", "without end")]
    [InlineData("/nodes/pve1/tasks", "stalled")]
    [InlineData("/storage", "stalled")]
    [Trait("Suite", "long")]
    public Task An_answer_without_end_is_one_line_and_the_next_poll_goes_on(string path, string fault) => TryAsync(path, fault);

    private Task TryAsync(string path, string fault) => _node.UseAsync(
        async discovery =>
        {
            _node.Write(100);
            _node.RawAnswers[path] = Answer(path, fault);
            await PollAsync(discovery);
            await PollAsync(discovery);

            var trouble = Assert.Single(await _node.Store.Status.TroublesAsync(TestStore.Stop));
            Assert.Equal(JobBoundary.Subject, trouble.Subject);
            Assert.Contains(path, trouble.Text, StringComparison.Ordinal);
            Assert.InRange(trouble.Text.Length, 1, 500);
            Assert.DoesNotContain(trouble.Text, char.IsControl);
            Assert.Single(_said.Lines);
            Assert.Empty(await _node.Store.Status.ListAsync(null, null, TestStore.Stop));

            _node.RawAnswers.Clear();
            await PollAsync(discovery);
            await AssertKnownAsync(100);

            // And in a later poll, of which such a call may be no part.
            _node.Write(101);
            var archive = Archives.Found(101);
            var (started, ended) = (archive.Time.AddMinutes(-1).ToUnixTimeSeconds(), archive.Time.AddMinutes(9).ToUnixTimeSeconds());
            _node.Answers["/nodes/pve1/tasks"] = $$"""
                [ { "upid": "UPID:pve1:00001234:00005678:{{started:X8}}:vzdump::root@pam:", "node": "pve1", "type": "vzdump", "id": "", "user": "root@pam",
                    "starttime": {{started}}, "endtime": {{ended}}, "status": "OK" } ]
                """;
            _node.RawAnswers[path] = Answer(path, fault);
            await PollAsync(discovery);
            _node.RawAnswers.Clear();
            await PollAsync(discovery);
            await PollAsync(discovery);
            await AssertKnownAsync(100, 101);
        },
        timeout: fault == "stalled" ? TimeSpan.FromSeconds(3) : null);

    private Task PollAsync(ArchiveDiscovery discovery) => _boundary.RunAsync("poll", discovery.PollAsync, TestStore.Stop);

    private async Task AssertKnownAsync(params int[] guests)
    {
        Assert.Equal(guests, (await _node.Store.Status.ListAsync(null, null, TestStore.Stop)).Select(backup => backup.Guest).Order());
        Assert.Empty(await _node.Store.Status.TroublesAsync(TestStore.Stop));
        Assert.Empty(_stumbled.Lines);
    }

    private static RawAnswer Answer(string path, string fault) => fault switch
    {
        "cut" => RawAnswer.Text("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"data\":[{"),
        "closed" => RawAnswer.None,
        "garbled" => RawAnswer.Json("{ \"data\": [ { \"\u001b[2J\nINFO: ok"),
        "web page" => RawAnswer.Json("<!DOCTYPE html><html><body>Welcome</body></html>"),
        "other type" => Data(path == "/access/permissions" ? "[]" : "{}"),
        "entries of another type" => Data(path == "/access/permissions" ? """{ "/": [ 1 ] }""" : """[ "text", 7, [] ]"""),
        "null" => Data("null"),
        "deep" => Data(new string('[', 1 << 20)) with { PieceBytes = 1 << 20 },
        "stalled" => RawAnswer.Text("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"data\":[") with { KeepOpen = true },
        _ => new RawAnswer([.. Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"), .. new byte[33 << 20]], PieceBytes: 1 << 20),
    };

    private static RawAnswer Data(string data) => RawAnswer.Json($$"""{ "data": {{data}} }""");
}
