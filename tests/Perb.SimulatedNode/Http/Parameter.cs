using System.Globalization;
using System.Text.RegularExpressions;

namespace Perb.Simulation.Http;

internal enum ParameterType
{
    Text,
    Integer,
    Boolean,
}

/// <summary>One parameter of a call. Proxmox refuses unknown ones, and knows only 1 and 0 as booleans.</summary>
internal sealed partial record Parameter(string Name, ParameterType Type = ParameterType.Text)
{
    public bool Required { get; init; }

    public long? Minimum { get; init; }

    public long? Maximum { get; init; }

    public IReadOnlyList<string>? Values { get; init; }

    /// <summary>Returns what is wrong with a value, or null.</summary>
    public Func<string, string?>? Format { get; init; }

    public static Parameter Text(string name) => new(name);

    public static Parameter Flag(string name) => new(name, ParameterType.Boolean);

    public static Parameter Number(string name, long? minimum = null, long? maximum = null) =>
        new(name, ParameterType.Integer) { Minimum = minimum, Maximum = maximum };

    public static Parameter Vmid(string name = "vmid") => Number(name, 100, 999_999_999);

    public static Parameter OneOf(string name, params IReadOnlyList<string> values) => new(name) { Values = values };

    /// <summary>Numbers too large for any type are accepted and act as infinity.</summary>
    public static long ParseNumber(string text) =>
        long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number
        : text.StartsWith('-') ? long.MinValue : long.MaxValue;

    public string? Fault(string value) => Type switch
    {
        ParameterType.Boolean when value is not ("0" or "1") => $"type check ('boolean') failed - got '{value}'",
        ParameterType.Integer when !IntegerPattern().IsMatch(value) => $"type check ('integer') failed - got '{value}'",
        ParameterType.Integer when ParseNumber(value) < Minimum => $"value must have a minimum value of {Minimum}",
        ParameterType.Integer when ParseNumber(value) > Maximum => $"value must have a maximum value of {Maximum}",
        ParameterType.Text when Values is not null && !Values.Contains(value) =>
            $"value '{value}' does not have a value in the enumeration '{string.Join(", ", Values)}'",
        ParameterType.Text => Format?.Invoke(value),
        _ => null,
    };

    public static void Validate(IReadOnlyList<Parameter> known, IReadOnlyDictionary<string, string> given)
    {
        var errors = new Dictionary<string, string>();
        foreach (var (name, value) in given)
        {
            if (known.FirstOrDefault(parameter => parameter.Name == name) is not { } parameter)
            {
                errors[name] = "property is not defined in schema and the schema does not allow additional properties";
            }
            else if (parameter.Fault(value) is { } fault)
            {
                errors[name] = fault;
            }
        }

        foreach (var parameter in known.Where(parameter => parameter.Required && !given.ContainsKey(parameter.Name)))
        {
            errors[parameter.Name] = "property is missing and it is not optional";
        }

        if (errors.Count > 0)
        {
            throw ApiException.Parameters(errors);
        }
    }

    [GeneratedRegex(@"\A[+-]?[0-9]+\z")]
    private static partial Regex IntegerPattern();
}
