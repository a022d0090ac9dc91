using System.Globalization;
using Microsoft.Extensions.Configuration;
using Perb.Transfer;

namespace Perb.Scheduler.Configuration;

/// <summary>
/// Reads typed values out of one section and collects every fault instead of stopping at the first: an administrator mends a file
/// in one go. Remembers what was asked for, so that a key nobody asked for is known to be a typing error.
/// </summary>
internal sealed class SettingsReader(IConfigurationSection section, List<string> faults, HashSet<string> asked)
{
    public delegate bool Parser<T>(string text, out T value);

    public string Path => section.Path;

    public bool Has(string key)
    {
        asked.Add(PathOf(key));
        return Exists(section.GetSection(key));
    }

    public SettingsReader Section(string key)
    {
        asked.Add(PathOf(key));
        RefuseSingleValue(key, "an object, such as { }");
        return new SettingsReader(section.GetSection(key), faults, asked);
    }

    public IReadOnlyList<SettingsReader> Sections(string key)
    {
        asked.Add(PathOf(key));
        RefuseSingleValue(key, "a list of objects, such as [ { } ]");
        return [.. section.GetSection(key).GetChildren().Select(child => Adopt(child))];

        SettingsReader Adopt(IConfigurationSection child)
        {
            asked.Add(child.Path);
            if (!string.IsNullOrEmpty(child.Value))
            {
                faults.Add($"{child.Path} is {Quote(child.Value)}: it must be an object, such as {{ }}");
            }

            return new SettingsReader(child, faults, asked);
        }
    }

    public string? Text(string key)
    {
        asked.Add(PathOf(key));
        var value = section.GetSection(key);
        if (value.GetChildren().Any())
        {
            Fault(key, "must be one value, not a list or an object");
            return null;
        }

        return string.IsNullOrEmpty(value.Value) ? null : value.Value;
    }

    public string Required(string key, string expected)
    {
        var text = Text(key);
        if (text is null)
        {
            Fault(key, $"is missing: it must be {expected}");
        }

        return text ?? "";
    }

    public T Value<T>(string key, T fallback, Parser<T> parse, string expected)
    {
        if (Text(key) is not { } text)
        {
            return fallback;
        }

        if (parse(text, out var value))
        {
            return value;
        }

        Fault(key, $"is {Quote(text)}: it must be {expected}");
        return fallback;
    }

    public bool Flag(string key, bool fallback) => Value(key, fallback, bool.TryParse, "true or false");

    public int Count(string key, int fallback, int min, int max) => Value(
        key,
        fallback,
        (string text, out int value) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= min && value <= max,
        $"a whole number from {min} to {max}");

    public TimeSpan Duration(string key, TimeSpan fallback, TimeSpan min) => Value(
        key,
        fallback,
        (string text, out TimeSpan value) =>
            TimeSpan.TryParseExact(text, ["c", @"d\.hh\:mm\:ss", @"hh\:mm\:ss"], CultureInfo.InvariantCulture, out value) && value >= min,
        $"a duration d.hh:mm:ss of at least {min:c}, such as \"00:10:00\"");

    public long Size(string key, long fallback, long min) => Value(
        key,
        fallback,
        (string text, out long value) => ByteSize.TryParse(text, out value) && value >= min,
        $"{ByteSize.Expected}, at least {ByteSize.Format(min)}");

    public IReadOnlyList<string> Texts(string key)
    {
        asked.Add(PathOf(key));
        var list = section.GetSection(key);
        if (!string.IsNullOrEmpty(list.Value))
        {
            Fault(key, $"is {Quote(list.Value)}: it must be a list, such as [ {Quote(list.Value)} ]");
            return [];
        }

        var texts = new List<string>();
        foreach (var child in list.GetChildren())
        {
            asked.Add(child.Path);
            if (string.IsNullOrEmpty(child.Value))
            {
                faults.Add($"{child.Path} is empty: remove it or give a value");
            }
            else
            {
                texts.Add(child.Value);
            }
        }

        return texts;
    }

    public IReadOnlyList<T> Values<T>(string key, Parser<T> parse, string expected)
    {
        var values = new List<T>();
        foreach (var text in Texts(key))
        {
            if (parse(text, out var value))
            {
                values.Add(value);
            }
            else
            {
                Fault(key, $"has {Quote(text)}: each entry must be {expected}");
            }
        }

        return values;
    }

    public IReadOnlyDictionary<string, string> Map(string key)
    {
        asked.Add(PathOf(key));
        RefuseSingleValue(key, "an object, such as { \"NAME\": \"value\" }");
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var child in section.GetSection(key).GetChildren())
        {
            asked.Add(child.Path);
            map[child.Key] = child.Value ?? "";
        }

        return map;
    }

    public void Fault(string key, string text) => faults.Add($"{PathOf(key)} {text}");

    private void RefuseSingleValue(string key, string expected)
    {
        if (section.GetSection(key).Value is { Length: > 0 } value)
        {
            Fault(key, $"is {Quote(value)}: it must be {expected}");
        }
    }

    private static bool Exists(IConfigurationSection value) => !string.IsNullOrEmpty(value.Value) || value.GetChildren().Any();

    private static string Quote(string text) => $"\"{Printable.Clean(text, 80)}\"";

    private string PathOf(string key) => $"{section.Path}:{key}";
}
