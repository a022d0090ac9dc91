using System.Text.Json.Nodes;
using Perb.Simulation.Http;

namespace Perb.Simulation.Access;

/// <summary>/access/permissions: the best self test that a token has.</summary>
internal static class AccessEndpoints
{
    public static IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Get("access/permissions", [Parameter.Text("path"), Parameter.Text("userid")], null, Permissions);
        yield return ApiRoute.Get("pools", [Parameter.Text("poolid"), Parameter.OneOf("type", "qemu", "lxc", "storage")], null, Pools);
        yield return ApiRoute.Get("pools/{pool}", [], call => call.Require($"/pool/{call.Path("pool")}", "Pool.Audit"), OnePool);
    }

    private static ApiAnswer Permissions(ApiCall call)
    {
        var subject = call.Text("userid") ?? call.Caller;
        if (subject != call.Caller)
        {
            call.Require("/access", "Sys.Audit");
        }

        // With a path, that path is answered even if nothing is granted there; without, empty paths are left out.
        var entries = call.Text("path") is { } path
            ? [(path, call.Node.Access.PrivilegesOn(subject, path))]
            : call.Node.Access.EffectivePermissions(subject);
        var data = new JsonObject();
        foreach (var (entryPath, privileges) in entries)
        {
            data[entryPath] = new JsonObject(
                privileges.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonValue.Create(pair.Value ? 1 : 0))));
        }

        return data;
    }

    private static ApiAnswer Pools(ApiCall call) => ApiAnswer.List(call.Node.Access.Pools
        .Where(pool => call.May($"/pool/{pool.Name}", "Pool.Audit"))
        .Where(pool => call.Text("poolid") is not { } wanted || pool.Name == wanted)
        .Select(pool => call.Text("poolid") is null
            ? new JsonObject { ["poolid"] = pool.Name }
            : new JsonObject { ["poolid"] = pool.Name, ["members"] = Members(call, pool) }));

    private static ApiAnswer OnePool(ApiCall call)
    {
        var pool = call.Node.Access.Pools.FirstOrDefault(pool => pool.Name == call.Path("pool"))
            ?? throw new ApiException(500, $"pool '{call.Path("pool")}' does not exist");
        return new JsonObject { ["members"] = Members(call, pool) };
    }

    private static JsonArray Members(ApiCall call, NodePool pool) => ApiAnswer.List(
        call.Node.Guests.All
            .Where(guest => pool.Guests.Contains(guest.Vmid))
            .Select(guest => (JsonNode)new JsonObject
            {
                ["id"] = $"{guest.TypeName}/{guest.Vmid}",
                ["vmid"] = guest.Vmid,
                ["type"] = guest.TypeName,
                ["node"] = call.Node.Name,
                ["name"] = guest.Name,
            })
            .Concat(pool.Storages.Select(storage => new JsonObject
            {
                ["id"] = $"storage/{call.Node.Name}/{storage}",
                ["storage"] = storage,
                ["type"] = "storage",
                ["node"] = call.Node.Name,
            })));
}
