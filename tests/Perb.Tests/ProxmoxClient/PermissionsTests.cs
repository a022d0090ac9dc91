using System.Text.Json;
using Perb.ProxmoxClient;
using Perb.TestKit;
using Perb.TestKit.Http;

namespace Perb.Tests.ProxmoxClient;

public sealed class PermissionsTests
{
    private static readonly string[] Auditor =
        ["Datastore.Audit", "SDN.Audit", "Sys.Audit", "Pool.Audit", "VM.Audit", "Mapping.Audit"];

    private static readonly Dictionary<string, string[]> Roles = new()
    {
        ["none"] = [],
        ["SysAudit"] = ["Sys.Audit"],
        ["DatastoreAudit"] = ["Datastore.Audit"],
        ["DatastoreAllocateSpace"] = ["Datastore.AllocateSpace"],
        ["DatastoreAllocate"] = ["Datastore.Allocate"],
        ["DatastoreAudit+Allocate"] = ["Datastore.Audit", "Datastore.Allocate"],
        ["VMBackup"] = ["VM.Backup"],
        ["VMAudit"] = ["VM.Audit"],
        ["PVEAuditor"] = Auditor,
        ["PVEDatastoreUser"] = ["Datastore.AllocateSpace", "Datastore.Audit"],
    };

    [Theory]
    [InlineData("/nodes/pve1", "Sys.Audit", true)] // inherited from /nodes
    [InlineData("/nodes", "Sys.Audit", true)]
    [InlineData("/nodes/pve1", "Sys.Modify", false)]
    [InlineData("/storage/local", "Datastore.Audit", true)] // inherited from the root, past nothing
    [InlineData("/storage/usb", "Datastore.AllocateSpace", true)]
    [InlineData("/storage/usb", "Datastore.Audit", false)] // the specific role replaced the inherited one
    [InlineData("/vms/100", "VM.Backup", true)] // granted here, but not for children
    [InlineData("/vms/100/x", "VM.Backup", false)]
    [InlineData("/vms/100/x", "VM.Audit", true)] // looks through a grant that ends there, as the node does
    [InlineData("/secret/x", "Sys.Audit", false)] // an empty role denies
    [InlineData("/nodesx", "Sys.Modify", false)]
    [InlineData("/", "Datastore.Audit", true)]
    public void A_privilege_holds_where_the_node_would_say_so(string path, string privilege, bool expected)
    {
        var permissions = Granted(
            ("/", "VM.Audit", true), ("/", "Datastore.Audit", true), ("/", "Sys.Audit", true),
            ("/nodes", "Sys.Audit", true),
            ("/storage/usb", "Datastore.AllocateSpace", true),
            ("/vms/100", "VM.Backup", false),
            ("/secret", null, true));

        Assert.Equal(expected, permissions.Has(path, privilege));
    }

    [Fact]
    public void Nothing_granted_is_nothing_allowed() => Assert.False(Granted().Has("/", "Sys.Audit"));

