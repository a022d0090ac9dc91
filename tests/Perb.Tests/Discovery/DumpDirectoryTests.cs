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

        var directories = DumpDirectory.Of([configured], [Seen("local")], "pve1", []);

        Assert.Equal(expected is null ? [] : [new DumpDirectory("local", expected, null)], directories);
    }

    [Fact]
    public void Only_wanted_storages_are_looked_into() =>
        Assert.Equal(
            ["usb"],
            DumpDirectory.Of([Local, Local with { Storage = "usb" }], [Seen("local"), Seen("usb")], "pve1", ["usb"]).Select(directory => directory.Storage));

    [Fact]
    public void A_storage_that_is_away_says_so_instead_of_listing_empty()
    {
        Assert.Equal(
            new DumpDirectory("local", null, "it is not active (not mounted or not reachable)"),
            Assert.Single(DumpDirectory.Of([Local], [Seen("local", active: false)], "pve1", [])));
        Assert.Equal(
            new DumpDirectory("local", null, "the node does not list it"), Assert.Single(DumpDirectory.Of([Local], [], "pve1", [])));
    }

    private static NodeStorage Seen(string storage, bool active = true) => new() { Storage = storage, Type = "dir", Active = active };
}
