using System.Runtime.InteropServices;

namespace Perb.Transfer.Posix;

/// <summary>A directory into which nobody but its user can put anything.</summary>
public static class PrivateDirectory
{
    private const uint OwnerAlone = 0x1C0; // 0700
    private const UnixFileMode Others = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Makes it, or takes the one that is there. Where this user made it, file systems without modes (FAT, CIFS) will do, too.</summary>
    /// <returns>False: what has the name is no directory, or somebody else can put things into it.</returns>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static bool TryOpen(string path)
    {
        if (LibC.MakeDirectory(path, OwnerAlone) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == LibC.Exists
            ? FileFacts.At(path) is { IsDirectory: true } facts && facts.Owner == LibC.EffectiveUser() && (facts.Permissions & Others) == 0
            : throw LibC.Error($"Cannot make {path}");
    }
}
