using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using CliWrap;
using Perb.Scheduler;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Simulation;
using Perb.Transfer.Hashing;
using Perb.Transfer.Manifests;

namespace Perb.Benchmarks;

/// <summary>
/// A served node and a configured Perb beside it, mostly one whose store knows every archive as published: a service that starts on it has
/// nothing to do. Everything lies in one temporary directory and goes with it.
/// </summary>
internal sealed class Installation : IAsyncDisposable
{
    private const string RemoteName = "offsite";
    private static readonly TimeSpan UsualPoll = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _directory;
    private readonly TimeSpan _poll;
    private RunningProgram? _node;

    private Installation(TimeSpan poll)
    {
        _directory = Directory.CreateTempSubdirectory("perb-bench-");
        _poll = poll;
    }

    /// <summary>Where this process serves it, with what stands between it and Perb.</summary>
    public SimulatedNode? Node { get; private set; }

    public Relay? Relay { get; private set; }

    public string ConfigurationFile => At("appsettings.json");

    public string Spool => At("spool");

    public string DumpDirectory => At($"node/{NodePopulation.StorageNames[0]}/dump");

    public string RemoteDirectory => At("remote");

    public string Staging => At($"state/staging/{RemoteName}");

    public Settings Settings { get; private set; } = null!;

    /// <summary>Of the size that the goals are meant for, everything published.</summary>
    public static Task<Installation> SetUpAsync(Programs programs, CancellationToken cancellationToken) => SetUpAsync(
        UsualPoll,
        async installation =>
        {
            await installation.SetUpAllAsync(NodePopulation.ArchiveCount, () => installation.ServeAsync(programs, cancellationToken), cancellationToken);
            await installation.MarkAllPublishedAsync(TimeProvider.System.GetUtcNow(), cancellationToken);
        });

    /// <summary>With so many archives, of which the store knows none yet.</summary>
    public static Task<Installation> SetUpAsync(Programs programs, int archiveCount, CancellationToken cancellationToken) => SetUpAsync(
        UsualPoll,
        installation => installation.SetUpAllAsync(archiveCount, () => installation.ServeAsync(programs, cancellationToken), cancellationToken));

    /// <summary>As the first, with the node in this process.</summary>
    public static Task<Installation> SetUpHereAsync(TimeSpan poll, CancellationToken cancellationToken) => SetUpAsync(
        poll,
        async installation =>
        {
            await installation.SetUpAllAsync(NodePopulation.ArchiveCount, () => installation.ServeHereAsync(cancellationToken), cancellationToken);
            await installation.MarkAllPublishedAsync(TimeProvider.System.GetUtcNow(), cancellationToken);
        });

