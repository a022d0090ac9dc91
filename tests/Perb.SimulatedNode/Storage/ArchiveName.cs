using System.Globalization;
using System.Text.RegularExpressions;

namespace Perb.Simulation.Storage;

/// <summary>
/// What a file name in a dump directory says (facts: PVE 2.1). Three rules that differ: the LISTING takes anything with a
/// known extension; the type comes from <c>vzdump-TYPE-</c>; only a STANDARD name has a time and may be pruned.
/// </summary>
internal sealed partial record ArchiveName(string FileName, string Extension)
{
    /// <summary>qemu, lxc or openvz; null where Proxmox can say nothing (and then also for an impossible date).</summary>
    public string? Type { get; private init; }

    public int? StandardVmid { get; private init; }

    /// <summary>The time in the name as an instant, for standard names only.</summary>
    public long? TimeSeconds { get; private init; }

    public bool IsStandard => TimeSeconds is not null;

    /// <summary>The owner that permissions are checked against; looser than the standard name.</summary>
    public string? OwnerVmid { get; private init; }

    public int? ListedVmid { get; private init; }

    public string LogName => StandardPattern().Match(FileName).Groups["base"].Value + ".log";

    /// <summary>Null for a name that is not listed at all: .dat, .tmp, .log, .notes, .gpg, .xz, upper case, dotfiles.</summary>
    public static ArchiveName? Parse(string fileName, NodeClock clock)
    {
        var extension = ExtensionPattern().Match(fileName);
        if (!extension.Success || fileName.StartsWith('.') || fileName.Contains('/', StringComparison.Ordinal))
        {
            return null;
        }

        var format = extension.Groups["format"].Value;
        var owner = OwnerPattern().Match(fileName);
        var listed = Regex.Match(
            fileName, $@"-(?<vmid>[1-9][0-9]{{2,8}})-[^/]+\.{Regex.Escape(format)}\z", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        var name = new ArchiveName(fileName, format)
        {
            OwnerVmid = owner.Success ? owner.Groups["vmid"].Value : null,
            ListedVmid = listed.Success ? int.Parse(listed.Groups["vmid"].Value, CultureInfo.InvariantCulture) : null,
        };
        var type = TypePattern().Match(fileName);
        if (!type.Success)
        {
            return name;
        }

        var standard = StandardPattern().Match(fileName);
        if (!standard.Success || standard.Groups["ext"].Value != format)
        {
            return name with { Type = type.Groups["type"].Value };
        }

        // An impossible date makes the whole inspection die: the type is lost with it.
        return DateTime.TryParseExact(
                standard.Groups["time"].Value, "yyyy_MM_dd-HH_mm_ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var local)
            ? name with
            {
                Type = type.Groups["type"].Value,
                StandardVmid = int.Parse(standard.Groups["vmid"].Value, CultureInfo.InvariantCulture),
                TimeSeconds = clock.InstantOf(local),
            }
            : name;
    }

    /// <summary>The vmid filter is textual: <c>-VMID-</c> anywhere, with something on both sides.</summary>
    public bool MatchesVmid(long vmid) =>
        Regex.IsMatch(FileName, $@"\S+-{vmid}-\S+", RegexOptions.None, TimeSpan.FromSeconds(1));

    [GeneratedRegex(@"\A.+\.(?<format>tgz|(tar|vma)(\.(gz|lzo|zst|bz2))?)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex ExtensionPattern();

    [GeneratedRegex(@"\Avzdump-(openvz|lxc|qemu)-(?<vmid>[0-9]+)-.+", RegexOptions.ExplicitCapture)]
    private static partial Regex OwnerPattern();

    [GeneratedRegex(@"\Avzdump-(?<type>lxc|openvz|qemu)-.+\.(tgz|(tar|vma)(\.(gz|lzo|zst|bz2))?)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex TypePattern();

    [GeneratedRegex(
        @"\A(?<base>vzdump-(lxc|openvz|qemu)-(?<vmid>[1-9][0-9]{2,8})-(?<time>[0-9]{4}_[0-9]{2}_[0-9]{2}-[0-9]{2}_[0-9]{2}_[0-9]{2}))\.(?<ext>.+)\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex StandardPattern();
}
