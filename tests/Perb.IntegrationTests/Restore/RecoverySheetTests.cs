using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Signing;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Restore;

/// <summary>The page that is printed and kept: its commands work as they stand there.</summary>
public sealed class RecoverySheetTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task The_commands_of_the_sheet_bring_a_backup_back_without_perb()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.Configure(("Encryption:SigningKey", key.Gpg.ExportSecret(key.Fingerprint + "!")));
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 9 << 20);
        (await perb.RunAsync("once")).Ok();
        var archive = Directory.EnumerateFiles(perb.DumpFolder, "*.tar.zst").Single();

        var sheet = (await perb.RunAsync("recovery-sheet")).Ok().Output;
        var commands = sheet.Split('\n')
            .Where(line => ((string[])["    rclone ", "    gpg --verify", "    ( set"]).Any(start => line.StartsWith(start, StringComparison.Ordinal)))
            .Select(line => line.Trim().Replace("REMOTE", perb.RemoteFolder, StringComparison.Ordinal)
                .Replace("X.", name + ".", StringComparison.Ordinal))
            .ToList();
        Assert.Equal(4, commands.Count);
        var folder = perb.FolderOf("blank");
        var run = key.Gpg.Bash(string.Join(" && ", commands), folder);

        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.Contains("Good signature", run.Errors, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(archive), File.ReadAllBytes(Path.Combine(folder, Path.GetFileName(archive))));
        Assert.Contains(key.Fingerprint, sheet, StringComparison.Ordinal);
        Assert.Contains(File.ReadAllText(perb.PathOf("state", "installation-id")).Trim(), sheet, StringComparison.Ordinal);
        Assert.Contains($"offsite:{perb.RemoteFolder}", sheet, StringComparison.Ordinal);
    }
}
