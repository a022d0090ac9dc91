using System.Globalization;
using Perb.ProxmoxClient;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Discovery;

namespace Perb.Scheduler.Notes;

/// <summary>
/// What writing notes needs beyond looking. A role on a more specific path replaces the inherited one, so this tier's carries all six
/// privileges. Facts: API-OBSERVED 5.
/// </summary>
internal static class NotesPrivileges
{
    private static readonly RoleAdvice Role =
        new("PerbNotes", "Sys.Audit Datastore.Audit VM.Audit Pool.Audit Datastore.AllocateSpace VM.Backup");

    public static bool Suffice(Permissions permissions, Backup copy) =>
        permissions.Has(OfStorage(copy.Storage!), "Datastore.Allocate")
        || (permissions.Has(OfStorage(copy.Storage!), "Datastore.AllocateSpace") && permissions.Has(OfGuest(copy), "VM.Backup"));

    /// <summary>One line, or null where nothing is missing.</summary>
    /// <param name="permissions">Of the token.</param>
    /// <param name="tokenId">The token.</param>
    /// <param name="storages">Those that are configured; empty: whichever there are.</param>
    /// <param name="due">Copies that notes should speak of: their storages and guests matter in any case.</param>
    public static string? Trouble(Permissions permissions, string tokenId, IReadOnlyList<string> storages, IEnumerable<Backup> due)
    {
        var denied = due.Where(copy => !Suffice(permissions, copy)).ToList();
        if (denied.Count == 0 && permissions.HasSomewhereBelow("/storage", "Datastore.Allocate"))
        {
            return null;
        }

        List<(string Privilege, string Path)> missing =
        [
            .. Missing("Datastore.AllocateSpace", "/storage", storages.Select(OfStorage), denied.Select(copy => OfStorage(copy.Storage!))),
            .. Missing("VM.Backup", "/vms", [], denied.Select(OfGuest)),
        ];
        return missing.Count == 0
            ? null
            : $"{tokenId} may not write notes (Perb:Proxmox:WriteNotes): it lacks {RoleAdvice.Some(missing.Select(need => $"{need.Privilege} on {need.Path}"))}; "
                + $"shipping goes on without; {Role.Lines(tokenId, [.. missing.Select(need => need.Path).Distinct()])}";

        IEnumerable<(string Privilege, string Path)> Missing(string privilege, string top, IEnumerable<string> configured, IEnumerable<string> met)
        {
            var wanted = configured.ToList();
            return !permissions.HasSomewhereBelow(top, privilege) && wanted.Count == 0
                ? [(privilege, top)]
                : wanted.Concat(met).Distinct().Where(path => !permissions.Has(path, privilege)).Select(path => (privilege, path));
        }
    }

    private static string OfStorage(string storage) => $"/storage/{storage}";

    private static string OfGuest(Backup copy) => string.Create(CultureInfo.InvariantCulture, $"/vms/{copy.Guest}");
}
