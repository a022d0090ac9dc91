using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Perb.Simulation.Access;
using Perb.Simulation.Guests;
using Perb.Simulation.Storage;
using Perb.TestKit;

namespace Perb.Tests.Simulation;

/// <summary>
/// Every recorded request that the simulation knows, sent to a node in an analogous state: status, reason, field names and
/// JSON types must be those of the real node. Values differ, of course.
/// </summary>
public sealed partial class RecordedAnswersTests
{
    // Of another endpoint, another format, or of a state that is not analogous (a second node, a daemon that is down).
    private static readonly string[] NotSimulated =
    [
        "acl", "api-index-slash", "auth-", "backup-info-index", "backup-job-create", "cluster-backup-included", "cluster-log", "cluster-nextid",
        "cluster-options", "cluster-status", "content-backup-while-running", "extjs", "html-format", "node-index", "nodes-with-offline",
        "other-node", "permissions-other-user", "privsep", "pvedaemon-down", "qemu-status", "roles", "storage-index", "ticket-", "token", "users",
        "vzdump-extractconfig", "cluster-resources-with-offline", "volume-put-bad-json", "options", "patch", "no-api-prefix", "unknown-format",
        // Held by the test itself: they need another state of the same tasks or volumes.
        "task-delete-running", "task-delete-finished", "task-log-running", "volume-delete", "tasks-after-rotation", "volume-get-utf8-name",
        "content-local-all", "task-status-kill9", "permissions-probe",
        // The recorder's HTTP form is not in the request, so its content type is unknown here.
        "volume-put-bad-ctype", "volume-put-multipart",
    ];

    // These send a task name that is meant to be wrong; in the others ours takes the place of the recorded one.
    private static readonly string[] WrongTaskNames = ["unknown", "othernode", "malformed", "missing-trailing-colon", "traversal"];

    // Shown only in a state that the recorded node happened to be in.
    private static readonly string[] Circumstantial =
        ["tags", "lock", "notes", "protected", "tokenid", "endtime", "status", "pid", "saved", "vmid", "name", "exitstatus", "script", "prune-backups", "next-run",
            "repeat-missed", "mailnotification"];

