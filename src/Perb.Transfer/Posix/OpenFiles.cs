namespace Perb.Transfer.Posix;

/// <summary>How many descriptors this process may have.</summary>
public static class OpenFiles
{
    private const int OpenFilesResource = 7;
    private const long Usual = 1024;

    public static long Limit { get; } = Read();

    private static unsafe long Read()
    {
        var limits = stackalloc ulong[2]; // what holds now, and up to what it may be raised
        return LibC.ResourceLimit(OpenFilesResource, limits) == 0 ? (long)Math.Min(limits[0], long.MaxValue) : Usual;
    }
}
