using System.Globalization;

namespace Perb.Scheduler.Configuration;

/// <summary>Free space that staging must leave on its file system: a size (<c>20GiB</c>) or a share of it (<c>10%</c>).</summary>
public sealed record FreeSpaceFloor(long Bytes, double Share)
{
    public const string Expected = "a size such as \"20GiB\" or a share such as \"10%\"";

    public long Of(long totalBytes) => Math.Max(Bytes, (long)(totalBytes * Share));

    public static bool TryParse(string text, out FreeSpaceFloor floor)
    {
        floor = new FreeSpaceFloor(0, 0);
        if (text.EndsWith('%'))
        {
            if (!double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent)
                || percent is not (>= 0 and < 100)) // "NaN" is a number, too
            {
                return false;
            }

            floor = new FreeSpaceFloor(0, percent / 100);
            return true;
        }

        if (!ByteSize.TryParse(text, out var bytes))
        {
            return false;
        }

        floor = new FreeSpaceFloor(bytes, 0);
        return true;
    }
}
