namespace Perb.Scheduler.Setup;

/// <summary>Files of the node, and of the package on it, at their fixed places.</summary>
/// <param name="Root">Before each of them; empty but in tests, which have no node of their own.</param>
internal sealed record NodeFiles(string Root)
{
    /// <summary>Of the environment, for tests.</summary>
    public const string RootVariable = "PERB_NODE_ROOT";

    /// <summary>vzdump's settings of this node; no file of the cluster's.</summary>
    public string VzdumpConf => Root + "/etc/vzdump.conf";

    public string HookConf => Root + "/etc/perb/hook.conf";

    public string Hook => Root + "/usr/lib/perb/vzdump-hook";

    /// <summary>The cluster's own file system: owners and modes cannot be set there.</summary>
    public string Cluster => Root + "/etc/pve/";

    /// <summary>The cluster's backup jobs.</summary>
    public string JobsCfg => Root + "/etc/pve/jobs.cfg";

    /// <summary>A certificate of the administrator's or of ACME; not there: the node has one of the cluster's own authority.</summary>
    public string OwnCertificate => Root + "/etc/pve/local/pveproxy-ssl.pem";

    public string PveRootCa => Root + "/etc/pve/pve-root-ca.pem";

    public string Configuration => Root + "/etc/perb/appsettings.json";

    public string Directory => Root + "/etc/perb";

    /// <summary>What the service may write besides its own directories; made by setup alone, so no name of the package's examples.</summary>
    public string LocalRemoteDropIn => DropIns + "/50-perb-setup.conf";

    public string DropIns => Root + "/etc/systemd/system/perb.service.d";

    public static NodeFiles Here() => new(Environment.GetEnvironmentVariable(RootVariable) ?? "");
}
