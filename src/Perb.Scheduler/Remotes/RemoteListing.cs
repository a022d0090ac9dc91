using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Remotes;

/// <summary>
/// What lies on a remote: names and sizes. Some remotes (Google Drive) can hold several files of one name, and nobody can tell which of them a
/// reader gets: such a name is never there whole.
/// </summary>
/// <param name="Sizes">By name; negative where the remote does not tell.</param>
/// <param name="Twice">Names that more than one file has.</param>
public sealed record RemoteListing(IReadOnlyDictionary<string, long> Sizes, IReadOnlySet<string> Twice)
{
    public static RemoteListing Of(IEnumerable<RemoteFile> files)
    {
        var (sizes, twice) = (new Dictionary<string, long>(), new HashSet<string>());
        foreach (var file in files)
        {
            if (!sizes.TryAdd(file.Name, file.SizeBytes))
            {
                twice.Add(file.Name);
            }
        }

        return new RemoteListing(sizes, twice);
    }

    /// <param name="name">Of the object.</param>
    /// <param name="sizeBytes">What it must have; null: any.</param>
    public bool Holds(string name, long? sizeBytes) =>
        !Twice.Contains(name) && Sizes.TryGetValue(name, out var size) && (size < 0 || sizeBytes is null || size == sizeBytes);
}
