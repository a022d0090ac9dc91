namespace Perb.Simulation.Guests;

public enum GuestType
{
    Qemu,
    Lxc,
}

/// <summary>A guest whose data is real: a disk image file for a VM, a directory of files for a container.</summary>
public sealed record Guest(int Vmid, GuestType Type, string Name, string DataPath)
{
    public bool Running { get; init; } = true;

    public IReadOnlyList<string> Tags { get; init; } = [];

    public string? Pool { get; init; }

    public bool Template { get; init; }

    /// <summary>A lock in the guest's configuration, such as <c>backup</c> after a crash; its backup fails until it is removed.</summary>
    public string? LockedBy { get; init; }

    /// <summary>Makes the next backups fail while the archive is written, with this text.</summary>
    public string? FailsWith { get; init; }

    /// <summary>A container on storage without snapshots falls back from snapshot to suspend mode.</summary>
    public bool CanSnapshot { get; init; } = true;

    internal string TypeName => Type == GuestType.Qemu ? "qemu" : "lxc";

    internal string ConfigName => Type == GuestType.Qemu ? "VM" : "CT";
}
