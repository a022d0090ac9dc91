using Microsoft.Extensions.Logging.Abstractions;
using Perb.Transfer.Posix;
using Perb.Transfer.Rclone;

namespace Perb.IntegrationTests.Rclone;

/// <summary>A restore by root on the node must not take the remotes' login away from the service.</summary>
public sealed class ConfigFileOwnerTests : IDisposable
{
    private const uint Nobody = 65534;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-owner-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public async Task A_login_that_rclone_renewed_as_root_still_belongs_to_the_service(string exitCode)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can give a file away");
        var (config, program) = (Path.Combine(_folder.FullName, "rclone.conf"), Path.Combine(_folder.FullName, "rclone"));
        await File.WriteAllTextAsync(config, "[r]\ntype = local\n", TestContext.Current.CancellationToken);
        FileFacts.Give(config, Nobody, Nobody);
        await File.WriteAllTextAsync(program, $"#!/bin/sh\ncp {config} {config}.new && mv {config}.new {config}\necho 'rclone v1.60.1'\nexit {exitCode}\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var rclone = new RcloneProgram(new RcloneOptions { Program = program, ConfigFile = config }, TimeProvider.System, NullLogger<RcloneProgram>.Instance);

        var failure = await Record.ExceptionAsync(() => rclone.GetVersionAsync(TestContext.Current.CancellationToken));

        Assert.Equal(exitCode != "0", failure is RcloneException);
        Assert.Equal((Nobody, Nobody), (FileFacts.At(config)!.Owner, FileFacts.At(config)!.Group));
    }
}
