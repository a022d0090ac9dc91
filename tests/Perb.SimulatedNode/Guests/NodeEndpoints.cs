using System.Text.Json.Nodes;
using Perb.Simulation.Http;

namespace Perb.Simulation.Guests;

/// <summary>/version, /nodes and /nodes/{node}/status.</summary>
internal static class NodeEndpoints
{
    public static IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Get("version", [], null, Version);
        yield return ApiRoute.Get("nodes/{node}/version", [], null, Version);
        yield return ApiRoute.Get("nodes", [], null, call => new JsonArray(NodeEntry(call, inResources: false)));
        yield return ApiRoute.Get("nodes/{node}/status", [], call => call.Require($"/nodes/{call.Node.Name}", "Sys.Audit"), Status);
        yield return ApiRoute.Get("nodes/{node}/time", [], call => call.Require($"/nodes/{call.Node.Name}", "Sys.Audit"), Time);
    }

    /// <summary>Without Sys.Audit only the name, status and identity.</summary>
    public static JsonObject NodeEntry(ApiCall call, bool inResources)
    {
        var data = new JsonObject
        {
            ["id"] = "node/" + call.Node.Name,
            ["node"] = call.Node.Name,
            ["type"] = "node",
            ["status"] = "online",
        };
        if (inResources)
        {
            data["cgroup-mode"] = 2;
        }
        else
        {
            data["ssl_fingerprint"] = call.Node.Certificates.Fingerprint;
        }

        data["level"] = "";
        if (call.May($"/nodes/{call.Node.Name}", "Sys.Audit"))
        {
            data["cpu"] = 0.0167;
            data["maxcpu"] = 2;
            data["mem"] = 4950716416;
            data["maxmem"] = 25276514304;
            data["disk"] = 19985035264;
            data["maxdisk"] = 270553174016;
            data["uptime"] = 3279;
        }

        return data;
    }

    private static ApiAnswer Version(ApiCall call) =>
        new JsonObject { ["version"] = "8.4.21", ["release"] = "8.4", ["repoid"] = "2606ac850d46da29" };

    private static ApiAnswer Time(ApiCall call)
    {
        var clock = call.Node.Clock;
        return new JsonObject
        {
            ["timezone"] = clock.Zone.Id,
            ["time"] = clock.Seconds,
            ["localtime"] = clock.Seconds + (long)clock.Zone.GetUtcOffset(clock.Now).TotalSeconds,
        };
    }

    private static ApiAnswer Status(ApiCall call) => new JsonObject
    {
        ["pveversion"] = "pve-manager/8.4.21/2606ac850d46da29",
        ["kversion"] = "Linux 6.8.12-1-pve #1 SMP PREEMPT_DYNAMIC",
        ["current-kernel"] = new JsonObject
        {
            ["sysname"] = "Linux", ["release"] = "6.8.12-1-pve", ["version"] = "#1 SMP PREEMPT_DYNAMIC", ["machine"] = "x86_64",
        },
        ["boot-info"] = new JsonObject { ["mode"] = "legacy-bios" },
        ["uptime"] = 3288,
        ["loadavg"] = new JsonArray("0.23", "0.08", "0.05"),
        ["cpu"] = 0,
        ["wait"] = 0,
        ["idle"] = 0,
        ["cpuinfo"] = new JsonObject
        {
            ["model"] = "AMD EPYC", ["sockets"] = 1, ["cores"] = 2, ["cpus"] = 2, ["mhz"] = "2596.140", ["hvm"] = "", ["flags"] = "fpu aes", ["user_hz"] = 100,
        },
        ["memory"] = Space(25276514304, 4842868736),
        ["swap"] = Space(0, 0),
        ["ksm"] = new JsonObject { ["shared"] = 0 },
        ["rootfs"] = new JsonObject
        {
            ["total"] = 270553174016, ["used"] = 19985096704, ["free"] = 250568077312, ["avail"] = 79115546624,
        },
    };

    private static JsonObject Space(long total, long used) =>
        new() { ["total"] = total, ["used"] = used, ["free"] = total - used };
}
