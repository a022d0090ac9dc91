using System.Text;
using Microsoft.Extensions.Configuration;
using Perb.Scheduler.Configuration;

namespace Perb.Tests.Configuration;

/// <summary>Configurations as tests need them: the least that works, and changes laid over it.</summary>
internal static class Some
{
    public const string Minimal = """
        {
          "Perb": {
            "Proxmox": { "TokenId": "perb@pve!node", "TokenSecretFile": "/etc/perb/token" },
            "Encryption": { "Recipients": [ "/etc/perb/recipient.asc" ] },
            "Remotes": [ { "Name": "gdrive", "Path": "gdrive:perb" } ]
          }
        }
        """;

    public static IConfigurationRoot Json(params string[] layers)
    {
        var builder = new ConfigurationBuilder();
        foreach (var layer in layers)
        {
            builder.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(layer)));
        }

        return builder.Build();
    }

    /// <summary>The minimal configuration with <c>{ "Perb": { change } }</c> laid over it.</summary>
    public static IConfigurationRoot With(string change) => Json(Minimal, $"{{ \"Perb\": {{ {change} }} }}");

    public static PerbOptions Options(string change = "") => PerbOptionsReader.Read(With(change));

    public static IReadOnlyList<string> Faults(string change) => FaultsOf(With(change));

    public static IReadOnlyList<string> FaultsOf(IConfiguration configuration) =>
        Assert.Throws<ConfigurationException>(() => PerbOptionsReader.Read(configuration)).Faults;
}
