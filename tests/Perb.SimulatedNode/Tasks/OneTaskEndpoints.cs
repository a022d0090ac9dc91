using System.Globalization;
using System.Text.Json.Nodes;
using Perb.Simulation.Http;

namespace Perb.Simulation.Tasks;

/// <summary>/nodes/{node}/tasks/{upid}: status, log, and stopping it.</summary>
internal static class OneTaskEndpoints
{
    private const string One = "nodes/{node}/tasks/{upid}";
    private static readonly TimeSpan TermToKill = TimeSpan.FromSeconds(5);

    public static IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Get(One, [], null, call =>
        {
            UpidOf(call);
            return new JsonArray(new JsonObject { ["name"] = "log" }, new JsonObject { ["name"] = "status" });
        });
        yield return ApiRoute.Get(One + "/status", [], null, Status);
        yield return ApiRoute.Get(
            One + "/log", [Parameter.Number("start", 0), Parameter.Number("limit", 0), Parameter.Flag("download")], null, Log);
        yield return new ApiRoute("DELETE", One, [], null, call => Task.FromResult(Stop(call)));
    }

    private static Upid UpidOf(ApiCall call) =>
        Upid.Parse(call.Path("upid")) ?? throw ApiException.Parameter("upid", "unable to parse worker upid");

    private static Upid ReadableUpidOf(ApiCall call)
    {
        var upid = UpidOf(call);
        if (!TaskEndpoints.Owns(call, upid))
        {
            call.Require($"/nodes/{call.Node.Name}", "Sys.Audit");
        }

        return upid;
    }

    private static ApiAnswer Status(ApiCall call)
    {
        var upid = ReadableUpidOf(call);
        var log = call.Node.Tasks.ReadLog(upid) ?? throw ApiException.Parameter("upid", "no such task");
        var data = TaskEndpoints.Describe(upid, splitUser: true);
        var running = call.Node.Tasks.FindRunning(upid.ToString()) is not null;
        data["status"] = running ? "running" : "stopped";
        if (!running)
        {
            data["exitstatus"] = TaskHistory.StatusOf(log);
        }

        return data;
    }

    private static ApiAnswer Log(ApiCall call)
    {
        var upid = ReadableUpidOf(call);
        var log = call.Node.Tasks.ReadLog(upid);
        if (call.Flag("download"))
        {
            return Download(call, upid, log);
        }

        if (log is null)
        {
            // Not a list and not an error: an OBJECT with 200.
            return new ApiAnswer(Line(1, "unable to open file - No such file or directory"), 1);
        }

        if (log.Count == 0)
        {
            log = ["no content"];
        }

        var start = (int)Math.Min(call.Number("start") ?? 0, int.MaxValue);
        // A client that forgets the limit sees 50 lines, and the last ones (TASK …) are those missing. 0 is all.
        var limit = (int)Math.Min(call.Number("limit") ?? 50, int.MaxValue);
        var lines = log.Select((text, index) => Line(index + 1, text)).Skip(start).Take(limit == 0 ? int.MaxValue : limit);
        return new ApiAnswer(ApiAnswer.List(lines), log.Count);
    }

    private static JsonObject Line(int number, string text) => new() { ["n"] = number, ["t"] = text };

    private static ApiAnswer Download(ApiCall call, Upid upid, IReadOnlyList<string>? log)
    {
        if (call.Number("start") is not null || call.Number("limit") is not null)
        {
            throw new ApiException(500, "'download' cannot be used together with 'start' or 'limit' parameters");
        }

        if (log is null)
        {
            throw new ApiException(
                500, $"Could not open file '/var/log/pve/tasks/{upid.LogFolder}/{upid}' - No such file or directory");
        }

        var time = DateTimeOffset.FromUnixTimeSeconds(upid.StartSeconds).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        return new ApiAnswer(null)
        {
            Download = ($"task-{upid.Node}-{upid.Type}-{time}.log", string.Concat(log.Select(line => line + "\n"))),
        };
    }

    /// <summary>Answers at once, also for a task that has ended. TERM now, KILL after five seconds: the end must be polled.</summary>
    private static ApiAnswer Stop(ApiCall call)
    {
        var upid = UpidOf(call);
        if (!TaskEndpoints.Owns(call, upid))
        {
            call.Require($"/nodes/{call.Node.Name}", "Sys.Modify");
        }

        if (call.Node.Tasks.FindRunning(upid.ToString()) is { } task)
        {
            task.Abort();
            _ = KillLaterAsync(task);
        }

        return new ApiAnswer(null);
    }

    private static async Task KillLaterAsync(NodeTask task)
    {
        var ended = await Task.WhenAny(task.Completion, Task.Delay(TermToKill, TimeProvider.System, CancellationToken.None));
        if (ended != task.Completion)
        {
            task.Kill();
        }
    }
}
