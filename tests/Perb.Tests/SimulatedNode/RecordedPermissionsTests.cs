using System.Text.Json.Nodes;
using Perb.Simulation.Access;
using Perb.TestKit;

namespace Perb.Tests.Simulation;

/// <summary>The recorded permission matrix: one request after another, with one small grant after another.</summary>
public sealed class RecordedPermissionsTests
{
    private const string Probe = "mon@pve!probe";

    private static readonly string[] NotSimulated = ["extractconfig", "cluster-status", "qemu-list", "lxc-list", "journal"];

    [Fact]
    public async Task Each_grant_allows_and_refuses_what_the_real_node_does()
    {
        Assert.SkipWhen(Recording.Folder is null, Recording.Absent);
        var matrix = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Recording.Folder, "permission-matrix.json"), TestContext.Current.CancellationToken))!;
        await using var node = await RecordedAnswersTests.AnalogousNodeAsync();
        var differences = new List<string>();
        var compared = 0;
        foreach (var (grant, answers) in matrix["grants"]!.AsObject())
        {
            Give(node, grant);
            foreach (var request in matrix["requests"]!.AsArray().Where(request => !NotSimulated.Contains(request![0]!.ToString())))
            {
                var name = request![0]!.ToString();
                if (answers![name] is not { } real)
                {
                    continue;
                }

                compared++;
                var ours = await SendAsync(node, name, request[1]!.ToString(), request[2]!.ToString());
                if ((ours.Status, ours.Reason) != ((int)real["status"]!, real["reason"]!.ToString()))
                {
                    differences.Add($"{grant}, {name}: {ours.Status} {ours.Reason} instead of {real["status"]} {real["reason"]}");
                }
                else if (ours.Status == 200 && IsFiltered(name) && ours.Items.Count == 0 != ((int)real["count"]! == 0))
                {
                    differences.Add($"{grant}, {name}: {ours.Items.Count} items instead of {real["count"]}");
                }
            }
        }

        Assert.True(compared > 300, $"Only {compared} answers were compared.");
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    /// <summary>The probe itself started tasks while it was recorded, so the number of tasks says nothing.</summary>
    private static bool IsFiltered(string name) =>
        name is "node-storage" or "content-backup" or "content-backup-vmid100" or "prunebackups-get" or "not-backed-up" or "storage-config" or "cluster-resources";

    /// <summary>Grants are written like <c>DatastoreAllocateSpace@/storage/local+VMBackup@/vms</c>.</summary>
    private static void Give(NodeUnderTest node, string grant)
    {
        foreach (var entry in new[] { "/", "/storage", "/storage/local", "/vms", "/vms/100", "/nodes", "/nodes/pve1" })
        {
            node.Node.Access.Revoke(Probe, entry);
        }

        var privileges = new List<string>();
        foreach (var part in grant == "none" ? [] : grant.Split('+'))
        {
            var (name, path) = part.Split('@') is [var left, var right] ? (left, right) : (part, null);
            privileges.Add(name == "Allocate" ? "DatastoreAllocate" : name);
            if (path is not null)
            {
                privileges.ForEach(privilege => node.Node.Access.Grant(Probe, path, RoleOf(node, privilege)));
                privileges.Clear();
            }
        }
    }

    private static string RoleOf(NodeUnderTest node, string name)
    {
        if (name.StartsWith("PVE", StringComparison.Ordinal))
        {
            return name;
        }

        var kind = name.StartsWith("Datastore", StringComparison.Ordinal) ? "Datastore" : name.StartsWith("Sys", StringComparison.Ordinal) ? "Sys" : "VM";
        node.Node.Access.SetRole(name, $"{kind}.{name[kind.Length..]}");
        return name;
    }

    private static async Task<NodeAnswer> SendAsync(NodeUnderTest node, string name, string method, string path)
    {
        var dump = node.Node.Storages["local"].DumpDirectory;
        foreach (var archive in new[] { "vzdump-qemu-100-2026_11_20-02_00_01.vma.zst", "vzdump-qemu-100-2026_11_01-02_00_01.vma.zst" })
        {
            await File.WriteAllTextAsync(Path.Combine(dump, archive), "archive", TestContext.Current.CancellationToken);
        }

        if (name.StartsWith("task-", StringComparison.Ordinal))
        {
            // Someone else's task, that this node has.
            var foreign = (await node.GetAsync("nodes/pve1/tasks?userfilter=root", "root@pam!full")).Texts("upid")[0];
            path = $"/nodes/pve1/tasks/{Uri.EscapeDataString(foreign)}/{(name.Contains("log", StringComparison.Ordinal) ? "log" : "status")}";
        }

        using var body = name switch
        {
            "volume-put-notes" => Form("notes", "x"),
            "volume-put-protected" => Form("protected", "0"),
            "vzdump-post" => Form("vmid", "999", "storage", "local"),
            _ => null,
        };
        return await node.SendAsync(new HttpMethod(method), path.TrimStart('/'), Probe, body);
    }

    private static FormUrlEncodedContent Form(params string[] pairs) => new(pairs.Chunk(2).Select(pair => KeyValuePair.Create(pair[0], pair[1])));
}
