using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Restore;

/// <summary>Whether a disk has room for a restore, and for how many fetched volumes at once. Pure.</summary>
/// <param name="Archive">What is still to be written of the archive.</param>
/// <param name="LargestVolume">0 where none is fetched.</param>
/// <param name="Kept">Volumes that lie there from an earlier attempt.</param>
internal sealed record RestoreSpace(long Archive, long LargestVolume, long Kept)
{
    public const int MostVolumes = 3; // one being decrypted, one ready, one on its way

    /// <summary>Log, notes, and what a file system needs for itself.</summary>
    private const long Beside = 16 << 20;

    /// <exception cref="RestoreException">Not even for one.</exception>
    public int VolumesAtOnce(string directory, long freeBytes)
    {
        var needed = (Int128)Archive + (Archive > 0 ? Beside : 0) - Kept; // sizes as somebody wrote them into a manifest
        for (var volumes = MostVolumes; volumes >= 1; volumes--)
        {
            if (freeBytes >= needed + ((Int128)volumes * LargestVolume))
            {
                return volumes;
            }
        }

        throw new RestoreException(
            $"{directory} has {ByteSize.Format(freeBytes)} free, and {ByteSize.Format((long)Int128.Min(long.MaxValue, Int128.Max(0, needed) + LargestVolume))} are needed: "
            + "make room, or name another directory with --to");
    }
}
