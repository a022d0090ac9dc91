using System.Globalization;
using System.Text.RegularExpressions;

namespace Perb.Scheduler.Backups;

/// <summary>
/// The standard name that vzdump gives an archive, <c>vzdump-qemu-100-2026_11_20-02_00_01.vma.zst</c>. Others (copies, renamed files)
/// have no time in their name and are not shipped by discovery. The rules are PVE's <c>is_std_name</c>: a VMID of 3 to 9 digits without
/// leading zero, a possible calendar date, a known ending, and nothing after it.
/// </summary>
public sealed partial record ArchiveName
{
    private ArchiveName(string fileName, string guestType, int vmId, DateTime localTime, string stem)
    {
        (FileName, GuestType, VmId, LocalTime, Stem) = (fileName, guestType, vmId, localTime, stem);
    }

    public string FileName { get; }

    /// <summary><c>qemu</c>, <c>lxc</c>, or <c>openvz</c> in archives older than Proxmox VE 4.</summary>
    public string GuestType { get; }

    public int VmId { get; }

    /// <summary>When the guest's backup began, on the node's wall clock, without zone.</summary>
    public DateTime LocalTime { get; }

    /// <summary>The name without its ending.</summary>
    public string Stem { get; }

    public string LogName => Stem + ".log";

    public string NotesName => FileName + ".notes";

    /// <summary>What the provider gets to see: <c>100-2026_11_20-02_00_01</c>.</summary>
    public string RemoteName => $"{VmId}-{LocalTime.ToString("yyyy_MM_dd-HH_mm_ss", CultureInfo.InvariantCulture)}";

    public static bool TryParse(string fileName, out ArchiveName name)
    {
        name = null!;
        var match = Pattern().Match(fileName);
        if (!match.Success
            || !DateTime.TryParseExact(
                match.Groups["time"].ValueSpan, "yyyy_MM_dd-HH_mm_ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return false;
        }

        var vmId = int.Parse(match.Groups["vmid"].ValueSpan, CultureInfo.InvariantCulture);
        name = new ArchiveName(fileName, match.Groups["type"].Value, vmId, time, match.Groups["stem"].Value);
        return true;
    }

    // Digits are ASCII and \z is the very end: Perl's $ would let a trailing newline through.
    [GeneratedRegex(
        @"\A(?<stem>vzdump-(?<type>qemu|lxc|openvz)-(?<vmid>[1-9][0-9]{2,8})-(?<time>[0-9]{4}_[0-9]{2}_[0-9]{2}-[0-9]{2}_[0-9]{2}_[0-9]{2}))"
        + @"\.(tgz|(tar|vma)(\.(gz|lzo|zst|bz2))?)\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
