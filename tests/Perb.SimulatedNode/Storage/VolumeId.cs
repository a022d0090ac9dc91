using Perb.Simulation.Http;

namespace Perb.Simulation.Storage;

/// <summary>A backup volume named in a path: <c>STORAGE:backup/FILE</c>, or without the prefix.</summary>
internal sealed record VolumeId(StorageDefinition Storage, ArchiveName Name)
{
    public string FilePath => Path.Combine(Storage.DumpDirectory, Name.FileName);

    public override string ToString() => $"{Storage.Id}:backup/{Name.FileName}";

    public static VolumeId Parse(ApiCall call)
    {
        var storageId = call.Path("storage");
        var text = call.Path("volume");
        // A blank in a volume id matches no route of the real node.
        if (text.Any(char.IsWhiteSpace))
        {
            throw ApiException.NotImplemented("GET", $"/nodes/{call.Path("node")}/storage/{storageId}/content/{text}");
        }

        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0 && text[..colon] != storageId)
        {
            throw ApiException.Parameter("volume", $"storage ID mismatch ({text[..colon]} != {storageId})\n");
        }

        var volumeName = text[(colon + 1)..];
        var storage = call.Node.Storages.Known(storageId);
        var name = volumeName.StartsWith("backup/", StringComparison.Ordinal)
            ? ArchiveName.Parse(volumeName["backup/".Length..], call.Node.Clock)
            : null;
        return name is null
            ? throw new ApiException(500, $"unable to parse directory volume name '{volumeName}'")
            : new VolumeId(storage, name);
    }

    /// <summary>
    /// To see a volume is to be able to change it: Datastore.Allocate alone, or AllocateSpace and VM.Backup together. There is
    /// no read-only privilege. A name without owner needs Datastore.Allocate.
    /// </summary>
    public static void RequireAccess(ApiCall call, string storageId, ArchiveName name)
    {
        if (call.May($"/storage/{storageId}", "Datastore.Allocate"))
        {
            return;
        }

        if (name.OwnerVmid is null)
        {
            throw new ApiException(500, $"missing privileges to access {storageId}:backup/{name.FileName}");
        }

        call.Require($"/storage/{storageId}", "Datastore.AllocateSpace");
        call.Require($"/vms/{name.OwnerVmid}", "VM.Backup");
    }
}
