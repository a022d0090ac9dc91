using System.Globalization;
using System.Text.Json;
using CliWrap;
using Perb.Simulation;
using Perb.Simulation.Storage;

namespace Perb.Benchmarks.MainJob;

/// <summary>What a main job needs, in one temporary directory that goes with it: a node, archives in a dump directory, a key, a remote on the disk.</summary>
internal sealed class Site : IAsyncDisposable
{
    private const string TokenId = "perb@pve!bench";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly DirectoryInfo _directory;
    private SimulatedNode _node = null!;
    private string _secret = "";

    private Site(DirectoryInfo directory) => _directory = directory;

    public string Dump => _node.Storages["local"].DumpDirectory;

    public string Remote => At("remote");

    public string Output => At("output");

    public string RcloneConfiguration => At("rclone.conf");

    public string ConfigurationFile => At("appsettings.json");

    public string Fingerprint { get; private set; } = "";

    /// <summary>For gpg of the peers: the key ring of the recipient.</summary>
    public IReadOnlyDictionary<string, string?> Environment => new Dictionary<string, string?> { ["GNUPGHOME"] = At("gnupg") };

    public IEnumerable<string> Archives => Directory.EnumerateFiles(Dump, "*.zst").Order(StringComparer.Ordinal);

    public static async Task<Site> MakeAsync(string parent, int archives, long bytesEach, CancellationToken cancellationToken)
    {
        var site = new Site(Directory.CreateDirectory(Path.Combine(parent, $"perb-bench-{System.Environment.ProcessId}"), OwnerOnly));
        try
        {
            site._node = await SimulatedNode.StartAsync(
                new SimulatedNodeOptions { Directory = site.At("node"), AuthenticationDelay = TimeSpan.Zero }, cancellationToken);
            site._node.AddStorage(new StorageDefinition("local") { Path = Directory.CreateDirectory(site.At("storage")).FullName });
            Directory.CreateDirectory(site.Dump);
            site._secret = site._node.CreateToken(TokenId, ["Sys.Audit", "Datastore.Audit", "VM.Audit", "Pool.Audit"]);
            site.WritePrivately("token", site._secret);
            site.WritePrivately("rclone.conf", "[offsite]\ntype = local\n");
            await site.MakeKeyAsync(cancellationToken);
            for (var index = 0; index < archives; index++)
            {
                await site.AddArchiveAsync(100 + index, bytesEach, cancellationToken);
            }

            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    public string At(string name) => Path.Combine(_directory.FullName, name);

    /// <summary>Nothing of an earlier run is left, and the archives have to come from the disk again.</summary>
    public async Task PrepareRunAsync(CancellationToken cancellationToken)
    {
        foreach (var name in (string[])["state", "remote", "output"])
        {
            if (Directory.Exists(At(name)))
            {
                Directory.Delete(At(name), recursive: true);
            }

            Directory.CreateDirectory(At(name), OwnerOnly);
        }

        await Cli.Wrap("sync").ExecuteAsync(cancellationToken);
        foreach (var archive in Archives)
        {
            await Cli.Wrap("dd").WithArguments([$"if={archive}", "iflag=nocache", "count=0", "status=none"]).ExecuteAsync(cancellationToken);
        }
    }

    /// <param name="volumeSize">In the words of the configuration; null: its default.</param>
    /// <param name="sealers">As configured.</param>
    /// <param name="uploads">As configured.</param>
    /// <param name="rclone">The program.</param>
    public void Configure(string? volumeSize = null, int sealers = 1, int uploads = 1, string rclone = "rclone") => WritePrivately(
        "appsettings.json",
        JsonSerializer.Serialize(new
        {
            Perb = new
            {
                Proxmox = new { _node.Url, Node = "pve1", TokenId, TokenSecretFile = At("token"), _node.CaFile },
                Discovery = new { SpoolDirectory = At("spool") },
                Encryption = new { Recipients = new[] { At("recipient.asc") }, VolumeSize = volumeSize ?? "1GiB" },
                Staging = new { Directory = At("state/staging"), MinFree = "1%", Sealers = sealers },
                Rclone = new { ConfigFile = RcloneConfiguration, Program = rclone },
                Remotes = new[] { new { Name = "offsite", Path = $"offsite:{Remote}", Uploads = uploads } },
                StateDirectory = At("state"),
                TimeZone = "UTC",
                Store = new { ConnectionString = $"Data Source={At("state/perb.db")}" },
            },
        }));

    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }

        await Cli.Wrap("gpgconf").WithArguments(["--homedir", At("gnupg"), "--kill", "all"]).WithValidation(CommandResultValidation.None).ExecuteAsync();
        _directory.Delete(recursive: true);
    }

    private async Task MakeKeyAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(At("gnupg"), OwnerOnly);
        string[] batch = ["--homedir", At("gnupg"), "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""];
        await GpgAsync([.. batch, "--quick-generate-key", "bench@example.org", "default", "default", "never"], cancellationToken);
        await GpgAsync([.. batch, "--armor", "--output", At("recipient.asc"), "--export", "bench@example.org"], cancellationToken);
        Fingerprint = "bench@example.org";
    }

    private static async Task GpgAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        await Cli.Wrap("gpg").WithArguments(arguments).WithStandardErrorPipe(PipeTarget.Null).ExecuteAsync(cancellationToken);

    // Random bytes, which compress no better than what vzdump compressed.
    private async Task AddArchiveAsync(int guest, long bytes, CancellationToken cancellationToken)
    {
        var madeAt = TimeProvider.System.GetUtcNow().AddHours(-1);
        var stem = string.Create(CultureInfo.InvariantCulture, $"vzdump-qemu-{guest}-{madeAt.UtcDateTime:yyyy_MM_dd-HH_mm_ss}");
        var archive = Path.Combine(Dump, $"{stem}.vma.zst");
        await using (var file = File.Create(archive))
        {
            var random = new Random(guest);
            var block = new byte[1 << 20];
            for (var left = bytes; left > 0; left -= block.Length)
            {
                random.NextBytes(block);
                await file.WriteAsync(block.AsMemory(0, (int)Math.Min(block.Length, left)), cancellationToken);
            }
        }

        await File.WriteAllTextAsync(Path.Combine(Dump, $"{stem}.log"), "INFO: Finished Backup\n", cancellationToken);
        await File.WriteAllTextAsync($"{archive}.notes", "a note", cancellationToken);
        foreach (var path in (string[])[archive, $"{archive}.notes", Path.Combine(Dump, $"{stem}.log")])
        {
            File.SetLastWriteTimeUtc(path, madeAt.UtcDateTime);
        }
    }

    private void WritePrivately(string name, string content)
    {
        File.WriteAllText(At(name), content);
        File.SetUnixFileMode(At(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
