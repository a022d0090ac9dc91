namespace Perb.Simulation.Access;

/// <summary>The built-in roles of Proxmox VE 8.4 that matter to a backup service, and the complete set of privileges.</summary>
internal static class Roles
{
    public static readonly IReadOnlyDictionary<string, IReadOnlySet<string>> BuiltIn = new Dictionary<string, IReadOnlySet<string>>
    {
        ["NoAccess"] = Of(""),
        ["PVEAuditor"] = Of("Datastore.Audit,Mapping.Audit,Pool.Audit,SDN.Audit,Sys.Audit,VM.Audit"),
        ["PVEDatastoreUser"] = Of("Datastore.AllocateSpace,Datastore.Audit"),
        ["PVEDatastoreAdmin"] = Of("Datastore.Allocate,Datastore.AllocateSpace,Datastore.AllocateTemplate,Datastore.Audit"),
        ["PVEPoolUser"] = Of("Pool.Audit"),
        ["PVEVMUser"] = Of("VM.Audit,VM.Backup,VM.Config.CDROM,VM.Config.Cloudinit,VM.Console,VM.PowerMgmt"),
        ["Administrator"] = Of(
            "Datastore.Allocate,Datastore.AllocateSpace,Datastore.AllocateTemplate,Datastore.Audit,Group.Allocate,Mapping.Audit,"
            + "Mapping.Modify,Mapping.Use,Permissions.Modify,Pool.Allocate,Pool.Audit,Realm.Allocate,Realm.AllocateUser,"
            + "SDN.Allocate,SDN.Audit,SDN.Use,Sys.AccessNetwork,Sys.Audit,Sys.Console,Sys.Incoming,Sys.Modify,Sys.PowerMgmt,"
            + "Sys.Syslog,User.Modify,VM.Allocate,VM.Audit,VM.Backup,VM.Clone,VM.Config.CDROM,VM.Config.CPU,"
            + "VM.Config.Cloudinit,VM.Config.Disk,VM.Config.HWType,VM.Config.Memory,VM.Config.Network,VM.Config.Options,"
            + "VM.Console,VM.Migrate,VM.Monitor,VM.PowerMgmt,VM.Snapshot,VM.Snapshot.Rollback"),
    };

    public static IReadOnlySet<string> AllPrivileges => BuiltIn["Administrator"];

    private static HashSet<string> Of(string names) => [.. names.Split(',', StringSplitOptions.RemoveEmptyEntries)];
}
