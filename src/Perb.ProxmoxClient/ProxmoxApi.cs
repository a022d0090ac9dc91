using System.Globalization;
using System.Text.Json;
using Perb.ProxmoxClient.Wire;

namespace Perb.ProxmoxClient;

/// <summary>
/// The calls of the Proxmox VE 8 and 9 REST API that a backup shipper needs; each method's name tells its path. Every
/// method throws a <see cref="ProxmoxException"/> when there is no answer, and <see cref="OperationCanceledException"/>
/// only for its own token. It has no state; one object may be used by many at once.
/// </summary>
/// <remarks>
/// Missing privileges mostly do not fail: lists are filtered without a word. An empty list is no evidence of absence
/// (facts: API-OBSERVED 5); ask <see cref="GetPermissionsAsync(CancellationToken)"/>.
/// </remarks>
/// <param name="http">Made by <see cref="ProxmoxConnection.Open"/>.</param>
public sealed class ProxmoxApi(HttpClient http)
{
    private readonly ProxmoxHttp _http = new(http);

    /// <summary>
    /// Needs a valid token and no privilege: the cheapest proof that address, certificate and token are right.
    /// </summary>
    public async Task<ProxmoxVersion> GetVersionAsync(CancellationToken cancellationToken) =>
        (await GetAsync($"/version", cancellationToken)).Read(ProxmoxJson.Default.ProxmoxVersion);

    /// <summary>The node's clock and time zone (Sys.Audit on the node).</summary>
    public async Task<NodeTime> GetTimeAsync(string node, CancellationToken cancellationToken) =>
        (await GetAsync($"/nodes/{node}/time", cancellationToken)).Read(ProxmoxJson.Default.NodeTime);

    /// <summary>The token's privileges at the top of the tree and wherever grants were made.</summary>
    public async Task<Permissions> GetPermissionsAsync(CancellationToken cancellationToken) =>
        ToPermissions(await GetAsync($"/access/permissions", cancellationToken));

    /// <summary>The token's privileges on one path, such as <c>/vms/100</c>; listed even when there are none.</summary>
    public async Task<Permissions> GetPermissionsAsync(string path, CancellationToken cancellationToken) =>
        ToPermissions(await GetAsync($"/access/permissions", cancellationToken, ("path", path)));

    /// <summary>All storages of the cluster that the token may see (Datastore.Audit), disabled ones too.</summary>
    public async Task<IReadOnlyList<StorageConfiguration>> GetStorageConfigurationAsync(
        CancellationToken cancellationToken) =>
        [.. (await GetAsync($"/storage", cancellationToken))
            .ReadList(ProxmoxJson.Default.Storages).Select(row => row.ToConfiguration())];

    /// <summary>The storages as the node sees them now (Datastore.Audit).</summary>
    /// <param name="content">For instance <c>backup</c>; also leaves out disabled ones and those of other nodes. Null:
    /// all.</param>
    public async Task<IReadOnlyList<NodeStorage>> GetNodeStoragesAsync(
        string node, string? content, CancellationToken cancellationToken) =>
        (await GetAsync($"/nodes/{node}/storage", cancellationToken, ("content", content)))
        .ReadList(ProxmoxJson.Default.NodeStorages);

    /// <summary>
    /// Tasks of a node. Without Sys.Audit on <c>/nodes/NODE</c> only those that this very token started.
    /// </summary>
    public async Task<TaskPage> GetTasksAsync(string node, TaskQuery query, CancellationToken cancellationToken)
    {
        var answer = await GetAsync(
            $"/nodes/{node}/tasks",
            cancellationToken,
            ("source", query.Source switch { TaskSource.Active => "active", TaskSource.All => "all", _ => "archive" }),
            ("start", Text(query.Start)),
            ("limit", Text(query.Limit)),
            ("typefilter", query.TypeFilter),
            ("statusfilter", query.StatusFilter is { Count: > 0 } kinds ? string.Join(',', kinds.Select(Word)) : null),
            ("since", Text(query.Since?.ToUnixTimeSeconds())),
            ("until", Text(query.Until?.ToUnixTimeSeconds())),
            ("vmid", Text(query.VmId)),
            ("userfilter", query.UserFilter));
        return new TaskPage([.. answer.ReadList(ProxmoxJson.Default.Tasks).Select(row => row.ToTask())], answer.Total);
    }

