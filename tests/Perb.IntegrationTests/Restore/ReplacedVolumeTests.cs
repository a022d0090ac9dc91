using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Restore;

/// <summary>A remote that is a directory of this machine can be written by others while a volume is restored.</summary>
public sealed class ReplacedVolumeTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const string X = Workplace.RemoteName;
    private const int ArchiveBytes = 1_500_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>In place, with its size and time, between the moment when it was right and the moment when gpg opens it.</summary>
    [Theory]
    [InlineData(PacketKind.Mdc)]
    [InlineData(PacketKind.Ocb)]
    public async Task A_volume_that_is_replaced_behind_the_check_never_becomes_a_restored_archive(PacketKind packet)
    {
        using var place = new Workplace(ArchiveBytes);
        using var other = new Workplace(ArchiveBytes);
        await File.WriteAllBytesAsync(other.Archive, new byte[ArchiveBytes], Token);
        foreach (var one in new[] { place, other })
        {
            File.SetLastWriteTimeUtc(one.Archive, new DateTime(2026, 11, 20, 2, 0, 0, DateTimeKind.Utc));
            await one.SealAsync(one.Plan(key.Recipients, 1 << 30, packet), key.Recipients);
        }

        var ended = await RestoreAsync(place, Path.Combine(other.Staging, X + ".enc"));

        Assert.True(File.Exists(Path.Combine(place.Restored, "..", "replaced")));
        var archive = Path.Combine(place.Restored, Workplace.ArchiveName);
        if (ended.ExitCode == 0)
        {
            Assert.Equal(place.Content, await File.ReadAllBytesAsync(archive, Token)); // what was right had been read by then
        }
        else
        {
            Assert.Equal(1, ended.ExitCode);
            OneLine.NoTrace(ended);
            place.AssertNothingRestored();
        }
    }

    private Task<Ended> RestoreAsync(Workplace place, string other)
    {
        var root = Path.GetDirectoryName(place.Restored)!;
        var bin = Directory.CreateDirectory(Path.Combine(root, "bin")).FullName;
        var volume = Path.Combine(place.Staging, X + ".enc");
        File.WriteAllText(Path.Combine(bin, "gpg"), $$"""
            #!/bin/sh
            touch -r '{{volume}}' '{{root}}/replaced' && cat '{{other}}' > '{{volume}}' && touch -r '{{root}}/replaced' '{{volume}}'
            PATH=${PATH#*:} exec gpg "$@"
            """);
        File.SetUnixFileMode(Path.Combine(bin, "gpg"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var environment = RestoreCall.Environment(key.Gpg);
        environment["PATH"] = $"{bin}:{environment["PATH"]}";
        return PerbProcess.RunAsync(["restore", X, "--remote", place.Staging, "--to", place.Restored], environment, under: [], Token);
    }
}
