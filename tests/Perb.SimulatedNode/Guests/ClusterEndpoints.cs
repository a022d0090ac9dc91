using System.Text.Json.Nodes;
using Perb.Simulation.Http;
using Perb.Simulation.Storage;

namespace Perb.Simulation.Guests;

/// <summary>/cluster/resources, /cluster/backup and what is not backed up.</summary>
internal static class ClusterEndpoints
{
    public static IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Get("cluster/resources", [Parameter.OneOf("type", "vm", "storage", "node", "sdn")], null, Resources);
        yield return ApiRoute.Get("cluster/backup", [], RequireAudit, call => ApiAnswer.List(call.Node.Jobs.All.Select(job => ToJson(job, call))));
        yield return ApiRoute.Get("cluster/backup/{id}", [], RequireAudit, call => ToJson(JobOf(call), call: null));
        yield return ApiRoute.Get("cluster/backup-info/not-backed-up", [], RequireAudit, NotBackedUp);
        yield return ApiRoute.Get("cluster/status", [], RequireAudit, call => new JsonArray(new JsonObject
        {
            ["id"] = "node/" + call.Node.Name,
            ["name"] = call.Node.Name,
            ["type"] = "node",
            ["ip"] = "127.0.0.1",
            ["local"] = 1,
            ["online"] = 1,
            ["nodeid"] = 0,
            ["level"] = "",
        }));
    }

    private static void RequireAudit(ApiCall call) => call.Require("/", "Sys.Audit");

    /// <summary>Filtered silently: guests need VM.Audit, storages Datastore.Audit; the node is always there.</summary>
    private static ApiAnswer Resources(ApiCall call)
    {
        var type = call.Text("type");
        var items = new List<JsonNode>();
        if (type is null or "vm")
        {
            items.AddRange(call.Node.Guests.All.Where(guest => call.May($"/vms/{guest.Vmid}", "VM.Audit")).Select(guest => ToJson(guest, call)));
        }

        if (type is null or "node")
        {
            items.Add(NodeEndpoints.NodeEntry(call, inResources: true));
        }

        if (type is null or "storage")
        {
            items.AddRange(call.Node.Storages.All
                .Where(call.Node.Storages.IsEnabled)
                .Where(storage => call.May($"/storage/{storage.Id}", "Datastore.Audit"))
                .Select(storage => ToJson(storage, call)));
        }

        return ApiAnswer.List(items);
    }

    private static JsonObject ToJson(Guest guest, ApiCall call)
    {
        var data = new JsonObject
        {
            ["id"] = $"{guest.TypeName}/{guest.Vmid}",
            ["type"] = guest.TypeName,
            ["vmid"] = guest.Vmid,
            ["name"] = guest.Name,
            ["node"] = call.Node.Name,
            ["status"] = guest.Running ? "running" : "stopped",
            ["template"] = guest.Template ? 1 : 0,
            ["uptime"] = guest.Running ? 3600 : 0,
            ["cpu"] = guest.Running ? 0.016 : 0,
            ["maxcpu"] = 1,
            ["mem"] = guest.Running ? 268435456 : 0,
            ["maxmem"] = 536870912,
            ["disk"] = 0,
            ["maxdisk"] = 4294967296,
            ["netin"] = 0,
            ["netout"] = 0,
            ["diskread"] = 0,
            ["diskwrite"] = 0,
        };
        if (guest.Tags.Count > 0)
        {
            data["tags"] = string.Join(';', guest.Tags);
        }

        if (guest.LockedBy is { } locked)
        {
            data["lock"] = locked;
        }

        // The pool's name is shown to those who may audit the pool.
        if (guest.Pool is { } pool && call.May($"/pool/{pool}", "Pool.Audit"))
        {
            data["pool"] = pool;
        }

        return data;
    }

    private static JsonObject ToJson(StorageDefinition storage, ApiCall call)
    {
        var active = call.Node.Storages.IsActive(storage);
        var data = new JsonObject
        {
            ["id"] = $"storage/{call.Node.Name}/{storage.Id}",
            ["type"] = "storage",
            ["storage"] = storage.Id,
            ["node"] = call.Node.Name,
            ["plugintype"] = storage.Type,
            ["content"] = storage.Content,
            ["shared"] = storage.IsShared ? 1 : 0,
            ["status"] = active ? "available" : "unknown",
        };
        if (active)
        {
            var (total, available) = StorageEndpoints.SpaceOf(storage);
            data["disk"] = total - available;
            data["maxdisk"] = total;
        }

        return data;
    }

    /// <summary>Numbers inside <c>prune-backups</c> are strings here, and the field is an object; in /storage it is text.</summary>
    private static JsonObject ToJson(BackupJob job, ApiCall? call)
    {
        var data = new JsonObject
        {
            ["id"] = job.Id,
            ["type"] = "vzdump",
            ["enabled"] = job.Enabled ? 1 : 0,
            ["storage"] = job.Storage,
            ["schedule"] = job.Schedule,
            ["mode"] = job.Mode,
        };
        Add("compress", job.Compress);
        Add("vmid", job.Guests.Count > 0 ? string.Join(',', job.Guests) : null);
        Add("all", job.All ? 1 : null);
        Add("exclude", job.Exclude.Count > 0 ? string.Join(',', job.Exclude) : null);
        Add("pool", job.Pool);
        Add("node", job.Node);
        Add("notes-template", job.NotesTemplate);
        Add("script", job.Script);
        // The list alone has it. A made-up time of tomorrow: calendar events are not simulated.
        Add("next-run", call?.Node.Clock.Seconds + 86_400);
        if (job.PruneBackups is { } rule)
        {
            data["prune-backups"] = new JsonObject(rule.Split(',')
                .Select(pair => pair.Split('=', 2))
                .Select(pair => KeyValuePair.Create(pair[0], (JsonNode?)JsonValue.Create(pair[1]))));
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

    private static BackupJob JobOf(ApiCall call) =>
        call.Node.Jobs.All.FirstOrDefault(job => job.Id == call.Path("id"))
            ?? throw ApiException.Parameter("id", $"No such job '{call.Path("id")}'");

    /// <summary>Without VM.Audit the list is empty with 200, which looks like "all covered".</summary>
    private static ApiAnswer NotBackedUp(ApiCall call) => ApiAnswer.List(call.Node.Guests.All
        .Where(guest => !call.Node.Jobs.All.Any(job => job.Enabled && BackupJobs.Covers(job, guest)))
        .Where(guest => call.May($"/vms/{guest.Vmid}", "VM.Audit"))
        .Select(guest => new JsonObject { ["vmid"] = guest.Vmid, ["type"] = guest.TypeName, ["name"] = guest.Name }));
}
