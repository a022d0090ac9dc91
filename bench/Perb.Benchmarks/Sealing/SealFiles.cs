using CliWrap;
using CliWrap.Buffered;

namespace Perb.Benchmarks.Sealing;

/// <summary>The archive, where to write, and a key, in one temporary directory that goes with this.</summary>
internal sealed class SealFiles : IAsyncDisposable
{
    private readonly DirectoryInfo _directory;

    private SealFiles(DirectoryInfo directory) => _directory = directory;

    public string Source => At("vzdump-qemu-100-2026_11_20-02_00_01.vma.zst");

    public string Output => At("output");

    public string Key => At("recipient.asc");

    public string Fingerprint { get; private set; } = "";

    /// <summary>For gpg of the peers: the key ring of the recipient.</summary>
    public IReadOnlyDictionary<string, string?> Environment => new Dictionary<string, string?> { ["GNUPGHOME"] = At("gnupg") };

    /// <summary>An archive of random bytes, which compress no better than vzdump's own.</summary>
    public static async Task<SealFiles> MakeAsync(string parent, long sizeBytes, CancellationToken cancellationToken)
    {
        var files = new SealFiles(Directory.CreateDirectory(
            Path.Combine(parent, $"perb-bench-{System.Environment.ProcessId}"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
        try
        {
            Directory.CreateDirectory(files.Output);
            Directory.CreateDirectory(files.At("gnupg"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            await files.MakeKeyAsync(cancellationToken);
            await files.FillAsync(sizeBytes, cancellationToken);
            return files;
        }
        catch
        {
            await files.DisposeAsync();
            throw;
        }
    }

    /// <summary>Of this length and without content: it takes no room, but is read and sealed like any other.</summary>
    public void MakeSourceSparse(long sizeBytes)
    {
        File.Delete(Source);
        using var file = File.Create(Source);
        file.SetLength(sizeBytes);
    }

    /// <summary>
    /// Nothing of an earlier run is left to write over, and the archive has to come from the disk again. A virtual machine may have given
    /// the memory of deleted files back to its host, and to fetch it again takes longer than to seal; so it is fetched here, for all alike.
    /// </summary>
    public async Task PrepareRunAsync(CancellationToken cancellationToken)
    {
        EmptyOutput();
        await Cli.Wrap("cp").WithArguments(["--sparse=auto", Source, Path.Combine(Output, "room")]).ExecuteAsync(cancellationToken);
        EmptyOutput();

        // coreutils' manual: drops the whole file's cache.
        await Cli.Wrap("dd").WithArguments([$"if={Source}", "iflag=nocache", "count=0", "status=none"]).ExecuteAsync(cancellationToken);
    }

    /// <summary>How much of the archive and of what was written still lies in the page cache, in MiB.</summary>
    public async Task<double> CachedMebibytesAsync(CancellationToken cancellationToken)
    {
        var listed = await Cli.Wrap("fincore")
            .WithArguments(["--bytes", "--noheadings", "--output", "RES", Source, .. Directory.EnumerateFiles(Output)])
            .ExecuteBufferedAsync(cancellationToken);
        return listed.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries).Sum(long.Parse) / (double)(1 << 20);
    }

    public async ValueTask DisposeAsync()
    {
        await Cli.Wrap("gpgconf").WithArguments(["--homedir", At("gnupg"), "--kill", "all"]).ExecuteAsync();
        _directory.Delete(recursive: true);
    }

    private void EmptyOutput()
    {
        foreach (var file in Directory.EnumerateFiles(Output))
        {
            File.Delete(file);
        }
    }

    private async Task MakeKeyAsync(CancellationToken cancellationToken)
    {
        string[] batch = ["--homedir", At("gnupg"), "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""];
        await GpgAsync([.. batch, "--quick-generate-key", "bench@example.org", "default", "default", "never"], cancellationToken);
        await GpgAsync([.. batch, "--armor", "--output", Key, "--export", "bench@example.org"], cancellationToken);
        var listed = await Cli.Wrap("gpg").WithArguments([.. batch, "--with-colons", "--list-keys"]).ExecuteBufferedAsync(cancellationToken);
        Fingerprint = listed.StandardOutput.Split('\n').First(line => line.StartsWith("fpr:", StringComparison.Ordinal)).Split(':')[9];
    }

    private static async Task GpgAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        await Cli.Wrap("gpg").WithArguments(arguments).WithStandardErrorPipe(PipeTarget.Null).ExecuteAsync(cancellationToken);

    private async Task FillAsync(long sizeBytes, CancellationToken cancellationToken)
    {
        await using var file = File.Create(Source);
        var random = new Random(4711);
        var block = new byte[1 << 20];
        for (var left = sizeBytes; left > 0; left -= block.Length)
        {
            random.NextBytes(block);
            await file.WriteAsync(block.AsMemory(0, (int)Math.Min(block.Length, left)), cancellationToken);
        }
    }

    private string At(string name) => Path.Combine(_directory.FullName, name);
}