    [Fact]
    public async Task Answers_have_the_status_reason_fields_and_types_of_the_recorded_ones()
    {
        Assert.SkipWhen(Recording.Folder is null, Recording.Absent);
        await using var node = await AnalogousNodeAsync();
        var differences = new List<string>();
        var compared = 0;
        foreach (var recording in Recording.Names().Select(Recording.Load).Where(IsSimulated))
        {
            compared++;
            var answer = await SendAsync(node, recording);
            if ((answer.Status, answer.Reason) != (recording.Status, recording.Reason))
            {
                differences.Add($"{recording.Name}: {answer.Status} {answer.Reason} instead of {recording.Status} {recording.Reason}");
            }
            else if (recording.BodyText.StartsWith('{'))
            {
                differences.AddRange(Differences(recording.Name, JsonNode.Parse(recording.BodyText), answer.Json));
            }
        }

        Assert.True(compared > 150, $"Only {compared} recordings were compared.");
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    private static bool IsSimulated(Recording recording) =>
        recording.PathAndQuery.StartsWith("/api2/json/", StringComparison.Ordinal)
        && recording.Token is not null
        && !NotSimulated.Any(name => recording.Name.StartsWith(name, StringComparison.Ordinal));

    private static Task<NodeAnswer> SendAsync(NodeUnderTest node, Recording recording)
    {
        var path = recording.PathAndQuery["/api2/json/".Length..];
        var finished = TaskNameIn(node, recording.Name);
        if (!WrongTaskNames.Any(name => recording.Name.Contains(name, StringComparison.Ordinal)))
        {
            path = EncodedUpid().Replace(path, finished is null ? "$0" : Uri.EscapeDataString(finished));
        }

        HttpContent? content = recording.RequestBody is null ? null : new StringContent(recording.RequestBody);
        if (content is not null)
        {
            content.Headers.ContentType = new(recording.RequestBody!.StartsWith('{') ? "application/json" : "application/x-www-form-urlencoded");
        }

        return node.SendAsync(new HttpMethod(recording.Method), path, recording.Token, content);
    }

    private static string? TaskNameIn(NodeUnderTest node, string recording)
    {
        var index = File.ReadAllLines(Path.Combine(node.Node.Options.Directory, "tasks", "index"));
        var wanted = recording switch
        {
            _ when recording.Contains("denied", StringComparison.Ordinal) => "403 Permission",
            _ when recording.Contains("joberrors", StringComparison.Ordinal) => "job errors",
            _ when recording.Contains("warnings", StringComparison.Ordinal) => "WARNINGS",
            _ => "OK",
        };
        return index.FirstOrDefault(line => line.Contains(wanted, StringComparison.Ordinal))?.Split(' ')[0];
    }

    /// <summary>Ours may have no field that the real node never sent, must have those it always sent, and all of the same type.</summary>
    private static List<string> Differences(string where, JsonNode? real, JsonNode? ours)
    {
        if (real is JsonArray realItems && ours is JsonArray ourItems)
        {
            if (realItems.Count == 0 || ourItems.Count == 0)
            {
                // An empty list has no shape; how many tasks there are is a matter of the recorded node's history.
                var same = realItems.Count == ourItems.Count || where.Contains("tasks", StringComparison.Ordinal);
                return same ? [] : [$"{where}: {ourItems.Count} items instead of {realItems.Count}"];
            }

            if (!realItems.Concat(ourItems).All(item => item is JsonObject))
            {
                return realItems.Select(KindOf).ToHashSet().SetEquals(ourItems.Select(KindOf)) ? [] : [$"{where}: items of other types"];
            }

            // Resources of different types have different fields.
            return [.. ourItems.GroupBy(item => item!["type"]?.ToString())
                .Select(group => (group, Real: realItems.Where(item => item!["type"]?.ToString() == group.Key).ToList()))
                .SelectMany(pair => ObjectDifferences($"{where}[{pair.group.Key}]", pair.Real.Count > 0 ? pair.Real : [.. realItems], [.. pair.group]))];
        }

        return real is JsonObject && ours is JsonObject
            ? ObjectDifferences(where, [real], [ours])
            : KindOf(real) == KindOf(ours) ? [] : [$"{where}: {KindOf(ours)} instead of {KindOf(real)}"];
    }

    private static List<string> ObjectDifferences(string where, List<JsonNode?> real, List<JsonNode?> ours)
    {
        var differences = new List<string>();
        if (real[0] is not JsonObject || ours[0] is not JsonObject || where.StartsWith("permissions", StringComparison.Ordinal) && !where.EndsWith(".data", StringComparison.Ordinal))
        {
            return [.. KindOf(real[0]) == KindOf(ours[0]) ? [] : new[] { $"{where}: {KindOf(ours[0])} instead of {KindOf(real[0])}" }];
        }

        foreach (var field in ours.SelectMany(item => item!.AsObject().Select(pair => pair.Key)).Distinct())
        {
            var examples = real.Where(item => item!.AsObject().ContainsKey(field)).Select(item => item![field]).ToList();
            if (examples.Count == 0)
            {
                if (!Circumstantial.Contains(field) && field != "total")
                {
                    differences.Add($"{where}: the real node sends no '{field}'");
                }

                continue;
            }

            var kinds = examples.Select(KindOf).ToHashSet();
            foreach (var value in ours.Where(item => item!.AsObject().ContainsKey(field)).Select(item => item![field]))
            {
                if (!kinds.Contains(KindOf(value)))
                {
                    differences.Add($"{where}: '{field}' is {KindOf(value)} instead of {string.Join('|', kinds)}");
                }
                else if (value is JsonObject or JsonArray)
                {
                    differences.AddRange(Differences($"{where}.{field}", examples.First(example => KindOf(example) == KindOf(value)), value));
                }
            }
        }

        foreach (var field in real[0]!.AsObject().Select(pair => pair.Key).Where(field => real.All(item => item!.AsObject().ContainsKey(field))))
        {
            if (!ours.All(item => item!.AsObject().ContainsKey(field)) && !Circumstantial.Contains(field) && field != "total" && field != "tokenid")
            {
                differences.Add($"{where}: '{field}' is missing");
            }
        }

        return [.. differences.Distinct()];
    }

    private static string KindOf(JsonNode? node) => node is null ? "null" : node.GetValueKind().ToString();

    internal static async Task<NodeUnderTest> AnalogousNodeAsync()
    {
        var node = await NodeUnderTest.StartAsync(options => options with
        {
            TimeZone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"),
            HookScript = "/usr/local/bin/vzdump-hook.pl",
        });
        AddAccess(node);
        AddStorages(node);
        node.Node.AddGuest(new Guest(100, GuestType.Qemu, "mail", node.PathOf("disk.raw")) { Running = false });
        node.Node.AddGuest(new Guest(101, GuestType.Lxc, "web1", node.PathOf("web")));
        node.Node.AddGuest(new Guest(102, GuestType.Lxc, "db1", node.PathOf("db")) { Running = false, Tags = ["prod"] });
        node.Node.Jobs.Set(new BackupJob("backup-nightly", "backup") { Guests = [100, 101], PruneBackups = "keep-last=3,keep-daily=7", NotesTemplate = "{{guestname}}" });
        var now = TimeProvider.System.GetUtcNow();
        foreach (var (user, status) in new[]
            { ("root@pam!full", "OK"), ("ops@pve!np", "job errors"), ("root@pam", "WARNINGS: 1"), ("mon@pve!probe", "403 Permission check failed (/vms/100, VM.Backup)") })
        {
            node.Node.Tasks.AddFinished("vzdump", status == "job errors" ? "" : "102", user, status, now.AddSeconds(-20), now.AddSeconds(-10),
                [.. Enumerable.Range(1, 20).Select(number => $"INFO: line {number}")]);
        }

        return node;
    }

    private static void AddAccess(NodeUnderTest node)
    {
        node.RootToken();
        node.Node.Access.SetUser(new NodeUser("mon@pve"));
        node.Node.Access.Grant("mon@pve", "/", "Administrator");
        node.Node.Access.Grant("ops@pve", "/", "Administrator");
        node.Node.Access.Grant("aud@pve", "/", "PVEAuditor");
        foreach (var id in new[] { "mon@pve!audit", "mon@pve!none", "mon@pve!probe" })
        {
            node.Remember(new NodeToken(id, "secret"));
        }

        node.Remember(new NodeToken("ops@pve!np", "secret") { PrivilegeSeparation = false });
        node.Remember(new NodeToken("aud@pve!np", "secret") { PrivilegeSeparation = false });
        node.Remember(new NodeToken("dis@pve!tk", "secret"));
        node.Node.Access.Grant("mon@pve!audit", "/", "PVEAuditor");
    }

    private static void AddStorages(NodeUnderTest node)
    {
        node.Node.AddStorage(new StorageDefinition("backup") { Path = node.PathOf("backup"), PruneBackups = "keep-last=3" });
        node.Node.AddStorage(new StorageDefinition("local") { Path = node.PathOf("local"), Content = "rootdir,iso,vztmpl,backup,images" });
        node.Node.AddStorage(new StorageDefinition("gone") { Path = "/mnt/gone", IsMountpoint = true, Mounted = false });
        node.Node.AddStorage(new StorageDefinition("isoonly") { Path = node.PathOf("iso"), Content = "iso" });
        node.Node.AddStorage(new StorageDefinition("off") { Path = node.PathOf("off"), Disabled = true });
        node.Node.AddStorage(new StorageDefinition("elsewhere") { Path = node.PathOf("elsewhere"), Nodes = ["pve2"] });
        foreach (var (recording, storage) in new[] { ("content-local-backup", "local"), ("content-backup", "backup") })
        {
            foreach (var item in JsonNode.Parse(Recording.Load(recording).BodyText)!["data"]!.AsArray())
            {
                var file = Path.Combine(node.Node.Storages[storage].DumpDirectory, item!["volid"]!.ToString().Split('/')[^1]);
                File.WriteAllBytes(file, new byte[(int)item["size"]!]);
                if (item["notes"] is { } notes)
                {
                    File.WriteAllText(file + ".notes", notes.ToString());
                }
            }
        }
    }

    [GeneratedRegex("UPID(:|%3A)[^/?]+")]
    private static partial Regex EncodedUpid();
}
