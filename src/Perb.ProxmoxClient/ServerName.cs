namespace Perb.ProxmoxClient;

internal static class ServerName
{
    /// <summary>How every message begins: <c>Proxmox at https://127.0.0.1:8006</c>.</summary>
    public static string Describe(this Uri server) => $"Proxmox at {server.GetLeftPart(UriPartial.Authority)}";
}