    /// <summary>Own tasks, or Sys.Audit on the node.</summary>
    /// <exception cref="NotFoundException">The node has forgotten the task.</exception>
    public async Task<ProxmoxTaskStatus> GetTaskStatusAsync(Upid upid, CancellationToken cancellationToken) =>
        (await GetAsync($"/nodes/{upid.Node}/tasks/{upid}/status", cancellationToken))
        .Read(ProxmoxJson.Default.TaskStatusRow).ToStatus();

    /// <summary>Lines of a task's log; an empty log is one line <c>no content</c>.</summary>
    /// <param name="start">Lines to skip.</param>
    /// <param name="limit">At most so many; 0 means all.</param>
    /// <exception cref="NotFoundException">The node has forgotten the task.</exception>
    public async Task<IReadOnlyList<TaskLogLine>> GetTaskLogAsync(
        Upid upid, int start, int limit, CancellationToken cancellationToken)
    {
        var answer = await GetAsync(
            $"/nodes/{upid.Node}/tasks/{upid}/log", cancellationToken, ("start", Text(start)), ("limit", Text(limit)));

        // Facts: API-OBSERVED 3. A log that is gone is a 200 whose data are one line instead of a list of lines.
        return answer.Data.ValueKind == JsonValueKind.Object
            ? throw new NotFoundException($"{answer.Server.Describe()} no longer has the log of {upid}")
            {
                Status = 200,
                Path = answer.Path,
            }
            : [.. answer.ReadList(ProxmoxJson.Default.TaskLog).Select(row => row.ToLine())];
    }

    /// <summary>
    /// Backups in a storage that the token may see: Datastore.AllocateSpace on it and VM.Backup on the guest. Without
    /// those the list is empty, which says nothing; <see cref="GetBackupsByDryRunAsync"/> needs less.
    /// </summary>
    /// <exception cref="UnavailableException">The storage is disabled, not mounted or not reachable.</exception>
    public async Task<IReadOnlyList<BackupVolume>> GetBackupsAsync(
        string node, string storage, int? vmId, CancellationToken cancellationToken) =>
        (await GetAsync(
            $"/nodes/{node}/storage/{storage}/content", cancellationToken, ("content", "backup"), ("vmid", Text(vmId))))
        .ReadList(ProxmoxJson.Default.Backups);

    /// <summary>
    /// All backups of a storage, by asking what pruning would do if it kept everything: the only way that needs no more
    /// than Datastore.Audit. It removes nothing. Facts: API-OBSERVED 5.
    /// </summary>
    public async Task<IReadOnlyList<PruneCandidate>> GetBackupsByDryRunAsync(
        string node, string storage, CancellationToken cancellationToken) =>
        (await GetAsync(
            $"/nodes/{node}/storage/{storage}/prunebackups", cancellationToken, ("prune-backups", "keep-all=1")))
        .ReadList(ProxmoxJson.Default.PruneCandidates);

    /// <summary>One backup with its notes in full (privileges as for <see cref="GetBackupsAsync"/>).</summary>
    /// <exception cref="NotFoundException">There is no such file.</exception>
    public async Task<BackupVolumeDetails> GetBackupAsync(
        string node, string storage, string volumeId, CancellationToken cancellationToken) =>
        (await GetAsync($"/nodes/{node}/storage/{storage}/content/{volumeId}", cancellationToken))
        .Read(ProxmoxJson.Default.BackupVolumeDetails);

