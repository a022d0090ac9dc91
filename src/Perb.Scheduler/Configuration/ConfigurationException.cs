namespace Perb.Scheduler.Configuration;

/// <summary>The configuration, or what it names, cannot be used. One line per fault; the program ends with 78.</summary>
public sealed class ConfigurationException(IReadOnlyList<string> faults)
    : Exception(string.Join(Environment.NewLine, faults))
{
    public ConfigurationException(string fault)
        : this([fault])
    {
    }

    public IReadOnlyList<string> Faults { get; } = faults;
}
