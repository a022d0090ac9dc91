namespace Perb.Scheduler.Configuration;

/// <summary>The configuration, or what it names, cannot be used. One line per fault; the program ends with 78, or 75 where it passes.</summary>
public sealed class ConfigurationException(IReadOnlyList<string> faults)
    : Exception(string.Join(Environment.NewLine, faults))
{
    public ConfigurationException(string fault)
        : this([fault])
    {
    }

    public IReadOnlyList<string> Faults { get; } = faults;

    /// <summary>Nobody has to change anything: a node whose clock is set after its start begins years back, where no key is made yet.</summary>
    public bool IsTransient { get; init; }
}
