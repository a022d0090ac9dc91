using System.Globalization;
using System.Text.RegularExpressions;
using Perb.Scheduler.Wishes;

namespace Perb.Scheduler.Cli;

/// <summary>What <c>perb ship</c> was given: a bare number is a guest, everything else a path. Pure.</summary>
internal static partial class ShipArguments
{
    private const int LowestGuest = 100;
    private const int HighestGuest = 999_999_999;

    /// <returns>The wish, and one line for each argument that cannot be meant.</returns>
    public static (Wish Wish, IReadOnlyList<string> Faults) Read(IReadOnlyList<string> arguments, string? remote, string workingDirectory)
    {
        var (paths, guests, faults) = (new List<string>(), new List<int>(), new List<string>());
        foreach (var argument in arguments)
        {
            if (argument.Length == 0)
            {
                faults.Add("\"\" is neither a path nor a guest's number");
            }
            else if (!Number().IsMatch(argument))
            {
                paths.Add(Path.GetFullPath(argument, workingDirectory));
            }
            else if (int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out var guest) && guest is >= LowestGuest and <= HighestGuest)
            {
                guests.Add(guest);
            }
            else
            {
                faults.Add($"{argument} is not a guest's number ({LowestGuest} to {HighestGuest}); a file of that name is ./{argument}");
            }
        }

        return (new Wish(WishKind.Ship) { Paths = paths, Guests = guests, Remotes = remote is null ? [] : [remote] }, faults);
    }

    [GeneratedRegex(@"\A[0-9]+\z")]
    private static partial Regex Number();
}
