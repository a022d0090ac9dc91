using Microsoft.Extensions.Configuration;

namespace Perb.Scheduler.Configuration;

/// <summary>A configuration file that was read and found good.</summary>
public sealed record Settings(string File, IConfigurationRoot Root, PerbOptions Options)
{
    /// <summary>For every command that touches the state directory, if only by looking: root becomes <see cref="ServiceUser"/> first.</summary>
    /// <exception cref="ConfigurationException">With every fault at once.</exception>
    public static Settings LoadAsServiceUser(string? fromCommandLine)
    {
        var settings = Load(fromCommandLine);
        ServiceUser.Become(settings.Options.StateDirectory);
        return settings;
    }

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
