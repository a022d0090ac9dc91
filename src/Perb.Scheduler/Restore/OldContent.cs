using System.IO.Compression;
using Perb.Transfer.Unpacking;

namespace Perb.Scheduler.Restore;

/// <summary>What PERB put into one of its files, told from the first bytes: versions and settings of it differed. Pure.</summary>
/// <param name="IsTar">A tar of archive and log.</param>
/// <param name="IsGzipped">That tar was compressed with gzip.</param>
/// <param name="ArchiveName">Not a tar: the archive itself, and this must have been its name.</param>
internal sealed record OldContent(bool IsTar, bool IsGzipped, string? ArchiveName)
{
    /// <summary>So much of the content is looked at.</summary>
    public const int HeadBytes = 64 << 10;

    private const int TarHeadBytes = 512;

    private static readonly (byte[] Magic, string Ending)[] Compressors =
    [
        ([0x28, 0xB5, 0x2F, 0xFD], ".zst"), ([0x1F, 0x8B], ".gz"), ([0x89, (byte)'L', (byte)'Z', (byte)'O'], ".lzo"), ([.. "BZh"u8], ".bz2"),
    ];

    /// <param name="fileName">On the remote, <c>106-2020_01_02-22_10_33.vma.enc</c>.</param>
    /// <param name="remoteName">Its backup's name in it.</param>
    /// <param name="head">The first bytes of the content.</param>
    /// <returns>Null where it is nothing that PERB can have made.</returns>
    public static OldContent? Of(string fileName, string remoteName, ReadOnlySpan<byte> head)
    {
        if (IsTarOf(remoteName, head))
        {
            return new OldContent(IsTar: true, IsGzipped: false, null);
        }

        if (head.StartsWith(new byte[] { 0x1F, 0x8B }) && IsTarOf(remoteName, Unzip(head)))
        {
            return new OldContent(IsTar: true, IsGzipped: true, null);
        }

        var ending = "";
        foreach (var (magic, name) in Compressors)
        {
            ending = head.StartsWith(magic) ? name : ending;
        }

        var isVma = head.StartsWith("VMA\0"u8);
        var isTar = TarEntries.FirstName(head) is not null;
        var kind = isVma || fileName.StartsWith($"{remoteName}.vma", StringComparison.Ordinal) ? ("qemu", "vma")
            : isTar || fileName.StartsWith($"{remoteName}.tar", StringComparison.Ordinal) ? ("lxc", "tar")
            : default((string Type, string Ending)?);
        return kind is { } known && (isVma || isTar || ending.Length > 0)
            ? new OldContent(IsTar: false, IsGzipped: false, $"vzdump-{known.Item1}-{remoteName}.{known.Item2}{ending}")
            : null;
    }

    private static bool IsTarOf(string remoteName, ReadOnlySpan<byte> head) =>
        TarEntries.FirstName(head) is { } name
        && (Backups.ArchiveName.TryParse(name, out var archive)
            || Backups.ArchiveName.TryParse(name.Replace(".log", ".vma", StringComparison.Ordinal), out archive))
        && archive.RemoteName == remoteName;

    private static byte[] Unzip(ReadOnlySpan<byte> head)
    {
        using var unzipped = new GZipStream(new MemoryStream(head.ToArray()), CompressionMode.Decompress);
        var block = new byte[TarHeadBytes];
        try
        {
            return block[..unzipped.ReadAtLeast(block, block.Length, throwOnEndOfStream: false)];
        }
        catch (InvalidDataException)
        {
            return [];
        }
    }
}
