using System.Globalization;
using Perb.Scheduler.Backups;

namespace Perb.Scheduler.Notes;

/// <summary>One line about each copy, among whatever else an archive's notes say. Pure.</summary>
public static class NotesText
{
    // A request may have 64 KiB before Proxmox VE 8.4, and all of it is percent-encoded (facts: PVE 4.3).
    private const int MaxEncodedBytes = 60_000;

    /// <summary><c>offsite: gdrive verified 2026-11-20 02:41 (hash)</c>, on the node's wall clock, as everything else there.</summary>
    public static string LineOf(Backup copy, TimeZoneInfo zone) => string.Create(
        CultureInfo.InvariantCulture,
        $"{StartOf(copy.Remote)}{TimeZoneInfo.ConvertTime(copy.VerifiedAt ?? copy.PublishedAt!.Value, zone):yyyy-MM-dd HH:mm} ({copy.VerifiedHow})");

    /// <summary>The notes with the line in place of an earlier one about that remote, else at their end; every other character stays.</summary>
    public static string With(string notes, string remote, string line)
    {
        var (lines, isIn) = (new List<string>(), false);
        foreach (var old in notes.Split('\n'))
        {
            if (!old.StartsWith(StartOf(remote), StringComparison.Ordinal))
            {
                lines.Add(old);
            }
            else if (!isIn)
            {
                lines.Add(old.EndsWith('\r') ? line + '\r' : line);
                isIn = true;
            }
        }

        var rest = string.Join('\n', lines);
        return isIn ? rest : rest.Length == 0 || rest.EndsWith('\n') ? rest + line : $"{rest}\n{line}";
    }

    public static bool IsTooLong(string notes) => Uri.EscapeDataString(notes).Length > MaxEncodedBytes;

    // Remote names have no blanks: none is the beginning of another's line.
    private static string StartOf(string remote) => $"offsite: {remote} verified ";
}
