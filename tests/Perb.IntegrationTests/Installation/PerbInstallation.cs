using System.Text.Json;
using System.Text.Json.Nodes;
using Perb.IntegrationTests.Transfer;
using Perb.Simulation;
using Perb.Simulation.Guests;
using Perb.Simulation.Storage;
using Perb.Simulation.Vzdump;
using Perb.TestKit;

namespace Perb.IntegrationTests.Installation;

/// <summary>
/// Perb as an administrator has it: a node with a storage, a token, a recipient, a remote of rclone, a configuration, and the built
/// program, run as a process. All in one temporary folder.
/// </summary>
public sealed class PerbInstallation : IAsyncDisposable
{
    public const string TokenId = "perb@pve!node";
    public const string ConfigurationName = "appsettings.json";
    public static readonly string[] AllPrivileges = ["Sys.Audit", "Datastore.Audit", "VM.Audit", "Pool.Audit"];

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("perb-installed-");

    private PerbInstallation(SharedKey key) => Key = key;

    public SharedKey Key { get; }

    /// <summary>A command that runs every perb of this installation, such as <c>strace</c>.</summary>
    public IReadOnlyList<string> Under { get; set; } = [];

    public SimulatedNode Node { get; private set; } = null!;

    public string Secret { get; private set; } = "";

    public string Configuration => PathOf(ConfigurationName);

    public string State => PathOf("state");

    public string Staging => PathOf("state", "staging", "offsite");

    public string Store => PathOf("state", "perb.db");

    public string RemoteFolder => PathOf("remote");

    public string DumpFolder => Node.Storages["local"].DumpDirectory;

    /// <summary>With one storage, <c>local</c>, an unlimited remote, <c>offsite</c>, and volumes of 4 MiB.</summary>
    public static async Task<PerbInstallation> StartAsync(SharedKey key, CancellationToken cancellationToken)
    {
        var perb = new PerbInstallation(key);
        await perb.StartNodeAsync(port: 0, cancellationToken);
        perb.Node.AddStorage(new StorageDefinition("local") { Path = perb.FolderOf("storage") });
        perb.Secret = perb.Node.CreateToken(TokenId, AllPrivileges);
        perb.FolderOf("remote");
        File.WriteAllText(perb.PathOf("rclone.conf"), "[offsite]\ntype = local\n");
        perb.WriteSecret("token", perb.Secret);
        perb.Configure();
        return perb;
    }

    /// <summary>On the port it had before, unless it never ran.</summary>
    public async Task StartNodeAsync(int port, CancellationToken cancellationToken) => Node = await SimulatedNode.StartAsync(
        new SimulatedNodeOptions
        {
            Directory = PathOf("node"),
            Port = port,
            AuthenticationDelay = TimeSpan.Zero,
            TimeZone = TimeZoneInfo.Utc,
        },
        cancellationToken);

    public string PathOf(params string[] parts) => Path.Combine([_root.FullName, .. parts]);

    public string FolderOf(string name) => Directory.CreateDirectory(PathOf(name)).FullName;

