using Perb.Simulation.Access;
using Perb.Simulation.Guests;
using Perb.Simulation.Http;
using Perb.Simulation.Storage;
using Perb.Simulation.Tasks;
using Perb.Simulation.Vzdump;

namespace Perb.Simulation;

/// <summary>
/// A Proxmox VE 8.4 node that is not there: its API over real HTTPS, its access control, its storages on real directories,
/// and a vzdump that writes real archives. Start one per test; its whole state is its directory.
/// </summary>
public sealed class SimulatedNode : IAsyncDisposable
{
    private readonly NodeParts _parts;
    private readonly NodeServer _server;

    private SimulatedNode(NodeParts parts, NodeServer server, Faults faults)
    {
        _parts = parts;
        _server = server;
        Faults = faults;
    }

    public SimulatedNodeOptions Options => _parts.Options;

    /// <summary>For example <c>https://127.0.0.1:40123/</c>.</summary>
    public Uri Url => _server.Url;

    public string CaFile => _parts.Certificates.CaFile;

    /// <summary>Of the leaf in use now: upper-case hex with colons.</summary>
    public string Fingerprint => _parts.Certificates.Fingerprint;

    /// <summary>Users, tokens, roles, access control lists, pools.</summary>
    public AccessControl Access => _parts.Access;

    public Storages Storages => _parts.Storages;

    public GuestList Guests => _parts.Guests;

    public BackupJobs Jobs => _parts.Jobs;

    public TaskHistory Tasks => _parts.Tasks;

    public Faults Faults { get; }

    internal NodeParts Parts => _parts;

    public static async Task<SimulatedNode> StartAsync(SimulatedNodeOptions options, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.Directory);
        options = options with { Directory = Path.GetFullPath(options.Directory) };
        var parts = Load(options);
        var faults = new Faults();
        var dispatcher = new ApiDispatcher(parts, [.. AllRoutes()], faults);
        var server = await NodeServer.StartAsync(options, parts.Certificates, dispatcher.AnswerAsync, cancellationToken);
        return new SimulatedNode(parts, server, faults);
    }

    /// <summary>
    /// A privilege-separated token and its user, both with a role of exactly these privileges on the path: what the
    /// documentation tells an administrator to do. Returns the secret.
    /// </summary>
    public string CreateToken(string tokenId, IReadOnlyList<string> privileges, string path = "/")
    {
        var token = new NodeToken(tokenId, AccessControl.NewSecret());
        Access.SetToken(token);
        Grant(tokenId, privileges, path);
        return token.Secret;
    }

    /// <summary>
    /// Gives token and user a role of exactly these privileges on one more path. There it REPLACES what they inherit, so it
    /// must carry all that is needed below that path.
    /// </summary>
    public void Grant(string tokenId, IReadOnlyList<string> privileges, string path)
    {
        var role = string.Concat(tokenId.Where(char.IsAsciiLetterOrDigit)) + path.Replace('/', '-');
        Access.SetRole(role, privileges);
        Access.Grant(tokenId.Split('!')[0], path, role);
        Access.Grant(tokenId, path, role);
    }

    public void AddStorage(StorageDefinition storage) => Storages.Set(storage);

    public void AddGuest(Guest guest) => Guests.Set(guest);

    /// <summary>Starts a vzdump task and returns at once.</summary>
    public NodeTask StartBackup(BackupRun run) => VzdumpTask.Start(_parts, run);

    /// <summary>Runs vzdump to its end. Cancelling kills the worker, as a power cut would.</summary>
    public async Task<TaskResult> RunBackupAsync(BackupRun run, CancellationToken cancellationToken)
    {
        var task = StartBackup(run);
        await using var registration = cancellationToken.Register(task.Kill);
        return await task.Completion;
    }

    /// <summary>A new leaf from the same CA: pinned fingerprints break, the CA file still holds.</summary>
    public void RenewCertificate() => _parts.Certificates.Renew();

    /// <summary>Running tasks end as by a power cut; the next start archives them as <c>unexpected status</c>.</summary>
    public async ValueTask DisposeAsync()
    {
        var running = Tasks.Running;
        foreach (var task in running)
        {
            task.Kill();
        }

        await Task.WhenAll(running.Select(task => task.Completion));
        await _server.DisposeAsync();
        _parts.Certificates.Dispose();
        _parts.VzdumpLock.Dispose();
    }

    private static NodeParts Load(SimulatedNodeOptions options)
    {
        var stateFile = Path.Combine(options.Directory, "state.json");
        var state = NodeState.Load(stateFile);
        var saving = new Lock();
        NodeParts? parts = null;
        var clock = new NodeClock(options.TimeProvider, options.TimeZone);
        parts = new NodeParts(
            options,
            clock,
            new AccessControl(state.Access, Save),
            new Storages(state.Storages, options.NodeName, Save),
            new GuestList(state.Guests, Save),
            new BackupJobs(state.Jobs, Save),
            new TaskHistory(Path.Combine(options.Directory, "tasks"), options.NodeName, clock, options.TaskIndexLimitBytes),
            new NodeCertificates(options.Directory, options.NodeName),
            new VzdumpLock());
        return parts;

        void Save()
        {
            lock (saving)
            {
                new NodeState
                {
                    Access = parts!.Access.State,
                    Storages = parts.Storages.All,
                    Guests = parts.Guests.All,
                    Jobs = parts.Jobs.All,
                }.Save(stateFile);
            }
        }
    }

    private static IEnumerable<ApiRoute> AllRoutes() =>
        AccessEndpoints.Routes()
            .Concat(NodeEndpoints.Routes())
            .Concat(ClusterEndpoints.Routes())
            .Concat(StorageEndpoints.Routes())
            .Concat(ContentEndpoints.Routes())
            .Concat(PruneEndpoints.Routes())
            .Concat(TaskEndpoints.Routes())
            .Concat(OneTaskEndpoints.Routes())
            .Concat(VzdumpEndpoints.Routes());
}
