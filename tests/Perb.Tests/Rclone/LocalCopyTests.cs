using System.Diagnostics;
using Perb.Transfer.Hashing;
using Perb.Transfer.Rclone;

namespace Perb.Tests.Rclone;

/// <summary>Files of a remote that is a directory of this machine, read where they lie.</summary>
public sealed class LocalCopyTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-local-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact(Timeout = 30_000)]
    public async Task What_is_not_there_is_said_with_its_path()
    {
        var file = Path.Combine(_folder.FullName, "gone.enc");

        var e = await Assert.ThrowsAsync<RcloneException>(() => HashAsync(file, TimeSpan.FromMinutes(1)));

        Assert.True(e.IsTransient);
        Assert.Contains($"{file} cannot be read back", e.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task One_that_does_not_answer_is_given_up()
    {
        var file = Path.Combine(_folder.FullName, "silent.enc"); // opening a pipe waits for who writes, as a dead mount does for ever
        using (var made = Process.Start("mkfifo", [file]))
        {
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var e = await Assert.ThrowsAsync<RcloneException>(() => HashAsync(file, TimeSpan.FromMilliseconds(50)));

        Assert.Equal(RcloneFailure.Stalled, e.Kind);
        await using var release = new FileStream(file, FileMode.Open, FileAccess.Write);
    }

    private static Task<string> HashAsync(string file, TimeSpan stall) =>
        LocalCopy.HashAsync(file, HashKind.Sha256, 1 << 20, stall, TimeProvider.System, TestContext.Current.CancellationToken);
}
