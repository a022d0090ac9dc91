using System.Globalization;
using System.Text.RegularExpressions;
using Perb.Scheduler.Pipeline;

namespace Perb.Scheduler.Remotes;

/// <summary>What a file on a remote is, by its name alone; that proves nothing about its content.</summary>
public enum RemoteFileKind
{
    /// <summary>Not ours; nothing is ever done to it.</summary>
    Foreign,

    /// <summary><c>perb.json</c></summary>
    Owner,

    /// <summary><c>X.sums</c></summary>
    Manifest,

    /// <summary><c>X.sums.sig</c></summary>
    Signature,

    /// <summary><c>X.001-of-012.enc</c></summary>
    Volume,

    /// <summary><c>X.enc</c>: the only volume of a backup of ours where there is a manifest beside it, else possibly one of PERB's.</summary>
    Only,

    /// <summary><c>X.vma.enc</c>: of PERB, which left all but the last ending in the name.</summary>
    Old,
}

/// <summary>The name of a file on a remote, taken apart. Pure.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="RemoteName">The backup that it belongs to, <c>100-2026_11_20-02_00_01</c>; empty where it belongs to none.</param>
/// <param name="Guest">The guest in that name.</param>
/// <param name="LocalTime">The node's wall clock in that name.</param>
public sealed partial record RemoteFileName(RemoteFileKind Kind, string RemoteName, int Guest, DateTime LocalTime)
{
    private const string TimeFormat = "yyyy_MM_dd-HH_mm_ss";

    public static RemoteFileName Of(string fileName)
    {
        if (fileName == RemoteGate.OwnerFile)
        {
            return new RemoteFileName(RemoteFileKind.Owner, "", 0, default);
        }

        var match = Pattern().Match(fileName);
        if (!match.Success || !TryParseBackup(match.Groups["name"].Value, out var guest, out var time))
        {
            return new RemoteFileName(RemoteFileKind.Foreign, "", 0, default);
        }

        var kind = match.Groups["rest"].Value switch
        {
            "sums" => RemoteFileKind.Manifest,
            "sums.sig" => RemoteFileKind.Signature,
            "enc" => RemoteFileKind.Only,
            var rest => char.IsAsciiDigit(rest[0]) ? RemoteFileKind.Volume : RemoteFileKind.Old,
        };
        return new RemoteFileName(kind, match.Groups["name"].Value, guest, time);
    }

    /// <summary><c>100-2026_11_20-02_00_01</c>: a guest's number and a possible time, as vzdump has them in its names.</summary>
    public static bool TryParseBackup(string remoteName, out int guest, out DateTime localTime)
    {
        (guest, localTime) = (0, default);
        var match = Backup().Match(remoteName);
        return match.Success
            && int.TryParse(match.Groups["guest"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out guest)
            && DateTime.TryParseExact(match.Groups["time"].ValueSpan, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out localTime);
    }

    [GeneratedRegex(@"\A(?<guest>[1-9][0-9]{2,8})-(?<time>[0-9]{4}(_[0-9]{2}){2}-[0-9]{2}(_[0-9]{2}){2})\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Backup();

    [GeneratedRegex(
        @"\A(?<name>[0-9]+-[0-9_]+-[0-9_]+)\.(?<rest>sums(\.sig)?|enc|[0-9]{3,5}-of-[0-9]{3,5}\.enc|(vma|tar)(\.(gz|lzo|zst|bz2))?\.enc)\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
