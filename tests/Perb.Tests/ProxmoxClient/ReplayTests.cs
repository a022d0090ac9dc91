using System.Text;
using System.Text.Json;
using Perb.ProxmoxClient;
using Perb.TestKit;
using Perb.TestKit.Http;

namespace Perb.Tests.ProxmoxClient;

/// <summary>
/// Every answer that a real node gave, and a set of our own in the same forms, goes through the client over a socket; the records
/// must agree with the JSON, or the failure be of the kind that the status means.
/// </summary>
public sealed class ReplayTests
{
    /// <summary>Good answers to calls that the client does not make. A new recording belongs here or in <see cref="ReplayedCall"/>.</summary>
    private static readonly (string Reason, string[] Names)[] NotReplayed =
    [
        ("calls that Perb has no use for",
        [
            "acl", "api-index-slash", "backup-job-create", "cluster-backup", "cluster-backup-included", "cluster-backup-one", "cluster-log",
            "cluster-nextid", "cluster-options", "cluster-status", "cluster-tasks", "cluster-tasks-none", "cluster-tasks-with-running",
            "node-index", "node-status", "node-version", "permissions-other-user",
            "qemu-status-while-backup", "roles", "storage-config-one", "storage-index", "storage-status-backup", "storage-status-elsewhere",
            "storage-status-gone", "storage-status-off", "task-index", "tokens", "users", "users-none", "vzdump-extractconfig",
        ]),
        ("the client deletes nothing and stops nothing",
        [
            "task-delete-finished", "task-delete-running", "volume-delete", "volume-delete-missing", "volume-delete-missing-upid",
            "volume-delete-protected",
        ]),
        ("the client logs in with tokens, never with tickets", ["ticket-ok"]),
        ("the extjs format says 200 even to errors and is never asked for", ["extjs-error", "extjs-format"]),
        ("a listing of other content than backups", ["content-local-all"]),
    ];

    /// <summary>Answers of status 200, 400 and 500 whose kind only the text tells.</summary>
    private static readonly Dictionary<string, Type> ToldByText = new()
    {
        ["html-format"] = typeof(BadAnswerException),
        ["task-log-ok-download"] = typeof(BadAnswerException),
        ["task-log-ok-download-gzip-accept"] = typeof(BadAnswerException),
        ["bad-node-name"] = typeof(NotFoundException),
        ["node-storage-unknown"] = typeof(NotFoundException),
        ["task-status-othernode-upid"] = typeof(NotFoundException),
        ["unknown-node-status"] = typeof(NotFoundException),
        ["unknown-node-storage"] = typeof(NotFoundException),
        ["unknown-node-tasks"] = typeof(NotFoundException),
        ["volume-get-missing"] = typeof(NotFoundException),
        ["vzdump-defaults-unknown-storage"] = typeof(NotFoundException),
        ["content-gone"] = typeof(UnavailableException),
        ["content-off"] = typeof(UnavailableException),
    };

    public static TheoryData<string> Recordings() => [.. Recording.Folder is null ? [""] : Recording.Names()];

    public static TheoryData<string> Samples() => [.. ReadSamples().Select(sample => sample.Name)];

    [Theory]
    [MemberData(nameof(Recordings))]
    public async Task A_recorded_answer_is_understood(string name)
    {
        Assert.SkipWhen(Recording.Folder is null, Recording.Absent);
        var recording = Recording.Load(name);
        var notReplayed = NotReplayed.SelectMany(group => group.Names).Contains(name);

        if (ReplayedCall.For(recording) is { } call && !notReplayed)
        {
            await ReplayAsync(recording, call, ToldByText.GetValueOrDefault(name));
        }
        else
        {
            Assert.True(notReplayed, $"{recording.Method} {recording.PathAndQuery} needs a call or a reason why there is none");
        }
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task An_answer_in_the_forms_of_a_node_is_understood(string name)
    {
        var (_, sample, failure) = ReadSamples().Single(sample => sample.Name == name);

        await ReplayAsync(sample, ReplayedCall.For(sample)!, failure);
    }

    private static async Task ReplayAsync(Recording recording, Func<ProxmoxApi, Task> call, Type? toldByText)
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Of(recording));
        var expected = toldByText ?? recording.Status switch
        {
            200 => null,
            401 => typeof(NotAuthorizedException),
            403 => typeof(PermissionDeniedException),
            >= 595 => typeof(UnavailableException),
            _ => typeof(ProxmoxException),
        };

        if (expected is null)
        {
            await call(connection.Api);
        }
        else
        {
            var failure = (ProxmoxException)await Assert.ThrowsAsync(expected, () => call(connection.Api));
            Assert.Equal(recording.Status, failure.Status);
        }

        Assert.Single(connection.Node.Requests);
    }

    /// <summary>The sample file: <c>[{ name, path, body }]</c>, and where they differ from a good GET, method, status, reason, failure.</summary>
    private static IEnumerable<(string Name, Recording Recording, Type? Failure)> ReadSamples()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("tests", "Perb.TestKit", "Samples", "proxmox-answers.json")));
        foreach (var sample in document.RootElement.EnumerateArray())
        {
            string? Text(string name) => sample.TryGetProperty(name, out var value) ? value.ToString() : null;

            var body = Encoding.UTF8.GetBytes(Text("body") ?? "");
            KeyValuePair<string, string>[] headers =
            [
                new("Connection", "close"), new("Content-Type", "application/json;charset=UTF-8"), new("Content-Length", $"{body.Length}"),
            ];
            yield return (
                Text("name")!,
                new Recording(
                    Text("name")!, Text("method") ?? "GET", "/api2/json" + Text("path"), null, null, int.Parse(Text("status") ?? "200"),
                    Text("reason") ?? "OK", headers, body),
                Text("failure") is { } failure ? typeof(ProxmoxException).Assembly.GetType($"Perb.ProxmoxClient.{failure}Exception", true) : null);
        }
    }
}
