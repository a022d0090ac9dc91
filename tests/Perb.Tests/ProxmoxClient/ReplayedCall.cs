using System.Text.Json;
using System.Text.RegularExpressions;
using Perb.ProxmoxClient;
using Perb.TestKit;

namespace Perb.Tests.ProxmoxClient;

/// <summary>
/// Which call of the client a recorded exchange belongs to, and how its result must agree with the recorded JSON. The comparison
/// reads the JSON by itself, field by field, so that it does not repeat the client's own mapping.
/// </summary>
internal sealed record ReplayedCall(string Method, Regex Path, Func<ProxmoxApi, GroupCollection, JsonElement, Task> RunAsync)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static readonly ReplayedCall[] All =
    [
        Get("/version", async (api, _, answer) => Agree.Version(Data(answer), await api.GetVersionAsync(Ct))),
        Get(@"/access/permissions(\?path=(?<path>.+))?", async (api, parts, answer) => Agree.Permissions(
            Data(answer),
            parts["path"] is { Success: true, Value: var path }
                ? await api.GetPermissionsAsync(path, Ct)
                : await api.GetPermissionsAsync(Ct))),
        Get("/storage", async (api, _, answer) => Agree.StorageConfiguration(Data(answer), await api.GetStorageConfigurationAsync(Ct))),
        Get("/nodes", async (api, _, answer) => Agree.Nodes(Data(answer), await api.GetNodesAsync(Ct))),
        Get(@"/nodes/(?<node>[^/]+)/storage(\?.*)?", async (api, parts, answer) => Agree.NodeStorages(
            Data(answer), await api.GetNodeStoragesAsync(parts["node"].Value, "backup", Ct))),
        Get(@"/nodes/(?<node>[^/]+)/tasks(\?.*)?", async (api, parts, answer) => Agree.Tasks(
            answer, await api.GetTasksAsync(parts["node"].Value, new TaskQuery { Source = TaskSource.All }, Ct))),
        Get(@"/nodes/[^/]+/tasks/(?<upid>UPID((?!%2F)[^/])+(%3A|:))/status", async (api, parts, answer) => Agree.TaskStatus(
            Data(answer), await api.GetTaskStatusAsync(ToUpid(parts), Ct))),
        Get(@"/nodes/[^/]+/tasks/(?<upid>UPID((?!%2F)[^/])+(%3A|:))/log(\?.*)?", async (api, parts, answer) => Agree.TaskLog(
            Data(answer), await api.GetTaskLogAsync(ToUpid(parts), 0, 0, Ct))),
        Get(@"/nodes/(?<node>[^/]+)/storage/(?<storage>[^/]+)/content(\?content=(backup|iso)(&vmid=(?<vmid>\d+))?)", async (api, parts, answer) =>
            Agree.Backups(Data(answer), await api.GetBackupsAsync(
                parts["node"].Value, parts["storage"].Value, parts["vmid"].Success ? int.Parse(parts["vmid"].Value) : null, Ct))),
        Get(@"/nodes/(?<node>[^/]+)/storage/(?<storage>[^/]+)/prunebackups(\?.*)?", async (api, parts, answer) => Agree.PruneCandidates(
            Data(answer), await api.GetBackupsByDryRunAsync(parts["node"].Value, parts["storage"].Value, Ct))),
        Get(@"/nodes/(?<node>[^/]+)/storage/(?<storage>[^/]+)/content/(?<volume>.+)", async (api, parts, answer) => Agree.Backup(
            Data(answer), await api.GetBackupAsync(
                parts["node"].Value, parts["storage"].Value, Uri.UnescapeDataString(parts["volume"].Value), Ct))),
        new("PUT", Whole(@"/nodes/(?<node>[^/]+)/storage/(?<storage>[^/]+)/content/(?<volume>[^?]+)(\?.*)?", RegexOptions.None),
            (api, parts, _) => api.SetNotesAsync(
                parts["node"].Value, parts["storage"].Value, Uri.UnescapeDataString(parts["volume"].Value), "noted", Ct)),
        Get(@"/cluster/resources(\?.*)?", async (api, _, answer) => Agree.Guests(Data(answer), await api.GetGuestsAsync(Ct))),
        Get("/cluster/backup-info/not-backed-up", async (api, _, answer) => Agree.Uncovered(
            Data(answer), await api.GetGuestsNotBackedUpAsync(Ct))),
        Get("/cluster/backup", async (api, _, answer) => Agree.BackupJobs(Data(answer), await api.GetBackupJobsAsync(Ct))),
        Get(@"/nodes/(?<node>[^/]+)/vzdump/defaults(\?.*)?", async (api, parts, answer) => Agree.VzdumpDefaults(
            Data(answer), await api.GetVzdumpDefaultsAsync(parts["node"].Value, Ct))),
    ];

    /// <summary>Null for an exchange that the client never has.</summary>
    public static Func<ProxmoxApi, Task>? For(Recording recording)
    {
        // What answers with a page instead of JSON is met by whoever gives a wrong address.
        var path = recording.PathAndQuery.Split("/api2/json", 2) is ["", var below] ? below
            : recording.PathAndQuery.Split("/api2/html", 2) is ["", var page] ? page
            : "";
        var answer = IsJson(recording) ? JsonElement.Parse(recording.Body) : JsonElement.Parse("""{"data":null}""");
        foreach (var call in All.Where(call => call.Method == recording.Method))
        {
            if (call.Path.Match(path) is { Success: true } match)
            {
                return api => call.RunAsync(api, match.Groups, answer);
            }
        }

        // An error means the same on every path: any call may stand for one that the client does not make.
        return recording.Status >= 400 ? api => api.GetVersionAsync(Ct) : null;
    }

    private static ReplayedCall Get(string path, Func<ProxmoxApi, GroupCollection, JsonElement, Task> runAsync) =>
        new("GET", Whole(path, RegexOptions.ExplicitCapture), runAsync);

    private static Regex Whole(string path, RegexOptions options) => new($"^{path}$", options, TimeSpan.FromSeconds(1));

    private static Upid ToUpid(GroupCollection parts) => Upid.Parse(Uri.UnescapeDataString(parts["upid"].Value));

    private static JsonElement Data(JsonElement answer) => answer.GetProperty("data");

    private static bool IsJson(Recording recording) => recording.Body.AsSpan().StartsWith("{"u8);
}
