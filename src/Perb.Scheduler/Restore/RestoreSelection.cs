using System.Globalization;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Remotes;

namespace Perb.Scheduler.Restore;

/// <summary>Which backup a person means: one by its name, or a guest's newest up to a time. Pure.</summary>
/// <param name="Guest">Null where <paramref name="RemoteName"/> says it.</param>
/// <param name="RemoteName">Null: a guest's newest.</param>
/// <param name="Until">The latest time that a name may have; null: any.</param>
internal sealed record RestoreSelection(int? Guest, string? RemoteName, DateTime? Until)
{
    private const int LowestGuest = 100;
    private const int HighestGuest = 999_999_999;

    // What is not given counts to its end: "2026-11-20" is all of that day.
    private static readonly (string Format, TimeSpan Span)[] Times =
    [
        ("yyyy-MM-dd", TimeSpan.FromDays(1)), ("yyyy-MM-dd HH:mm", TimeSpan.FromMinutes(1)), ("yyyy-MM-dd'T'HH:mm", TimeSpan.FromMinutes(1)),
        ("yyyy-MM-dd HH:mm:ss", TimeSpan.FromSeconds(1)), ("yyyy-MM-dd'T'HH:mm:ss", TimeSpan.FromSeconds(1)),
        ("yyyy_MM_dd-HH_mm_ss", TimeSpan.FromSeconds(1)),
    ];

    public string InWords => RemoteName ?? $"guest {Guest}{(Until is { } until ? $" up to {until:yyyy-MM-dd HH:mm:ss}" : "")}";

    /// <summary>What the names of its files begin with.</summary>
    public string NamePrefix => RemoteName is not null ? $"{RemoteName}." : $"{Guest}-";

    public bool Fits(RemoteSet set) =>
        RemoteName is not null ? set.RemoteName == RemoteName : set.Guest == Guest && (Until is null || set.LocalTime <= Until);

    /// <returns>The selection, or why the arguments cannot be meant.</returns>
    public static (RestoreSelection? Selection, string? Fault) Read(string named, string? at)
    {
        DateTime? until = null;
        if (at is not null && (until = TimeOf(at)) is null)
        {
            return (null, $"--at {at}: it is no time such as \"2026-11-20 02:00\" or 2026-11-20; times are the node's, as the names have them");
        }

        if (named.Length > 0 && named.All(char.IsAsciiDigit))
        {
            return int.TryParse(named, NumberStyles.None, CultureInfo.InvariantCulture, out var guest) && guest is >= LowestGuest and <= HighestGuest
                ? (new RestoreSelection(guest, null, until), null)
                : (null, $"{named} is not a guest's number ({LowestGuest} to {HighestGuest})");
        }

        return NameOf(Path.GetFileName(named)) is not { } name
            ? (null, $"{named} is neither a guest's number nor a backup's name such as 100-2026_11_20-02_00_01 (perb list --remote-only shows them)")
            : at is null ? (new RestoreSelection(null, name, null), null)
            : (null, $"--at belongs to a guest's number; {name} has its time in its name");
    }

    // Of any of its files, or of the archive, since that is what people have at hand.
    private static string? NameOf(string text) =>
        RemoteFileName.TryParseBackup(text, out _, out _) ? text
        : ArchiveName.TryParse(text, out var archive) ? archive.RemoteName
        : RemoteFileName.Of(text) is { RemoteName: { Length: > 0 } name } ? name
        : null;

    private static DateTime? TimeOf(string text)
    {
        foreach (var (format, span) in Times)
        {
            if (DateTime.TryParseExact(text, format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            {
                return time + span - TimeSpan.FromTicks(1);
            }
        }

        return null;
    }
}
