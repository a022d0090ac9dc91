using Perb.Transfer.Manifests;
using Perb.Transfer.Rclone;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Remotes;

/// <summary>All files of one backup on a remote, as a listing shows them: names and sizes.</summary>
public sealed record RemoteSet(string RemoteName, int Guest, DateTime LocalTime, IReadOnlyDictionary<string, long> Sizes)
{
    public string ManifestName => RemoteName + Manifest.FileSuffix;

    public string SignatureName => ManifestName + Manifest.SignatureSuffix;

    public bool HasManifest => Sizes.ContainsKey(ManifestName);

    public bool HasSignature => Sizes.ContainsKey(SignatureName);

    /// <summary>
    /// The file that may be PERB's: one message that holds all. By name it could also be the only volume of an upload of ours that did not
    /// end; nothing in the listing tells them apart.
    /// </summary>
    public string? OldFile => HasManifest
        ? null
        : Sizes.Keys.FirstOrDefault(name => RemoteFileName.Of(name).Kind == RemoteFileKind.Old)
            ?? (Sizes.ContainsKey(VolumeNames.Of(RemoteName, 1, 1)) ? VolumeNames.Of(RemoteName, 1, 1) : null);
}

/// <summary>What lies on a remote path, sorted out by names. Pure.</summary>
/// <param name="Sets">By guest and time.</param>
/// <param name="IsOwned">Some installation of Perb has marked the path.</param>
/// <param name="ForeignFiles">How many files are none of ours.</param>
/// <param name="ForeignBytes">Their size, as far as the remote tells it.</param>
public sealed record RemoteInventory(IReadOnlyList<RemoteSet> Sets, bool IsOwned, int ForeignFiles, long ForeignBytes)
{
    public static RemoteInventory Of(IEnumerable<RemoteFile> files)
    {
        var sets = new Dictionary<string, (RemoteFileName Name, Dictionary<string, long> Sizes)>();
        var (isOwned, foreignFiles, foreignBytes) = (false, 0, 0L);
        foreach (var file in files)
        {
            var name = RemoteFileName.Of(file.Name);
            switch (name.Kind)
            {
                case RemoteFileKind.Owner:
                    isOwned = true;
                    break;
                case RemoteFileKind.Foreign:
                    (foreignFiles, foreignBytes) = (foreignFiles + 1, foreignBytes + Math.Max(0, file.SizeBytes));
                    break;
                default:
                    if (!sets.TryGetValue(name.RemoteName, out var set))
                    {
                        sets[name.RemoteName] = set = (name, []);
                    }

                    set.Sizes[file.Name] = file.SizeBytes;
                    break;
            }
        }

        return new RemoteInventory(
            [
                .. sets.Values
                    .OrderBy(set => set.Name.Guest).ThenBy(set => set.Name.LocalTime)
                    .Select(set => new RemoteSet(set.Name.RemoteName, set.Name.Guest, set.Name.LocalTime, set.Sizes)),
            ],
            isOwned,
            foreignFiles,
            foreignBytes);
    }
}
