using Microsoft.Extensions.Configuration;

namespace Perb.Scheduler.Configuration;

/// <summary>A configuration file that was read and found good.</summary>
public sealed record Settings(string File, IConfigurationRoot Root, PerbOptions Options)
{
    /// <exception cref="ConfigurationException">With every fault at once.</exception>
    public static Settings Load(string? fromCommandLine)
    {
        var file = ConfigurationFile.Locate(fromCommandLine);
        var root = ConfigurationFile.Load(file);
        try
        {
            return new Settings(file, root, PerbOptionsReader.Read(root));
        }
        catch (ConfigurationException exception)
        {
            throw new ConfigurationException([.. exception.Faults.Select(fault => $"{file}: {fault}")]);
        }
    }
}
