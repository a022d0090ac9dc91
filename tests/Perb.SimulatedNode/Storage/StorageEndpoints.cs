using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Perb.Simulation.Http;

namespace Perb.Simulation.Storage;

/// <summary>The configuration (/storage) and the state on this node (/nodes/{node}/storage).</summary>
internal static class StorageEndpoints
{
    private static readonly string[] ContentTypes = ["images", "rootdir", "vztmpl", "iso", "backup", "snippets", "none", "import"];

    public static readonly Parameter ContentParameter = new("content")
    {
        Format = text => text.Split(',').FirstOrDefault(type => !ContentTypes.Contains(type)) is { } unknown
            ? $"invalid format - invalid content type '{unknown}'\n"
            : null,
    };

    public static IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Get("storage", [Parameter.Text("type")], null, Configuration);
        yield return ApiRoute.Get(
            "storage/{storage}", [], call => call.Require($"/storage/{call.Path("storage")}", "Datastore.Allocate"),
            call => ConfigurationOf(call.Node.Storages.Known(call.Path("storage"))));
        yield return ApiRoute.Get(
            "nodes/{node}/storage",
            [ContentParameter, Parameter.Text("storage"), Parameter.Flag("enabled"), Parameter.Flag("format"), Parameter.Text("target")],
            null,
            OnNode);
        yield return ApiRoute.Get(
            "nodes/{node}/storage/{storage}/status", [], MayLook,
            call => StatusOf(call, call.Node.Storages.Known(call.Path("storage")), fraction: false));
    }

    public static void MayLook(ApiCall call) =>
        call.RequireAny($"/storage/{call.Path("storage")}", "Datastore.Audit", "Datastore.AllocateSpace");

    public static bool IsVisible(ApiCall call, StorageDefinition storage) =>
        call.MayAny($"/storage/{storage.Id}", "Datastore.Audit", "Datastore.AllocateSpace");

    public static (long Total, long Available) SpaceOf(StorageDefinition storage)
    {
        var drive = new DriveInfo(storage.HasFiles && Directory.Exists(storage.Path) ? storage.Path : "/");
        return (drive.TotalSize, drive.AvailableFreeSpace);
    }

    private static ApiAnswer Configuration(ApiCall call) => ApiAnswer.List(call.Node.Storages.All
        .Where(storage => IsVisible(call, storage))
        .Where(storage => call.Text("type") is not { } type || storage.Type == type)
        .Select(ConfigurationOf));

    /// <summary>Absent, not 0, for what is not set; <c>is_mountpoint</c> is a string, <c>shared</c> and <c>disable</c> are numbers.</summary>
    private static JsonObject ConfigurationOf(StorageDefinition storage)
    {
        var data = new JsonObject
        {
            ["storage"] = storage.Id,
            ["type"] = storage.Type,
            ["content"] = storage.Content,
            ["digest"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(storage.ToString())))[..40],
        };
        Add("path", storage.Path);
        Add("prune-backups", storage.PruneBackups);
        Add("content-dirs", storage.ContentDirs);
        Add("is_mountpoint", storage.IsMountpoint ? "1" : null);
        Add("shared", storage.Shared ? 1 : null);
        Add("disable", storage.Disabled ? 1 : null);
        Add("nodes", storage.Nodes.Count > 0 ? string.Join(',', storage.Nodes) : null);
        Add("max-protected-backups", storage.MaxProtectedBackups);
        switch (storage.Type)
        {
            case "nfs":
                Add("server", "127.0.0.1");
                Add("export", "/export/" + storage.Id);
                break;
            case "cifs":
                Add("server", "127.0.0.1");
                Add("share", storage.Id);
                break;
            case "pbs":
                Add("server", "127.0.0.1");
                Add("datastore", storage.Id);
                Add("username", "backup@pbs");
                break;
            default:
                break;
        }

        return data;

        void Add(string name, JsonNode? value)
        {
            if (value is not null)
            {
                data[name] = value;
            }
        }
    }

    /// <summary>
    /// Without a filter disabled storages and those of other nodes are listed as well (enabled 0); with <c>content</c> they
    /// are left out, but an enabled storage that is away stays (active 0, sizes 0, no used_fraction).
    /// </summary>
    private static ApiAnswer OnNode(ApiCall call)
    {
        var storages = call.Node.Storages;
        if (call.Text("storage") is { } wanted && storages.Find(wanted) is null)
        {
            throw ApiException.Parameter("storage", "No such storage.");
        }

        var content = call.Text("content")?.Split(',');
        var enabledOnly = content is not null || call.Flag("enabled");
        return ApiAnswer.List(storages.All
            .Where(storage => call.Text("storage") is not { } id || storage.Id == id)
            .Where(storage => !enabledOnly || storages.IsEnabled(storage))
            .Where(storage => content is null || content.Intersect(storage.Contents).Any())
            .Where(storage => IsVisible(call, storage))
            .Select(storage =>
            {
                var data = StatusOf(call, storage, fraction: true);
                data["storage"] = storage.Id;
                if (call.Flag("format") && storage.HasFiles)
                {
                    data["format"] = new JsonArray(new JsonObject { ["raw"] = 1, ["qcow2"] = 1, ["vmdk"] = 1, ["subvol"] = 1 }, "raw");
                }

                return data;
            }));
    }

    private static JsonObject StatusOf(ApiCall call, StorageDefinition storage, bool fraction)
    {
        var active = call.Node.Storages.IsActive(storage);
        var (total, available) = active ? SpaceOf(storage) : (0, 0);
        var data = new JsonObject
        {
            ["type"] = storage.Type,
            ["content"] = storage.Content,
            ["enabled"] = call.Node.Storages.IsEnabled(storage) ? 1 : 0,
            ["active"] = active ? 1 : 0,
            ["shared"] = storage.IsShared ? 1 : 0,
            ["total"] = total,
            ["used"] = total - available,
            ["avail"] = available,
        };
        if (active && fraction && total > 0)
        {
            data["used_fraction"] = (double)(total - available) / total;
        }

        return data;
    }
}
