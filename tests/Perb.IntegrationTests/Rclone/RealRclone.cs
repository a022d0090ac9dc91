using Microsoft.Extensions.Logging.Abstractions;
using Perb.Transfer.Rclone;

namespace Perb.IntegrationTests.Rclone;

/// <summary>The installed rclone, a configuration file that names a local remote, and a folder for it.</summary>
public sealed class RealRclone : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-rclone-");

    public RealRclone()
    {
        Directory.CreateDirectory(RemoteFolder);
        File.WriteAllText(ConfigFile, "[offsite]\ntype = local\n[ancient]\ntype = no-such-backend\n");
        Program = new RcloneProgram(
            new RcloneOptions { ConfigFile = ConfigFile }, TimeProvider.System, NullLogger<RcloneProgram>.Instance);
    }

    public RcloneProgram Program { get; }

    public string ConfigFile => PathOf("rclone.conf");

    public string RemoteFolder => PathOf("remote");

    public RemotePath Remote => RemotePath.Parse("offsite:" + RemoteFolder);

    /// <summary>No silent skip: without rclone these tests say how to get it.</summary>
    public static async Task<RealRclone> OpenAsync(CancellationToken cancellationToken)
    {
        var rclone = new RealRclone();
        try
        {
            await rclone.Program.GetVersionAsync(cancellationToken);
            return rclone;
        }
        catch (RcloneMissingException)
        {
            rclone.Dispose();
            Assert.Fail("rclone is not installed; run the tests with ./test, which installs it");
            throw;
        }
    }

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public string WriteLocal(string name, byte[] content)
    {
        File.WriteAllBytes(PathOf(name), content);
        return PathOf(name);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
