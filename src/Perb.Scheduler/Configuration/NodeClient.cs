using Perb.ProxmoxClient;

namespace Perb.Scheduler.Configuration;

/// <summary>The client of the node, as configured.</summary>
internal static class NodeClient
{
    /// <summary>Nothing is sent yet. The caller disposes it.</summary>
    /// <exception cref="ConfigurationException">The secret or the certificate authority cannot be used.</exception>
    public static HttpClient Open(Settings settings)
    {
        var proxmox = settings.Options.Proxmox;
        try
        {
            return ProxmoxConnection.Open(new ProxmoxOptions
            {
                Url = proxmox.Url,
                TokenId = proxmox.TokenId,
                Secret = new ApiSecret(SecretFile.Read("Perb:Proxmox:TokenSecretFile", proxmox.TokenSecretFile, settings.File)),
                CaFile = proxmox.CaFile,
                Fingerprints = proxmox.Fingerprints,
            });
        }
        catch (ProxmoxException exception)
        {
            throw new ConfigurationException(proxmox.CaFile is { } file && ReadableFile.FaultOf(file) is { } fault
                ? $"Perb:Proxmox:CaFile: {file} {fault}"
                : exception.Message);
        }
    }
}
