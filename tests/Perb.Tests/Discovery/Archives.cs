using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;

namespace Perb.Tests.Discovery;

/// <summary>Archives as a listing would show them, and the backups of them, told apart by what matters to a test.</summary>
internal static class Archives
{
    public static readonly DateTimeOffset Now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    public static readonly DiscoverySection Defaults = new(TimeSpan.FromSeconds(30), "", [], [], [], TimeSpan.FromDays(7));

    public static FoundArchive Found(
        int vmId = 100, int daysOld = 0, string storage = "local", long size = 1000, bool settled = true, string ending = "vma.zst", string type = "qemu")
    {
        var time = Now.AddHours(-10).AddDays(-daysOld);
        Assert.True(ArchiveName.TryParse($"vzdump-{type}-{vmId}-{time:yyyy_MM_dd-HH_mm_ss}.{ending}", out var name));
        return new FoundArchive(name, storage, "pve1", $"/mnt/{storage}/dump/{name.FileName}", size, time.AddMinutes(5), time, settled);
    }

    public static KnownBackup Known(
        FoundArchive archive, BackupState state = BackupState.Discovered, string remote = "r", bool hasPlan = false, bool isAllSealed = false, bool isClaimed = false, string? failure = null, ByHand? byHand = null) =>
        new(7, remote, archive.Name.RemoteName, archive.Name.FileName, state, archive.Storage, archive.Path, archive.SizeBytes, archive.ModifiedAt,
            archive.IsSettled, hasPlan, isAllSealed, isClaimed, failure, byHand);

    public static Backup BackupOf(FoundArchive archive, BackupState state = BackupState.Discovered) => new()
    {
        Id = 7,
        Remote = "r",
        RemoteName = archive.Name.RemoteName,
        Guest = archive.Name.VmId,
        GuestType = archive.Name.GuestType,
        Archive = archive.Name.FileName,
        Storage = archive.Storage,
        Node = archive.Node,
        Path = archive.Path,
        SizeBytes = archive.SizeBytes,
        ModifiedAt = archive.ModifiedAt,
        ArchiveTime = archive.Time,
        State = state,
        DiscoveredAt = Now,
    };

    public static DiscoverySection Excluding(params string[] rules) => Defaults with { Exclude = Rules(rules) };

    public static DiscoverySection Including(params string[] rules) => Defaults with { Include = Rules(rules) };

    private static IReadOnlyList<GuestRule> Rules(string[] texts) =>
        [.. texts.Select(text => GuestRule.TryParse(text, out var rule) ? rule : throw new FormatException(text))];
}