    [Theory]
    [InlineData("Permission check failed (/storage/local, Datastore.Audit|Datastore.AllocateSpace)", "/storage/local", "Datastore.Audit Datastore.AllocateSpace")]
    [InlineData("Permission check failed (/, Sys.Audit)", "/", "Sys.Audit")]
    [InlineData("Permission check failed (/vms/100, VM.Backup)", "/vms/100", "VM.Backup")]
    [InlineData("Permission check failed (user != root@pam)", null, "")]
    [InlineData("Permission check failed", null, "")]
    public async Task A_denial_names_what_is_missing(string text, string? path, string privileges)
    {
        await using var connection = new NodeConnection(_ => RawAnswer.Json("""{"data":null}""", 403, text));

        var denied = await Assert.ThrowsAsync<PermissionDeniedException>(
            () => connection.Api.GetVzdumpDefaultsAsync("pve1", NodeConnection.Token));

        Assert.Equal((path, privileges, 403), (denied.AclPath, string.Join(' ', denied.Privileges), denied.Status));
        Assert.Equal("/nodes/pve1/vzdump/defaults", denied.Path);
        Assert.False(denied.IsTransient);
        Assert.Contains(text, denied.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_matrix_of_a_real_node_agrees_with_Has()
    {
        Assert.SkipWhen(Recording.Folder is null, Recording.Absent);
        using var matrix = JsonDocument.Parse(File.ReadAllText(Path.Combine(Recording.Folder, "permission-matrix.json")));
        var compared = 0;
        foreach (var grant in matrix.RootElement.GetProperty("grants").EnumerateObject())
        {
            var permissions = FromLabel(grant.Name);
            bool Allowed(string call) => grant.Value.GetProperty(call).GetProperty("status").GetInt32() == 200;

            Assert.Equal(Allowed("node-status"), permissions.Has("/nodes/pve1", "Sys.Audit"));
            Assert.Equal(Allowed("cluster-backup"), permissions.Has("/", "Sys.Audit"));
            Assert.Equal(
                Allowed("prunebackups-get"),
                permissions.Has("/storage/local", "Datastore.Audit") || permissions.Has("/storage/local", "Datastore.AllocateSpace"));
            Assert.Equal(
                Allowed("volume-get-lxc101"),
                permissions.Has("/storage/local", "Datastore.Allocate")
                || (permissions.Has("/storage/local", "Datastore.AllocateSpace") && permissions.Has("/vms/101", "VM.Backup")));
            compared++;
        }

        Assert.True(compared >= 18);
    }

    [Fact]
    public async Task Every_denial_in_the_matrix_is_understood_and_agrees_with_Has()
    {
        Assert.SkipWhen(Recording.Folder is null, Recording.Absent);
        using var matrix = JsonDocument.Parse(File.ReadAllText(Path.Combine(Recording.Folder, "permission-matrix.json")));
        var reason = "";
        await using var connection = new NodeConnection(_ => RawAnswer.Json("""{"data":null}""", 403, reason));
        var denials = matrix.RootElement.GetProperty("grants").EnumerateObject()
            .SelectMany(grant => grant.Value.EnumerateObject(), (grant, call) => (grant.Name, Answer: call.Value))
            .Where(entry => entry.Answer.GetProperty("status").GetInt32() == 403)
            .Select(entry => (entry.Name, Reason: entry.Answer.GetProperty("reason").GetString()!))
            .Where(entry => entry.Reason.Contains('/', StringComparison.Ordinal))
            .Distinct().ToList();
        Assert.NotEmpty(denials);

        foreach (var (label, text) in denials)
        {
            reason = text;
            var denied = await Assert.ThrowsAsync<PermissionDeniedException>(() => connection.Api.GetVersionAsync(NodeConnection.Token));
            Assert.NotEmpty(denied.Privileges);
            Assert.All(denied.Privileges, privilege => Assert.False(FromLabel(label).Has(denied.AclPath!, privilege), label + text));
        }
    }

    private static Permissions Granted(params (string Path, string? Privilege, bool Propagates)[] grants) => new(grants
        .GroupBy(grant => grant.Path)
        .ToDictionary(
            path => path.Key,
            path => (IReadOnlyDictionary<string, bool>)path.Where(grant => grant.Privilege is not null)
                .ToDictionary(grant => grant.Privilege!, grant => grant.Propagates)));

    /// <summary>Labels of the recorded matrix, such as <c>PVEAuditor@/+VMBackup@/vms</c>.</summary>
    private static Permissions FromLabel(string label) => Granted([.. label
        .Replace("DatastoreAudit+Allocate", "DatastoreAudit&Allocate", StringComparison.Ordinal).Split('+')
        .Select(part => part.Replace('&', '+').Split('@'))
        .SelectMany(part => Roles[part[0]].Select(privilege => (part[1], (string?)privilege, true)))]);
}
