using Perb.TestKit;

namespace Perb.IntegrationTests.Packaging;

/// <summary>
/// The Debians below Proxmox VE 8 and 9, such as can be booted: made once by debootstrap and kept in <c>artifacts</c>; nodes are booted from
/// copies. They have what Proxmox would bring and Perb's package wants: rclone, so that the package installs without a network.
/// </summary>
public sealed class NodeImage : IDisposable
{
    private const string Programs = "systemd,systemd-sysv,dbus,gnupg,rclone,ca-certificates,zstd,tzdata";
    private static readonly string[] Needed = ["debootstrap", "systemd-nspawn", "nsenter"];

    /// <summary>Their names: Debian 12 and Debian 13.</summary>
    public static readonly TheoryData<string> Releases = ["bookworm", "trixie"];

    private readonly SemaphoreSlim _turn = new(1);

    public static string FolderOf(string release) => Repository.PathOf("artifacts", $"debian-{release}");

    /// <summary>Skips the test, with what is missing, where no node of that release can be booted.</summary>
    public async Task RequireAsync(string release)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a node is booted by root only; the tests do not run as root");
        foreach (var program in Needed)
        {
            Assert.SkipUnless(await BuiltPackages.TryRunAsync(program, "--version") is not null, $"no node can be booted: there is no {program}; ./test --all installs it");
        }

        await _turn.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (!Directory.Exists(FolderOf(release)))
            {
                await MakeAsync(release);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private static async Task MakeAsync(string release)
    {
        var partial = FolderOf(release) + ".partial";
        if (Directory.Exists(partial))
        {
            Directory.Delete(partial, recursive: true);
        }

        var made = await BuiltPackages.TryRunAsync(
            "debootstrap", "--variant=minbase", $"--include={Programs}", release, partial, await MirrorAsync());
        Assert.SkipUnless(made!.ExitCode == 0, $"no Debian {release} can be made here (no mirror?): {made.Output.TrimEnd().Split('\n')[^1]}");
        Directory.Move(partial, FolderOf(release));
    }

    /// <summary>The one that this machine uses.</summary>
    private static async Task<string> MirrorAsync()
    {
        var sites = await BuiltPackages.TryRunAsync("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages", "Component: main");
        return sites?.Output.Split('\n').FirstOrDefault(site => site.EndsWith("/debian", StringComparison.Ordinal)) ?? "http://deb.debian.org/debian";
    }
}