    /// <summary>The next perb on it serves its page, here.</summary>
    public Uri ServePage()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Configure(perb => perb["Status"] = new JsonObject { ["Listen"] = listener.LocalEndpoint.ToString() });
        return new Uri($"http://{listener.LocalEndpoint}/");
    }

    /// <summary>The next perb on it does in 48 minutes what it usually does in a day: 2,880 polls, 24 reconciles.</summary>
    public void Hasten() => Configure(perb => (perb["Discovery"]!["Poll"], perb["Discovery"]!["Reconcile"]) = ("00:00:01", "0 0/2 * * * ?"));

    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }

        if (Relay is not null)
        {
            await Relay.DisposeAsync();
            await Node!.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }

    private void Configure(Action<JsonNode> change)
    {
        var configuration = JsonNode.Parse(File.ReadAllText(ConfigurationFile))!;
        change(configuration["Perb"]!);
        WritePrivately("appsettings.json", configuration.ToJsonString());
    }

    private static async Task<Installation> SetUpAsync(TimeSpan poll, Func<Installation, Task> setUpAll)
    {
        var installation = new Installation(poll);
        try
        {
            await setUpAll(installation);
            return installation;
        }
        catch
        {
            await installation.DisposeAsync();
            throw;
        }
    }

    private async Task<string> ServeAsync(Programs programs, CancellationToken cancellationToken)
    {
        _node = new RunningProgram(
            programs.SimulatedNode,
            ["serve", "--directory", At("node"), "--node", NodePopulation.NodeName, "--time-zone", "UTC"],
            "listening on ");
        return await _node.AnnouncedAsync(TimeSpan.FromMinutes(1), cancellationToken);
    }

    private async Task<string> ServeHereAsync(CancellationToken cancellationToken)
    {
        Node = await SimulatedNode.StartAsync(
            new SimulatedNodeOptions { Directory = At("node"), NodeName = NodePopulation.NodeName }, cancellationToken);
        Relay = new Relay(Node.Url);
        return Relay.Url;
    }

    /// <param name="archiveCount">That many lie in the dump directories.</param>
    /// <param name="serve">Starts the node and says where it is.</param>
    /// <param name="cancellationToken">Leaves what is there to be removed.</param>
    private async Task SetUpAllAsync(int archiveCount, Func<Task<string>> serve, CancellationToken cancellationToken)
    {
        var now = TimeProvider.System.GetUtcNow();
        WritePrivately("token", await NodePopulation.WriteAsync(At("node"), archiveCount, now, cancellationToken));
        var url = await serve();
        await MakeRecipientAsync(cancellationToken);
        Directory.CreateDirectory(RemoteDirectory);
        Directory.CreateDirectory(Spool);
        WritePrivately("rclone.conf", $"[{RemoteName}]\ntype = alias\nremote = {At("remote")}\n");
        Directory.CreateDirectory(At("state"));
        WritePrivately("appsettings.json", Configuration(url));
        Settings = Settings.Load(ConfigurationFile);
        await OwnRemoteAsync(cancellationToken);
    }

    // A remote that lost its owner file, beside backups that were published there, is refused.
    private async Task OwnRemoteAsync(CancellationToken cancellationToken)
    {
        using var state = await StateDirectory.TryOwnAsync(Settings.Options, TimeProvider.System, cancellationToken)
            ?? throw new BenchmarkException($"another process works on {At("state")}");
        await File.WriteAllTextAsync(
            At($"remote/{RemoteGate.OwnerFile}"), $$"""{ "format": 1, "installation": "{{state.InstallationId}}" }""", cancellationToken);
    }

    private async Task MakeRecipientAsync(CancellationToken cancellationToken)
    {
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        var home = Directory.CreateDirectory(At("gnupg"), ownerOnly).FullName;
        string[] batch = ["--homedir", home, "--batch", "--pinentry-mode", "loopback", "--passphrase", ""];
        await GpgAsync([.. batch, "--quick-gen-key", "bench@example.org", "default", "default", "never"], cancellationToken);
        await GpgAsync([.. batch, "--armor", "--output", At("recipient.asc"), "--export", "bench@example.org"], cancellationToken);
        await Cli.Wrap("gpgconf").WithArguments(["--homedir", home, "--kill", "gpg-agent"]).ExecuteAsync(cancellationToken);
    }

    private static async Task GpgAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        await Cli.Wrap("gpg").WithArguments(arguments).WithStandardErrorPipe(PipeTarget.Null).ExecuteAsync(cancellationToken);

    // Only what has no default or needs a place of its own: reconciling stays as shipped.
    private string Configuration(string url) => JsonSerializer.Serialize(new
    {
        Perb = new
        {
            Proxmox = new
            {
                Url = url,
                Node = NodePopulation.NodeName,
                NodePopulation.TokenId,
                TokenSecretFile = At("token"),
                CaFile = At("node/pve-root-ca.pem"),
            },
            Discovery = new { SpoolDirectory = Spool, Poll = _poll.ToString("c") },
            Encryption = new { Recipients = new[] { At("recipient.asc") } },
            Staging = new { Directory = At("state/staging"), MinFree = "1%" },
            Rclone = new { ConfigFile = At("rclone.conf") },
            Remotes = new[] { new { Name = RemoteName, Path = $"{RemoteName}:" } },
            StateDirectory = At("state"),
            TimeZone = "UTC",
            Store = new { ConnectionString = $"Data Source={At("state/perb.db")}" },
        },
    });

    // As if every archive had been found on the remote and taken over: what a service records itself, without sealing 500 times.
    private async Task MarkAllPublishedAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var database = await Database.OpenForServiceAsync(Settings.Options.StorePath, cancellationToken);
        var listing = new DumpListing(Settings.Options.TimeZone);
        var idle = new TaskView(IsIdle: true, Finished: [], AskedAt: now);
        var archives = NodePopulation.StorageNames.SelectMany(storage => listing.List(
            new DumpDirectory(storage, At($"node/{storage}/dump"), Absence: null, IsShared: false), NodePopulation.NodeName, idle, now));
        await new DiscoveryStore(database).ApplyAsync(
            [.. archives.Select(archive => new DiscoveryChange.Found(archive, RemoteName, SkipReason: null, ConflictText: null))],
            _ => "bench",
            now,
            cancellationToken);

        var pipeline = new PipelineStore(database, TimeProvider.System);
        var claims = new ClaimStore(database, TimeProvider.System);
        var published = 0;
        while (await claims.ClaimNextAsync(RemoteName, null, null, [], cancellationToken) is { } claim)
        {
            var volume = new ManifestVolume($"{claim.Backup.RemoteName}.enc", claim.Backup.SizeBytes, Digests.Of([], also: null));
            await pipeline.RecordAdoptedAsync(claim, [volume], VerifyLevel.Hash, new PublishedManifest(100, IsSigned: false), keepsPlan: false);
            published++;
        }

        if (published != NodePopulation.ArchiveCount)
        {
            throw new BenchmarkException($"the store knows {published} archives instead of {NodePopulation.ArchiveCount}");
        }
    }

    private void WritePrivately(string name, string content)
    {
        File.WriteAllText(At(name), content);
        File.SetUnixFileMode(At(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private string At(string name) => Path.Combine(_directory.FullName, name);
}