    /// <summary>
    /// Replaces a backup's notes; empty ones are removed. The node does not look whether the backup exists: for a
    /// missing one it succeeds and leaves a stray notes file, so call <see cref="GetBackupAsync"/> first. At most some
    /// 60 KB once encoded.
    /// </summary>
    public Task SetNotesAsync(
        string node, string storage, string volumeId, string notes, CancellationToken cancellationToken) =>
        PutAsync(node, storage, volumeId, ("notes", notes), cancellationToken);

    /// <summary>
    /// Protects a backup from pruning and removal, or lets go of it. As careless about missing ones as the notes are.
    /// </summary>
    public Task SetProtectedAsync(
        string node, string storage, string volumeId, bool isProtected, CancellationToken cancellationToken) =>
        PutAsync(node, storage, volumeId, ("protected", isProtected ? "1" : "0"), cancellationToken);

    /// <summary>The cluster's nodes, those that are away too; every valid token sees them all.</summary>
    public async Task<IReadOnlyList<ClusterNode>> GetNodesAsync(CancellationToken cancellationToken) =>
        (await GetAsync($"/nodes", cancellationToken)).ReadList(ProxmoxJson.Default.ClusterNodes);

    /// <summary>The cluster's guests that the token may see (VM.Audit).</summary>
    public async Task<IReadOnlyList<Guest>> GetGuestsAsync(CancellationToken cancellationToken) =>
        [.. (await GetAsync($"/cluster/resources", cancellationToken, ("type", "vm")))
            .ReadList(ProxmoxJson.Default.Guests).Select(row => row.ToGuest()).OfType<Guest>()];

    /// <summary>
    /// Guests in no backup job. Needs Sys.Audit on <c>/</c>; a guest without VM.Audit is left out, so that a token
    /// without it reads "all covered".
    /// </summary>
    public async Task<IReadOnlyList<UncoveredGuest>> GetGuestsNotBackedUpAsync(CancellationToken cancellationToken) =>
        (await GetAsync($"/cluster/backup-info/not-backed-up", cancellationToken))
        .ReadList(ProxmoxJson.Default.UncoveredGuests);

    /// <summary>
    /// What vzdump does on the node by default (Datastore.Audit on its default storage; Sys.Audit to see the script).
    /// </summary>
    public async Task<VzdumpDefaults> GetVzdumpDefaultsAsync(string node, CancellationToken cancellationToken) =>
        (await GetAsync($"/nodes/{node}/vzdump/defaults", cancellationToken)).Read(ProxmoxJson.Default.VzdumpDefaults);

    /// <summary>The scheduled backup jobs of the cluster. Needs Sys.Audit on <c>/</c>.</summary>
    public async Task<IReadOnlyList<BackupJob>> GetBackupJobsAsync(CancellationToken cancellationToken) =>
        (await GetAsync($"/cluster/backup", cancellationToken)).ReadList(ProxmoxJson.Default.BackupJobs);

    private Task<ApiAnswer> GetAsync(
        FormattableString path,
        CancellationToken cancellationToken,
        params IEnumerable<(string Name, string? Value)> query) =>
        _http.SendAsync(ApiRequest.Get(path, query), cancellationToken);

    private Task<ApiAnswer> PutAsync(
        string node,
        string storage,
        string volumeId,
        (string Name, string? Value) field,
        CancellationToken cancellationToken) =>
        _http.SendAsync(ApiRequest.Put($"/nodes/{node}/storage/{storage}/content/{volumeId}", field), cancellationToken);

    private static Permissions ToPermissions(ApiAnswer answer) => new(answer.Read(ProxmoxJson.Default.Grants)
        .ToDictionary(
            path => path.Key,
            path => (IReadOnlyDictionary<string, bool>)(path.Value ?? []),
            StringComparer.Ordinal));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string? Text(long? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static string Word(TaskExitKind kind) => kind switch
    {
        TaskExitKind.Ok => "ok",
        TaskExitKind.Warnings => "warning",
        TaskExitKind.Error => "error",
        _ => "unknown",
    };
}
