using System.Text.Json.Nodes;
using Perb.Simulation.Http;

namespace Perb.Simulation.Tasks;

/// <summary>/nodes/{node}/tasks: the list with its filters.</summary>
internal static class TaskEndpoints
{
    private static readonly string[] StatusKinds = ["ok", "error", "warning", "unknown"];
    private static readonly char[] ListSeparators = [',', ';', ' '];

    private static readonly Parameter StatusFilter = new("statusfilter")
    {
        Format = text => Items(text).FirstOrDefault(item => !StatusKinds.Contains(item)) is { } unknown
            ? $"invalid format - invalid status '{unknown}'\n"
            : null,
    };

    public static IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Get(
            "nodes/{node}/tasks",
            [
                Parameter.Number("start", 0), Parameter.Number("limit", 0), Parameter.OneOf("source", "archive", "active", "all"),
                Parameter.Text("typefilter"), Parameter.Vmid(), Parameter.Text("userfilter"), Parameter.Flag("errors"),
                Parameter.Number("since"), Parameter.Number("until"), StatusFilter,
            ],
            null,
            List);
        yield return ApiRoute.Get("cluster/tasks", [], null, ClusterList);
    }

    public static bool MayAudit(ApiCall call) => call.May($"/nodes/{call.Node.Name}", "Sys.Audit");

    /// <summary>A token owns only what that same token started; a user also what its tokens started.</summary>
    public static bool Owns(ApiCall call, Upid upid) => upid.User == call.Caller || upid.UserName == call.Caller;

    private static ApiAnswer List(ApiCall call)
    {
        var source = call.Text("source") ?? "archive";
        var tasks = (source == "archive" ? [] : call.Node.Tasks.Active())
            .Concat(source == "active" ? [] : call.Node.Tasks.Archived())
            .Where(task => MayAudit(call) || Owns(call, task.Upid))
            .Where(task => Matches(call, task))
            .ToList();
        var start = (int)Math.Min(call.Number("start") ?? 0, int.MaxValue);
        // Here limit=0 is nothing; for the log it is everything.
        var limit = (int)Math.Min(call.Number("limit") ?? 50, int.MaxValue);
        return new ApiAnswer(ApiAnswer.List(tasks.Skip(start).Take(limit).Select(Entry)), tasks.Count);
    }

    private static bool Matches(ApiCall call, TaskEntry task)
    {
        // In the archive the token's name is split off before the user filter looks; in the active list it is not.
        var user = task.IsRunning ? task.Upid.User : task.Upid.UserName;
        return (call.Text("typefilter") is not { } type || task.Upid.Type == type)
            && (call.Text("vmid") is not { } vmid || task.Upid.Id == vmid)
            && (call.Text("userfilter") is not { } filter || user.Contains(filter, StringComparison.OrdinalIgnoreCase))
            && task.Upid.StartSeconds >= (call.Number("since") ?? long.MinValue)
            && task.Upid.StartSeconds <= (call.Number("until") ?? long.MaxValue)
            && (call.Flag("errors") ? task.Status != "OK"
                : call.Text("statusfilter") is not { } kinds || Items(kinds).Contains(task.Kind));
    }

    private static List<string> Items(string text) =>
        [.. text.Split(ListSeparators, StringSplitOptions.RemoveEmptyEntries).Select(item => item.ToLowerInvariant())];

    /// <summary>Running entries have another shape: unsplit user, no end, status RUNNING, and <c>saved</c> as a string.</summary>
    private static JsonObject Entry(TaskEntry task)
    {
        if (task.IsRunning)
        {
            var running = Describe(task.Upid, splitUser: false);
            running["status"] = "RUNNING";
            running["saved"] = "0";
            return running;
        }

        var entry = Describe(task.Upid, splitUser: true);
        entry["endtime"] = task.EndSeconds;
        entry["status"] = task.Status;
        return entry;
    }

    public static JsonObject Describe(Upid upid, bool splitUser)
    {
        var data = new JsonObject
        {
            ["upid"] = upid.ToString(),
            ["node"] = upid.Node,
            ["pid"] = upid.Pid,
            ["pstart"] = upid.ProcessStart,
            ["starttime"] = upid.StartSeconds,
            ["type"] = upid.Type,
            ["id"] = upid.Id,
            ["user"] = splitUser ? upid.UserName : upid.User,
        };
        if (splitUser && upid.TokenName is { } token)
        {
            data["tokenid"] = token;
        }

        return data;
    }

    /// <summary>
    /// At most 25 entries, no parameters, not a history. All need Sys.Audit on <c>/</c>; a token without it sees nothing,
    /// not even its own, because the owner is compared after the token's name was split off.
    /// </summary>
    private static ApiAnswer ClusterList(ApiCall call)
    {
        var all = call.May("/", "Sys.Audit");
        return ApiAnswer.List(call.Node.Tasks.Active().Concat(call.Node.Tasks.Archived())
            .Take(25)
            .Where(task => all || task.Upid.UserName == call.Caller)
            .Select(task =>
            {
                var data = Describe(task.Upid, splitUser: true);
                data.Remove("pstart");
                if (!task.IsRunning)
                {
                    data.Remove("pid");
                    data["endtime"] = task.EndSeconds;
                    data["status"] = task.Status;
                    data["saved"] = "1";
                }

                return data;
            }));
    }
}
