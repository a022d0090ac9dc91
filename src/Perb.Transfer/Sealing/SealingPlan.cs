namespace Perb.Transfer.Sealing;

/// <summary>
/// What every volume of one backup is made from, fixed at the first seal and kept: volumes of one plan fit together, whenever
/// and in whatever order they are sealed.
/// </summary>
public sealed record SealingPlan
{
    /// <summary>The common stem on the remote, <c>100-2026_11_20-02_00_01</c>.</summary>
    public required string RemoteName { get; init; }

    public required string ArchiveName { get; init; }

    public required long ArchiveBytes { get; init; }

    public required DateTimeOffset ArchiveModifiedAt { get; init; }

    public required TarStream Tar { get; init; }

    /// <summary>Bytes of the tar stream in each volume but the last, which has the rest.</summary>
    public required long VolumeBytes { get; init; }

    public required PacketKind Packet { get; init; }

    public required bool HideRecipients { get; init; }

    /// <summary>Of the encryption (sub)keys, upper-case hexadecimal.</summary>
    public required IReadOnlyList<string> RecipientFingerprints { get; init; }

    public int VolumeCount => checked((int)((Tar.TotalBytes + VolumeBytes - 1) / VolumeBytes));

    /// <summary>The remote name of a volume; the first is number 1.</summary>
    public string VolumeName(int number) => VolumeNames.Of(RemoteName, number, VolumeCount);

    /// <summary>The part of the tar stream that a volume holds.</summary>
    public (long Offset, long Length) RangeOf(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, VolumeCount);
        var offset = (number - 1) * VolumeBytes;
        return (offset, Math.Min(VolumeBytes, Tar.TotalBytes - offset));
    }

    /// <summary>
    /// No sealed volume of this number is larger; for reserving room in staging. The exact size is known only after sealing: it
    /// varies by a few bytes with the numbers that RSA yields.
    /// </summary>
    public long SealedBytesAtMost(int number) => VolumeMessage.BytesAtMost(RangeOf(number).Length, RecipientFingerprints.Count);

    /// <summary>Checks that the parts agree; a plan read back from the store is checked again before each use.</summary>
    /// <exception cref="InvalidOperationException">They do not: a fault of the caller.</exception>
    public void Validate()
    {
        var fault = this switch
        {
            _ when !VolumeNames.IsRemoteName(RemoteName) => "its remote name has letters that it may not have",
            { VolumeBytes: <= 0 } => "its volume size is not positive",
            { ArchiveBytes: < 0 } => "its archive size is negative",
            _ when Tar.ArchiveBytes != ArchiveBytes => "its tar stream is laid out for another archive size",
            _ when (Tar.TotalBytes - 1) / VolumeBytes >= VolumeNames.MaxCount =>
                $"{Tar.TotalBytes} bytes in volumes of {VolumeBytes} are more than {VolumeNames.MaxCount} volumes; raise Encryption:VolumeSize",
            { RecipientFingerprints.Count: 0 } => "it has no recipient",
            _ => null,
        };
        if (fault is not null)
        {
            throw new InvalidOperationException($"The sealing plan of {RemoteName} is wrong: {fault}");
        }
    }
}
