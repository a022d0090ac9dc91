namespace Perb.Simulation.Storage;

/// <summary>One archive before the rules, and what they say: keep, remove, protected or renamed.</summary>
internal sealed class PruneEntry(string volumeId, long timeSeconds)
{
    public string VolumeId { get; } = volumeId;

    public long TimeSeconds { get; } = timeSeconds;

    public string? Mark { get; set; }

    public BackupFile? File { get; private init; }

    /// <summary>
    /// Marks a storage's archives. Only standard names are ruled on, in groups of type and VMID; protected and renamed
    /// ones are never removed and use up no slot.
    /// </summary>
    public static List<PruneEntry> MarkAll(
        StorageDefinition storage, Retention retention, NodeClock clock, long? vmid = null, string? type = null)
    {
        var entries = BackupFile.List(storage, clock, vmid)
            .Where(file => type is null || (file.Name.Type ?? "unknown") == type)
            .Select(file => new PruneEntry(file.VolumeId, file.TimeSeconds)
            {
                File = file,
                Mark = file.IsProtected ? "protected" : file.Name.IsStandard ? null : "renamed",
            })
            .ToList();
        foreach (var group in entries.Where(entry => entry.File!.Name.IsStandard)
            .GroupBy(entry => (entry.File!.Name.Type, entry.File.Name.StandardVmid)))
        {
            // Marked entries stay in the walk, but the rules skip them.
            retention.Mark(group.Where(entry => entry.Mark is null), clock.Zone);
        }

        return entries;
    }
}