    public string WriteSecret(string name, string content)
    {
        File.WriteAllText(PathOf(name), content);
        File.SetUnixFileMode(PathOf(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return PathOf(name);
    }

    /// <summary>Writes the configuration anew. Keys are below <c>Perb</c>, with colons; null takes a key away.</summary>
    public void Configure(params (string Key, JsonNode? Value)[] overrides)
    {
        var perb = JsonNode.Parse($$"""
            {
              "Proxmox": {
                "Url": "{{Node.Url}}", "Node": "pve1", "TokenId": "{{TokenId}}", "TokenSecretFile": "{{PathOf("token")}}", "CaFile": "{{Node.CaFile}}"
              },
              "Discovery": { "Poll": "00:00:01" },
              "Encryption": { "Recipients": [ "{{RecipientFile}}" ], "VolumeSize": "4MiB" },
              "Staging": { "MinFree": "1MiB" },
              "Rclone": { "ConfigFile": "{{PathOf("rclone.conf")}}" },
              "Remotes": [ { "Name": "offsite", "Path": "offsite:{{RemoteFolder}}" } ],
              "StateDirectory": "{{State}}",
              "TimeZone": "Etc/UTC",
              "Store": { "ConnectionString": "Data Source={{Store}}" }
            }
            """)!;
        foreach (var (key, value) in overrides)
        {
            Set(perb, key.Split(':'), value);
        }

        WriteConfiguration(new JsonObject { ["Perb"] = perb }.ToJsonString());
    }

    public string RecipientFile => Path.Combine(Key.Gpg.Folder, Key.Fingerprint + ".asc");

    public void WriteConfiguration(string text) => WriteSecret(ConfigurationName, text);

    /// <summary>An archive as vzdump leaves it, with log and notes, made this long ago. Returns its remote name.</summary>
    public string AddArchive(int vmid, TimeSpan age, int sizeBytes = 100_000, string storage = "local")
    {
        var madeAt = TimeProvider.System.GetUtcNow() - age;
        var stem = $"vzdump-lxc-{vmid}-{madeAt:yyyy_MM_dd-HH_mm_ss}";
        var content = new byte[sizeBytes];
        new Random(vmid).NextBytes(content);
        var folder = Node.Storages[storage].DumpDirectory;
        WriteAged(Path.Combine(folder, stem + ".tar.zst"), content, madeAt);
        WriteAged(Path.Combine(folder, stem + ".log"), "INFO: Backup finished\n"u8.ToArray(), madeAt);
        WriteAged(Path.Combine(folder, stem + ".tar.zst.notes"), "a note"u8.ToArray(), madeAt);
        return stem["vzdump-lxc-".Length..];
    }

    /// <summary>With an rclone that fails where the test says.</summary>
    public FaultyRclone ConfigureFaulty(params (string Key, JsonNode? Value)[] overrides)
    {
        Configure([("Rclone:Program", FaultyRclone.Program), .. overrides]);
        return new FaultyRclone(_root.FullName);
    }

    /// <summary>The volumes of an archive of up to three volumes of 4 MiB, and its manifest.</summary>
    public static string[] ObjectsOf(string name, int volumes = 3) => volumes == 1
        ? [$"{name}.enc", $"{name}.sums"]
        : [.. Enumerable.Range(1, volumes).Select(number => $"{name}.{number:D3}-of-{volumes:D3}.enc"), $"{name}.sums"];

    /// <summary>
    /// The only backup is whole: its objects are what its manifest says, and nothing is left over. That it is recorded as published is what
    /// <c>once</c> says by ending with 0.
    /// </summary>
    public void AssertWhole(string name, int volumes = 3)
    {
        Assert.Equal([.. ObjectsOf(name, volumes), "perb.json"], Objects());
        var check = Key.Gpg.Bash($"cksum -c {name}.sums", RemoteFolder);
        Assert.True(check.ExitCode == 0, check.Output + check.Errors);
        Assert.Empty(Directory.EnumerateFiles(Staging));
    }

    /// <summary>A container whose root directory holds this much that does not compress.</summary>
    public void AddContainer(int vmid, string name, int sizeBytes = 200_000)
    {
        var folder = FolderOf($"guest-{vmid}");
        var content = new byte[sizeBytes];
        new Random(vmid).NextBytes(content);
        File.WriteAllBytes(Path.Combine(folder, "data"), content);
        Node.AddGuest(new Guest(vmid, GuestType.Lxc, name, folder));
    }

    public void AddMachine(int vmid, string name, int sizeBytes = 200_000)
    {
        var content = new byte[sizeBytes];
        new Random(vmid).NextBytes(content);
        File.WriteAllBytes(PathOf($"disk-{vmid}"), content);
        Node.AddGuest(new Guest(vmid, GuestType.Qemu, name, PathOf($"disk-{vmid}")));
    }

    public async Task BackUpAsync(CancellationToken cancellationToken, params int[] guests) =>
        await Node.RunBackupAsync(new BackupRun { Guests = guests, NotesTemplate = "{{guestname}}" }, cancellationToken);

    /// <summary>Names of all objects on the remote, sorted.</summary>
    public IReadOnlyList<string> Objects() =>
        [.. Directory.EnumerateFiles(RemoteFolder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    /// <summary>Runs the program to its end, however it ends.</summary>
    public Task<Ended> RunAsync(params string[] arguments) => RunAsync(new Dictionary<string, string?>(), arguments);

    public Task<Ended> RunAsync(IReadOnlyDictionary<string, string?> environment, params string[] arguments) => PerbProcess.RunAsync(
        arguments,
        new Dictionary<string, string?>(environment.Prepend(KeyValuePair.Create<string, string?>("PERB_CONFIG", Configuration))),
        Under,
        TestContext.Current.CancellationToken);

    /// <summary>Starts <c>perb run</c>; the caller disposes it.</summary>
    public PerbProcess Run(params string[] arguments) => PerbProcess.Start(Configuration, arguments.Length == 0 ? ["run"] : arguments, Under);

    public async Task<JsonArray> ListAsync() => (JsonArray)Parse(await RunAsync("list", "--json"));

    public async Task<JsonObject> StatusAsync() => (JsonObject)Parse(await RunAsync("status", "--json"));

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        _root.Delete(recursive: true);
    }

    private static JsonNode Parse(Ended ended) => JsonNode.Parse(ended.Ok().Output)!;

    private static void WriteAged(string path, byte[] content, DateTimeOffset at)
    {
        File.WriteAllBytes(path, content);
        File.SetLastWriteTimeUtc(path, at.UtcDateTime);
    }

    private static void Set(JsonNode node, ReadOnlySpan<string> key, JsonNode? value)
    {
        if (key.Length > 1)
        {
            Set(node is JsonArray array ? array[int.Parse(key[0])]! : node[key[0]] ??= new JsonObject(), key[1..], value);
        }
        else if (value is null)
        {
            ((JsonObject)node).Remove(key[0]);
        }
        else
        {
            node[key[0]] = value;
        }
    }
}
