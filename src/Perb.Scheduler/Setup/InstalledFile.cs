using System.Text;
using Perb.Transfer.Posix;
using Perb.Transfer.Staging;

namespace Perb.Scheduler.Setup;

/// <summary>Writes a file of the node's configuration: the old one or the new one is there at any moment, whole.</summary>
internal static class InstalledFile
{
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode GroupReads = Private | UnixFileMode.GroupRead;
    public const UnixFileMode AllRead = GroupReads | UnixFileMode.OtherRead;

    /// <exception cref="IOException">It cannot be written; what was there is still there.</exception>
    public static async Task WriteAsync(string path, ReadOnlyMemory<byte> content, Owner owner, UnixFileMode mode, CancellationToken cancellationToken)
    {
        File.Delete(path + StagedFile.PartialSuffix); // of a run that was cut
        using var file = StagedFile.Create(Path.GetDirectoryName(path)!, Path.GetFileName(path));
        file.GiveTo(owner.User, owner.Group, mode);
        await file.WriteAsync(content, cancellationToken);
        await file.CommitAsync(content.Length, cancellationToken);
    }

    /// <inheritdoc cref="WriteAsync(string, ReadOnlyMemory{byte}, Owner, UnixFileMode, CancellationToken)"/>
    public static Task WriteAsync(string path, string text, Owner owner, UnixFileMode mode, CancellationToken cancellationToken) =>
        WriteAsync(path, Encoding.UTF8.GetBytes(text), owner, mode, cancellationToken);

    /// <summary>
    /// With its owner, and its mode as far as others do not get to write it; a new file is root's and everybody may read it. Of a link the
    /// target is written: its own mode says nothing.
    /// </summary>
    /// <exception cref="IOException">As above.</exception>
    public static Task RewriteAsync(string path, string text, CancellationToken cancellationToken)
    {
        var file = TargetOf(path);
        return FileFacts.At(file) is { } facts
            ? WriteAsync(file, text, new Owner(facts.Owner, facts.Group), facts.Permissions & AllRead, cancellationToken)
            : WriteAsync(file, text, Owner.Root, AllRead, cancellationToken);
    }

    /// <summary>Where a link leads to in the end, even to nothing; anything else is its own target.</summary>
    public static string TargetOf(string path) => FileFacts.At(path) is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
}

/// <summary>Ids of the kernel's.</summary>
internal sealed record Owner(uint User, uint Group)
{
    public static readonly Owner Root = new(0, 0);
}
