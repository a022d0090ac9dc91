using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Perb.Transfer;

namespace Perb.Scheduler.Cli;

/// <summary>Numbers on the command line; the library's own complaint names a type of .NET, or nothing that helps.</summary>
internal static class NumberWord
{
    public const string Guest = "a guest is a number, such as 100";
    public const string Backup = "an id is a number, as perb list shows it";

    public static T One<T>(ArgumentResult result, string expected) where T : struct, INumber<T> => All<T>(result, expected) is [var number, ..] ? number : default;

    public static T[] All<T>(ArgumentResult result, string expected) where T : struct, INumber<T>
    {
        var numbers = new List<T>();
        foreach (var word in result.Tokens.Select(token => token.Value))
        {
            if (T.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                numbers.Add(number);
            }
            else
            {
                result.AddError($"{Printable.Clean(word, 80)}: {expected}.");
            }
        }

        return [.. numbers];
    }
}
