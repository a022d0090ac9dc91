using System.Globalization;

namespace Perb.Scheduler.Configuration;

/// <summary>
/// One entry of <c>Include</c>, <c>Exclude</c> or <c>RpoOverrides:Guests</c>: a VMID, a range, a guest type, a pool or a tag.
/// </summary>
public sealed record GuestRule
{
    public const string Expected = "a VMID (100), a range (100-199), qemu, lxc, a pool (@pool) or a tag (#tag)";

    private GuestRule(string text) => Text = text;

    public string Text { get; }

    public int FirstVmId { get; private init; }

    public int LastVmId { get; private init; } = -1;

    public string? GuestType { get; private init; }

    public string? Pool { get; private init; }

    public string? Tag { get; private init; }

    /// <summary>Pools and tags are known only through the API; a rule on them cannot be judged by name alone.</summary>
    public bool NeedsApi => Pool is not null || Tag is not null;

    public bool Matches(int vmId, string guestType, string? pool, IReadOnlySet<string> tags) =>
        (vmId >= FirstVmId && vmId <= LastVmId)
        || (GuestType is not null && GuestType == guestType)
        || (Pool is not null && Pool == pool)
        || (Tag is not null && tags.Contains(Tag));

    public static bool TryParse(string text, out GuestRule rule)
    {
        rule = new GuestRule(text);
        if (text is "qemu" or "lxc")
        {
            rule = new GuestRule(text) { GuestType = text };
        }
        else if (text.Length > 1 && text[0] == '@')
        {
            rule = new GuestRule(text) { Pool = text[1..] };
        }
        else if (text.Length > 1 && text[0] == '#')
        {
            rule = new GuestRule(text) { Tag = text[1..] };
        }
        else
        {
            var parts = text.Split('-');
            if (parts.Length > 2 || !TryVmId(parts[0], out var first) || !TryVmId(parts[^1], out var last) || first > last)
            {
                return false;
            }

            rule = new GuestRule(text) { FirstVmId = first, LastVmId = last };
        }

        return true;
    }

    private static bool TryVmId(string text, out int vmId) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out vmId) && vmId is >= 100 and <= 999_999_999;
}
