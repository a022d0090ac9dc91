using System.Globalization;
using System.Text.Json.Nodes;
using Perb.Simulation.Http;
using Perb.Simulation.Storage;

namespace Perb.Simulation.Vzdump;

/// <summary>POST /nodes/{node}/vzdump, and its defaults.</summary>
internal static class VzdumpEndpoints
{
    // A token of root is not root: hook scripts are configured in /etc/vzdump.conf or by root itself.
    private static readonly string[] RootOnly = ["script", "tmpdir", "dumpdir", "job-id"];

    public static IEnumerable<ApiRoute> Routes()
    {
        yield return new ApiRoute(
            "POST",
            "nodes/{node}/vzdump",
            [
                Parameter.Text("vmid"), Parameter.Flag("all"), Parameter.Text("exclude"), Parameter.Text("pool"), Parameter.Text("storage"),
                Parameter.OneOf("mode", "snapshot", "suspend", "stop"), Parameter.OneOf("compress", "0", "1", "gzip", "lzo", "zstd"),
                Parameter.Text("notes-template"), Parameter.Flag("protected"), Parameter.Flag("remove"), Parameter.Flag("quiet"),
                Parameter.Text("mailto"), Parameter.OneOf("mailnotification", "always", "failure"),
                Parameter.OneOf("notification-mode", "auto", "legacy-sendmail", "notification-system"), PruneEndpoints.RetentionParameter,
                .. RootOnly.Select(Parameter.Text),
            ],
            null,
            call => Task.FromResult(Start(call)));
        yield return ApiRoute.Get("nodes/{node}/vzdump/defaults", [Parameter.Text("storage")], null, Defaults);
    }

    private static ApiAnswer Start(ApiCall call)
    {
        var denied = RootOnly.Where(name => call.Text(name) is not null).ToDictionary(name => name, _ => "Only root may set this option.");
        if (denied.Count > 0)
        {
            throw ApiException.Parameters(denied);
        }

        if (call.Text("vmid") is null && !call.Flag("all") && call.Text("pool") is null)
        {
            throw ApiException.Parameter("vmid", "property is missing");
        }

        var storage = call.Text("storage") ?? "local";
        call.Require($"/storage/{storage}", "Datastore.AllocateSpace");
        if (call.Text("prune-backups") is not null)
        {
            call.Require($"/storage/{storage}", "Datastore.Allocate");
        }

        var run = new BackupRun
        {
            Storage = storage,
            Guests = Vmids(call.Text("vmid")),
            All = call.Flag("all"),
            Exclude = Vmids(call.Text("exclude")),
            Pool = call.Text("pool"),
            Mode = call.Text("mode") ?? "snapshot",
            Compress = call.Text("compress") ?? "0",
            NotesTemplate = call.Text("notes-template"),
            Protected = call.Flag("protected"),
            Remove = call.Text("remove") != "0",
            PruneBackups = call.Text("prune-backups"),
            User = call.Caller,
            ThroughApi = true,
        };

        // A node without any of the guests starts no task and says so in place of the UPID.
        return run.Pool is not null && VzdumpTask.GuestsOf(call.Node, run).Count == 0
            ? JsonValue.Create("OK")
            : JsonValue.Create(VzdumpTask.Start(call.Node, run).Name);
    }

    private static List<int> Vmids(string? text)
    {
        var vmids = new List<int>();
        foreach (var item in (text ?? "").Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!int.TryParse(item, NumberStyles.None, CultureInfo.InvariantCulture, out var vmid) || vmid < 100)
            {
                throw ApiException.Parameter("vmid", $"invalid format - value does not look like a valid VM ID\n");
            }

            vmids.Add(vmid);
        }

        return vmids;
    }

    /// <summary>Here <c>prune-backups</c> is text and <c>performance</c> has real integers; hook and directory need Sys.Audit.</summary>
    private static ApiAnswer Defaults(ApiCall call)
    {
        var id = call.Text("storage") ?? "local";
        call.RequireAny($"/storage/{id}", "Datastore.Audit", "Datastore.AllocateSpace");
        var storage = call.Node.Storages.Known(id);
        var data = new JsonObject
        {
            ["storage"] = id,
            ["mode"] = "snapshot",
            ["compress"] = "0",
            ["all"] = 0,
            ["remove"] = 1,
            ["quiet"] = 0,
            ["stop"] = 0,
            ["stdexcludes"] = 1,
            ["ionice"] = 7,
            ["bwlimit"] = 0,
            ["lockwait"] = 180,
            ["stopwait"] = 10,
            ["pigz"] = 0,
            ["zstd"] = 1,
            ["mailnotification"] = "always",
            ["notification-mode"] = "auto",
            ["notification-policy"] = "always",
            ["performance"] = new JsonObject { ["max-workers"] = 16, ["pbs-entries-max"] = 1048576 },
            ["fleecing"] = new JsonObject { ["enabled"] = 0 },
            ["prune-backups"] = storage.PruneBackups ?? "keep-all=1",
        };
        if (call.May("/", "Sys.Audit"))
        {
            if (VzdumpConf.ScriptOf(call.Node.Options) is { } script)
            {
                data["script"] = script;
            }

            if (storage.HasFiles)
            {
                data["dumpdir"] = storage.DumpDirectory;
            }
        }

        return data;
    }
}
