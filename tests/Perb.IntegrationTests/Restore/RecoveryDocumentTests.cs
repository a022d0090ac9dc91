using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Signing;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Restore;

/// <summary>
/// docs/RECOVERY.md, word by word, on a machine that knows nothing: an empty key ring, an rclone remote called gdrive, and a stand-in for
/// Proxmox's qmrestore that keeps what it is given.
/// </summary>
public sealed class RecoveryDocumentTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const string Document = "docs/RECOVERY.md";
    private const string X = Workplace.RemoteName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Its_lines_with_Perb_bring_everything_back()
    {
        using var blank = new GpgHome();
        using var place = await SealedAsync(volumes: 3);
        BringKeysIn(blank, place);

        var lines = ReadmeLines.LinesOf(Document, "## 2. With Perb");
        Assert.Equal(["list", "restore", "restore", "restore"], lines.Take(4).Select(line => line.Split(' ')[1]));
        Assert.Contains(X, Run(blank, place, lines[0], place.Restored).Ok().Output, StringComparison.Ordinal);
        foreach (var line in lines.Skip(1).Take(3))
        {
            Run(blank, place, line, place.Restored).Ok();
            place.AssertRestoredAlone();
            if (line != lines[3])
            {
                Directory.Delete(place.Restored, recursive: true);
                Directory.CreateDirectory(place.Restored);
            }
        }

        Assert.StartsWith("qmrestore vzdump-", lines[4], StringComparison.Ordinal);
        Run(blank, place, lines[4], place.Restored).Ok();
        Assert.Equal(place.Content, await File.ReadAllBytesAsync(Path.Combine(Root(place), "guest-100"), Token));

        File.Delete(Path.Combine(Root(place), "guest-100"));
        Run(blank, place, lines[5], place.Restored).Ok();
        Assert.Equal(place.Content, await File.ReadAllBytesAsync(Path.Combine(Root(place), "guest-100"), Token));
        Assert.Equal(6, lines.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Its_lines_without_Perb_bring_everything_back(int volumes)
    {
        using var blank = new GpgHome();
        using var place = await SealedAsync(volumes);
        BringKeysIn(blank, place);
        var lines = ReadmeLines.LinesOf(Document, "## 4. Without Perb");
        Assert.Equal(4, lines.Count);

        foreach (var line in new[] { lines[0], lines[1], volumes == 1 ? lines[2] : lines[3] })
        {
            var ended = Run(blank, place, line, place.Restored);
            Assert.True(ended.ExitCode == 0, $"{line}\n{ended.Errors}");
        }

        place.AssertRestored();
    }

    [Fact]
    public async Task Its_line_for_a_file_of_PERB_brings_it_back()
    {
        using var blank = new GpgHome();
        using var place = await SealedAsync(volumes: 1);
        BringKeysIn(blank, place);
        const string Old = "vzdump-qemu-106-2020_01_02-22_10_33.vma.lzo";
        await File.WriteAllBytesAsync(Path.Combine(place.Restored, Old), place.Content, Token);
        key.Gpg.Bash(
            $"tar -cf - {Old} | gpg --batch --quiet --trust-model always -r {key.Fingerprint} -o 106-2020_01_02-22_10_33.vma.enc -e && rm {Old}", place.Restored).Ok();

        Run(blank, place, Assert.Single(ReadmeLines.LinesOf(Document, "## 5. Files of PERB, Perb's ancestor")), place.Restored).Ok();

        Assert.Equal(place.Content, await File.ReadAllBytesAsync(Path.Combine(place.Restored, Old), Token));
    }

    /// <summary>README names the same commands.</summary>
    [Fact]
    public async Task The_lines_of_README_work_as_well()
    {
        using var blank = new GpgHome();
        using var place = await SealedAsync(volumes: 3);
        BringKeysIn(blank, place);
        var lines = ReadmeLines.LinesOf("README.md", "## Restore");
        Assert.Equal(3, lines.Count);

        foreach (var line in lines)
        {
            Run(blank, place, line, place.Restored).Ok();
        }

        place.AssertRestoredAlone();
        Assert.Equal(place.Content, await File.ReadAllBytesAsync(Path.Combine(Root(place), "guest-100"), Token));
    }

    private static string Root(Workplace place) => Path.GetDirectoryName(place.Restored)!;

    private void BringKeysIn(GpgHome blank, Workplace place)
    {
        File.Copy(key.Gpg.ExportSecret(key.Fingerprint), Path.Combine(Root(place), "private.asc"));
        File.Copy(key.Gpg.Export(key.Fingerprint), Path.Combine(Root(place), "signing-public.asc"));
        foreach (var line in ReadmeLines.LinesOf(Document, "## 1. What you need"))
        {
            Run(blank, place, line, Root(place)).Ok();
        }
    }

    private static Ended Run(GpgHome blank, Workplace place, string line, string folder)
    {
        var root = Root(place);
        var bin = Directory.CreateDirectory(Path.Combine(root, "bin")).FullName;
        File.Delete(Path.Combine(bin, "perb"));
        File.CreateSymbolicLink(Path.Combine(bin, "perb"), PerbProcess.Program);
        File.WriteAllText(Path.Combine(bin, "qmrestore"), $"#!/bin/sh\n[ \"$1\" = - ] && exec cat > '{root}/guest-100'\nexec cp \"$1\" '{root}/guest-100'\n");
        File.SetUnixFileMode(Path.Combine(bin, "qmrestore"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var machine = $"export PATH='{bin}':\"$PATH\" RCLONE_CONFIG=/dev/null RCLONE_CONFIG_GDRIVE_TYPE=alias RCLONE_CONFIG_GDRIVE_REMOTE='{root}'; unset PERB_CONFIG; ";
        return blank.Bash(
            machine + line
                .Replace("/var/lib/vz/dump", place.Restored, StringComparison.Ordinal)
                .Replace("--signer signing-public.asc", $"--signer '{root}/signing-public.asc'", StringComparison.Ordinal),
            folder);
    }

    private async Task<Workplace> SealedAsync(int volumes)
    {
        var place = new Workplace(2_990_000);
        await place.SealAsync(place.Plan(key.Recipients, 3_000_000 / volumes), key.Recipients);
        var manifest = Path.Combine(place.Staging, X + ".sums");
        await File.WriteAllBytesAsync(manifest + ".sig", key.Gpg.Sign(key.Fingerprint, await File.ReadAllBytesAsync(manifest, Token)), Token);
        Directory.CreateSymbolicLink(Path.Combine(Root(place), "perb"), place.Staging);
        return place;
    }
}
