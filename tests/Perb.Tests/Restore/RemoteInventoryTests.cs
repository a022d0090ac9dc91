using Perb.Scheduler.Remotes;
using Perb.Transfer.Hashing;
using Perb.Transfer.Manifests;
using Perb.Transfer.Rclone;
using Perb.Transfer.Signing;

namespace Perb.Tests.Restore;

public sealed class RemoteInventoryTests
{
    private const string X = "100-2026_11_20-02_00_01";

    [Theory]
    [InlineData("perb.json", RemoteFileKind.Owner)]
    [InlineData(X + ".sums", RemoteFileKind.Manifest)]
    [InlineData(X + ".sums.sig", RemoteFileKind.Signature)]
    [InlineData(X + ".enc", RemoteFileKind.Only)]
    [InlineData(X + ".001-of-012.enc", RemoteFileKind.Volume)]
    [InlineData(X + ".12345-of-12346.enc", RemoteFileKind.Volume)]
    [InlineData(X + ".vma.enc", RemoteFileKind.Old)]
    [InlineData(X + ".tar.enc", RemoteFileKind.Old)]
    [InlineData(X + ".vma.zst.enc", RemoteFileKind.Old)]
    [InlineData("perb.json.partial", RemoteFileKind.Foreign)]
    [InlineData(X, RemoteFileKind.Foreign)]
    [InlineData(X + ".sums\n", RemoteFileKind.Foreign)]
    [InlineData(X + ".01-of-12.enc", RemoteFileKind.Foreign)]
    [InlineData(X + ".exe.enc", RemoteFileKind.Foreign)]
    [InlineData(X + ".enc.partial", RemoteFileKind.Foreign)]
    [InlineData("99-2026_11_20-02_00_01.enc", RemoteFileKind.Foreign)]
    [InlineData("0100-2026_11_20-02_00_01.enc", RemoteFileKind.Foreign)]
    [InlineData("100-2026_02_30-02_00_01.enc", RemoteFileKind.Foreign)]
    [InlineData("vzdump-qemu-100-2026_11_20-02_00_01.vma.zst", RemoteFileKind.Foreign)]
    public void A_name_says_what_a_file_is(string name, RemoteFileKind kind)
    {
        var read = RemoteFileName.Of(name);

        Assert.Equal(kind, read.Kind);
        if (kind is not (RemoteFileKind.Foreign or RemoteFileKind.Owner))
        {
            Assert.Equal((X, 100, new DateTime(2026, 11, 20, 2, 0, 1)), (read.RemoteName, read.Guest, read.LocalTime));
        }
    }

    [Fact]
    public void A_listing_is_sorted_out_into_backups_and_foreign_files()
    {
        var inventory = RemoteInventory.Of(
        [
            File("perb.json", 80), File("holiday.jpg", 1000), File("unknown", -1),
            File(X + ".sums", 300), File(X + ".enc", 5000), File(X + ".sums.sig", 100),
            File("99-old", 7), File("100-2026_11_19-02_00_01.001-of-002.enc", 4000), File("101-2020_01_02-22_10_33.vma.enc", 9),
        ]);

        Assert.Equal((true, 3, 1007L), (inventory.IsOwned, inventory.ForeignFiles, inventory.ForeignBytes));
        Assert.Equal(
            [("100-2026_11_19-02_00_01", false, null), (X, true, null), ("101-2020_01_02-22_10_33", false, "101-2020_01_02-22_10_33.vma.enc")],
            inventory.Sets.Select(set => (set.RemoteName, set.HasManifest, set.OldFile)));
        Assert.True(inventory.Sets[1].HasSignature);
        Assert.Equal(3, inventory.Sets[1].Sizes.Count);
    }

    [Fact]
    public void A_single_volume_without_a_manifest_may_be_a_file_of_PERB()
    {
        var set = Assert.Single(RemoteInventory.Of([File(X + ".enc", 5000)]).Sets);

        Assert.Equal(X + ".enc", set.OldFile);
        Assert.Contains("no manifest", new RemoteBackup(set, null, null).FaultInWords, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("-001-of-002", "001-of-002.enc is missing")]
    [InlineData("!002-of-002", "002-of-002.enc has 9 bytes")]
    [InlineData("-001-of-002 !002-of-002", "and 1 more")]
    public void What_the_manifest_lists_is_compared_with_the_listing(string changes, string? fault)
    {
        var sizes = new Dictionary<string, long> { [X + ".sums"] = 1, [X + ".001-of-002.enc"] = 10, [X + ".002-of-002.enc"] = 8 };
        foreach (var change in changes.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = $"{X}.{change[1..]}.enc";
            if (change[0] == '-')
            {
                sizes.Remove(name);
            }
            else
            {
                sizes[name] = 9;
            }
        }

        var backup = Backup(sizes, null);

        if (fault is null)
        {
            Assert.Null(backup.FaultInWords);
        }
        else
        {
            Assert.Contains(fault, backup.FaultInWords, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Who_signed_it_is_a_fault_only_where_signers_are_asked_for()
    {
        var sizes = new Dictionary<string, long> { [X + ".sums"] = 1, [X + ".001-of-002.enc"] = 10, [X + ".002-of-002.enc"] = 8 };

        Assert.Null(Backup(sizes, null).FaultInWords);
        Assert.Null(Backup(sizes, new SignatureVerdict(new Signer("AB", "me"), "")).FaultInWords);
        Assert.Equal($"{X}.sums is not signed", Backup(sizes, new SignatureVerdict(null, "is not signed")).FaultInWords);
    }

    private static RemoteBackup Backup(Dictionary<string, long> sizes, SignatureVerdict? verdict)
    {
        var manifest = new Manifest
        {
            RemoteName = X,
            ArchiveBytes = 10,
            ArchiveModifiedAt = DateTimeOffset.UnixEpoch,
            VolumeBytes = 8,
            Volumes = [new(X + ".001-of-002.enc", 10, new Digests("a")), new(X + ".002-of-002.enc", 8, new Digests("b"))],
        };
        return new RemoteBackup(new RemoteSet(X, 100, default, sizes), new ReadManifest(manifest, 100, "", verdict), null);
    }

    private static RemoteFile File(string name, long size) => new(name, size, null, new Dictionary<HashKind, string>());
}
