using Perb.ProxmoxClient;
using Perb.Scheduler.Discovery;

namespace Perb.Tests.Discovery;

public sealed class DumpDirectoryTests
{
    private static readonly StorageConfiguration Local = new()
    {
        Storage = "local",
        Type = "dir",
        Path = "/var/lib/vz",
        Content = new HashSet<string> { "backup", "iso" },
        Shared = false,
        Disabled = false,
        Nodes = new HashSet<string>(),
        ContentDirectories = new Dictionary<string, string>(),
    };

    private static readonly (string Case, StorageConfiguration Configured, string? Expected)[] Table =
    [
        ("a directory", Local, "/var/lib/vz/dump"),
        ("moved by content-dirs", Local with { ContentDirectories = new Dictionary<string, string> { ["backup"] = "custom/dir", ["iso"] = "x" } }, "/var/lib/vz/custom/dir"),
        ("no backup content", Local with { Content = new HashSet<string> { "iso" } }, null),
        ("disabled", Local with { Disabled = true }, null),
        ("of this node", Local with { Nodes = new HashSet<string> { "pve1", "pve2" } }, "/var/lib/vz/dump"),
        ("of other nodes", Local with { Nodes = new HashSet<string> { "pve2" } }, null),
        ("nfs", Local with { Type = "nfs", Path = null }, "/mnt/pve/local/dump"),
        ("nfs with a path", Local with { Type = "nfs", Path = "/mnt/x" }, "/mnt/x/dump"),
        ("cifs", Local with { Type = "cifs", Path = null }, "/mnt/pve/local/dump"),
        ("cephfs", Local with { Type = "cephfs", Path = null }, "/mnt/pve/local/dump"),
        ("Proxmox Backup Server", Local with { Type = "pbs", Path = null }, null),
        ("an external provider", Local with { Type = "veeam", Path = null }, null),
    ];

    public static TheoryData<string> Cases => [.. Table.Select(row => row.Case)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_dump_directory_is_where_the_configuration_puts_it(string name)
    {
        var (_, configured, expected) = Table.Single(row => row.Case == name);

        var directories = DumpDirectory.Of([configured], [Seen("local")], "pve1", 1, []);

        Assert.Equal(expected is null ? [] : [new DumpDirectory("local", expected, null, configured.Shared)], directories);
    }

    [Fact]
    public void Only_wanted_storages_are_looked_into() =>
        Assert.Equal(
            ["usb"],
            DumpDirectory.Of([Local, Local with { Storage = "usb" }], [Seen("local"), Seen("usb")], "pve1", 1, ["usb"]).Select(directory => directory.Storage));

    [Fact]
    public void A_storage_that_is_away_says_so_instead_of_listing_empty()
    {
        Assert.Equal(
            new DumpDirectory("local", null, "it is not active (not mounted or not reachable)", false),
            Assert.Single(DumpDirectory.Of([Local], [Seen("local", active: false)], "pve1", 1, [])));
        Assert.Equal(
            new DumpDirectory("local", null, "the node does not list it", false), Assert.Single(DumpDirectory.Of([Local], [], "pve1", 1, [])));
    }

    [Theory]
    [InlineData(1, "", "", true)]
    [InlineData(2, "", "", false)]
    [InlineData(2, "", "local", true)]
    [InlineData(2, "pve1", "", true)]
    [InlineData(3, "pve1,pve2", "", false)]
    public void A_shared_storage_is_shipped_by_the_only_node_that_has_it_or_is_told_to(int nodeCount, string nodes, string wanted, bool expected)
    {
        var shared = Local with { Shared = true, Nodes = Split(nodes).ToHashSet() };

        var directory = Assert.Single(DumpDirectory.Of([shared], [Seen("local")], "pve1", nodeCount, Split(wanted)));

        Assert.Equal(expected ? "/var/lib/vz/dump" : null, directory.Path);
        Assert.Equal(!expected, directory.Absence?.Contains("Perb:Discovery:Storages", StringComparison.Ordinal) ?? false);
    }

    [Fact]
    public void A_storage_of_its_own_is_shipped_by_each_node() =>
        Assert.NotNull(Assert.Single(DumpDirectory.Of([Local], [Seen("local")], "pve1", 3, [])).Path);

    private static string[] Split(string names) => names.Split(',', StringSplitOptions.RemoveEmptyEntries);

    private static NodeStorage Seen(string storage, bool active = true) => new() { Storage = storage, Type = "dir", Active = active };
}
