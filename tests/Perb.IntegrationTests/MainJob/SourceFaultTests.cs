using System.Diagnostics;
using System.Globalization;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.MainJob;

/// <summary>An archive that changes, goes, or cannot be read while its volumes are made: what is published is one archive, whole.</summary>
[Trait("Suite", "long")]
public sealed class SourceFaultTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task An_archive_that_is_rewritten_between_two_volumes_is_sealed_anew_from_the_first()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (name, archive) = Add(perb);
        var content = Content(seed: 2);

        await BetweenVolumesAsync(perb, name, () => File.WriteAllBytes(archive, content));

        var ended = await perb.RunAsync("once");
        Assert.True(ended.ExitCode == 0, ended.Errors);
        perb.AssertWhole(name);
        Assert.Equal(content, Restored(perb, name)[Path.GetFileName(archive)]);
    }

    [Fact]
    public async Task Of_an_archive_that_is_replaced_between_two_volumes_the_first_is_published_and_the_other_is_a_named_conflict()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (name, archive) = Add(perb);
        var content = File.ReadAllBytes(archive);

        await BetweenVolumesAsync(perb, name, () =>
        {
            File.Delete(archive);
            File.WriteAllBytes(archive, Content(seed: 2));
        });

        perb.AssertWhole(name);
        Assert.Equal(content, Restored(perb, name)[Path.GetFileName(archive)]);
        var next = await perb.RunAsync("once");
        Assert.Equal(3, next.ExitCode);
        Assert.Contains($"{archive} is not the archive that was shipped as {name}", next.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_that_is_pruned_between_two_volumes_is_published_as_it_was()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (name, archive) = Add(perb);
        var content = File.ReadAllBytes(archive);

        await BetweenVolumesAsync(perb, name, () => Array.ForEach(Directory.GetFiles(perb.DumpFolder), File.Delete));

        perb.AssertWhole(name);
        Assert.Equal(content, Restored(perb, name)[Path.GetFileName(archive)]);
    }

    [Fact]
    public async Task Companions_that_are_rewritten_between_two_volumes_are_published_as_they_were_planned()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (name, archive) = Add(perb);

        await BetweenVolumesAsync(perb, name, () =>
        {
            File.WriteAllText(archive + ".notes", "much longer notes, which would move every byte behind them");
            File.Delete(Directory.GetFiles(perb.DumpFolder, "*.log").Single());
        });

        (await perb.RunAsync("once")).Ok();
        perb.AssertWhole(name);
        var files = Restored(perb, name);
        Assert.Equal("a note"u8.ToArray(), files[Path.GetFileName(archive) + ".notes"]);
        Assert.Equal("INFO: Backup finished\n"u8.ToArray(), files.Single(file => file.Key.EndsWith(".log", StringComparison.Ordinal)).Value);
        Assert.Equal(File.ReadAllBytes(archive), files[Path.GetFileName(archive)]);
    }

    [Fact]
    public async Task An_archive_that_cannot_be_read_is_told_and_tried_again()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (name, archive) = Add(perb);
        await Strace.RequireAsync();
        perb.Under = ["strace", "-f", "-q", "-o", "/dev/null", "-P", archive, "-e", "trace=pread64,preadv", "-e", "inject=pread64,preadv:error=EIO:when=2+"];

        var first = await perb.RunAsync("once");

        Assert.True(first.ExitCode == 75, $"{first.ExitCode}: {first.Errors}");
        OneLine.NoTrace(first);
        Assert.Contains("Input/output error", (string)Assert.Single(await perb.ListAsync())!["failure"]!, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(perb.Staging, "*.partial"));

        perb.Under = [];
        (await perb.RunAsync("once")).Ok();
        perb.AssertWhole(name);
        Assert.Equal(File.ReadAllBytes(archive), Restored(perb, name)[Path.GetFileName(archive)]);
    }

    [Fact]
    public async Task A_read_that_does_not_return_as_on_a_mount_whose_server_is_gone_holds_up_no_stop()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (name, archive) = Add(perb);
        await Strace.RequireAsync();

        // Ten minutes; -D: the signal is for perb, not for strace.
        perb.Under = ["strace", "-D", "-f", "-q", "-o", "/dev/null", "-P", archive, "-e", "trace=pread64,preadv", "-e", "inject=pread64,preadv:delay_enter=600000000:when=2+"];
        await using var service = perb.Run();
        await Eventually.HoldsAsync("the first volume is begun", () => Partials(perb).Any());
        var tracer = File.ReadLines($"/proc/{service.Id}/status").Single(line => line.StartsWith("TracerPid:", StringComparison.Ordinal))["TracerPid:".Length..];
        perb.Under = [];

        var stopping = service.TerminateAsync();
        await Eventually.HoldsAsync("its claim is handed back", async () => (await perb.RunAsync("show", "1")).Output.Contains("handed back", StringComparison.Ordinal));

        using var strace = Process.GetProcessById(int.Parse(tracer, CultureInfo.InvariantCulture));
        strace.Kill(); // whom it delays cannot die before
        Assert.Equal(0, await stopping);
        Assert.Empty(Partials(perb));
        (await perb.RunAsync("once")).Ok();
        perb.AssertWhole(name);
    }

    private static IEnumerable<string> Partials(PerbInstallation perb) =>
        Directory.Exists(perb.Staging) ? Directory.EnumerateFiles(perb.Staging, "*.partial") : [];

    private static (string Name, string Archive) Add(PerbInstallation perb)
    {
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 9 << 20);
        return (name, Path.Combine(perb.DumpFolder, $"vzdump-lxc-{name}.tar.zst"));
    }

    private static byte[] Content(int seed)
    {
        var content = new byte[9 << 20];
        new Random(seed).NextBytes(content);
        return content;
    }

    // With room for one volume the second is not begun before the first is sent.
    private static async Task BetweenVolumesAsync(PerbInstallation perb, string name, Action change)
    {
        var rclone = perb.ConfigureFaulty(("Staging:MaxSize", "6MiB"));
        rclone.Holds("copyto*.001-of-003.enc", perb.PathOf("go"));
        await using var once = perb.Run("once");
        await Eventually.HoldsAsync("the first volume is sent", () => rclone.Copies($"{name}.001-of-003.enc") == 1);

        change();

        File.WriteAllText(perb.PathOf("go"), "");
        await once.EndAsync();
        Assert.DoesNotContain("   at ", once.Output, StringComparison.Ordinal);
    }

    private static Dictionary<string, byte[]> Restored(PerbInstallation perb, string name)
    {
        var folder = perb.FolderOf("restored");
        perb.Key.Gpg.Bash($"set -o pipefail; for v in {perb.RemoteFolder}/{name}.*.enc; do gpg -d \"$v\" || exit 1; done | tar -x", folder).Ok();
        return Directory.GetFiles(folder).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);
    }
}
