using System.Text.Json.Nodes;
using Perb.Simulation.Http;

namespace Perb.Simulation.Storage;

/// <summary>
/// GET …/prunebackups, the dry run: the one call that lists ALL archives to a token with Datastore.Audit only. With
/// <c>prune-backups=keep-all%3D1</c> it works on every storage; without, a storage that has no retention is a 500.
/// </summary>
internal static class PruneEndpoints
{
    public static readonly Parameter RetentionParameter = new("prune-backups") { Format = Retention.Fault };

    public static IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Get(
            "nodes/{node}/storage/{storage}/prunebackups",
            [RetentionParameter, Parameter.OneOf("type", "qemu", "lxc"), Parameter.Vmid()],
            StorageEndpoints.MayLook,
            DryRun);
    }

    private static ApiAnswer DryRun(ApiCall call)
    {
        var storage = call.Node.Storages.Known(call.Path("storage"));
        var rule = call.Text("prune-backups") ?? storage.PruneBackups
            ?? throw new ApiException(500, $"no prune-backups options configured for storage '{storage.Id}'");
        call.Node.Storages.Activate(storage.Id);
        if (!storage.HasFiles)
        {
            return new JsonArray();
        }

        var entries = PruneEntry.MarkAll(storage, Retention.Parse(rule), call.Node.Clock, call.Number("vmid"), call.Text("type"));
        return ApiAnswer.List(entries.Select(entry => ToJson(entry, call.Number("vmid"))));
    }

    private static JsonObject ToJson(PruneEntry entry, long? vmidFilter)
    {
        var name = entry.File!.Name;
        var data = new JsonObject
        {
            ["volid"] = ContentEndpoints.DoubleEncoded(entry.VolumeId),
            ["ctime"] = entry.TimeSeconds,
            ["type"] = name.Type ?? "unknown",
            ["mark"] = entry.Mark,
        };
        // A number for a standard name, but a string for a renamed one.
        if (name.StandardVmid is { } vmid)
        {
            data["vmid"] = vmid;
        }
        else if ((vmidFilter ?? name.ListedVmid) is { } listed)
        {
            data["vmid"] = listed.ToString();
        }

        return data;
    }
}
