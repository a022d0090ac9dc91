using Perb.TestKit;

namespace Perb.IntegrationTests.Transfer;

/// <summary>Which gpg a test asks.</summary>
public enum GpgVersion
{
    /// <summary>The one on the path; 2.2.40 on Debian 12.</summary>
    Installed,

    /// <summary>2.4 of the next Debian, which <c>./test</c> unpacks into the git-ignored folder <c>artifacts</c>.</summary>
    Gpg24,
}

public static class GpgPrograms
{
    /// <summary>Wrappers that start gpg and its agent with the libraries unpacked beside them.</summary>
    private static readonly string Folder24 = Repository.PathOf("artifacts", "gnupg-2.4", "bin");

    /// <summary>The folder that has to come first in the path, or null where the path is right as it is.</summary>
    public static string? Folder(this GpgVersion version) => version == GpgVersion.Gpg24 ? Folder24 : null;

    public static bool IsHere(this GpgVersion version) => version == GpgVersion.Installed || File.Exists(Path.Combine(Folder24, "gpg"));

    /// <summary>Ends the test as skipped where this gpg is not here.</summary>
    public static void Require(this GpgVersion version) =>
        Assert.SkipUnless(version.IsHere(), "GnuPG 2.4 is not here: ./test unpacks it where apt can reach a mirror");
}
