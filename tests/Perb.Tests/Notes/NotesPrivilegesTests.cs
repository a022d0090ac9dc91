using Perb.Scheduler.Notes;
using Perb.Tests.Discovery;

namespace Perb.Tests.Notes;

public sealed class NotesPrivilegesTests
{
    [Theory]
    [InlineData("/ Datastore.AllocateSpace VM.Backup", "", "")]
    [InlineData("/ VM.Audit", "", "Datastore.AllocateSpace on /storage, VM.Backup on /vms")]
    [InlineData("/ VM.Audit;/storage Datastore.AllocateSpace", "", "VM.Backup on /vms")]
    [InlineData("/ VM.Audit;/storage/usb Datastore.AllocateSpace;/vms VM.Backup", "usb", "")]
    [InlineData("/ VM.Audit;/storage/usb Datastore.AllocateSpace;/vms VM.Backup", "usb local", "Datastore.AllocateSpace on /storage/local")]
    [InlineData("/ VM.Audit", "usb local", "Datastore.AllocateSpace on /storage/usb, Datastore.AllocateSpace on /storage/local, VM.Backup on /vms")]
    [InlineData("/ VM.Audit;/storage Datastore.Allocate", "", "")] // enough by itself
    public void What_is_missing_is_named_for_the_storages_that_are_configured(string grants, string storages, string expected)
    {
        var trouble = NotesPrivileges.Trouble(
            TokenPrivilegesTests.Parse(grants), "perb@pve!node", storages.Split(' ', StringSplitOptions.RemoveEmptyEntries), []);

        Assert.Equal(expected, MissingIn(trouble));
    }

    [Theory]
    [InlineData("/ Datastore.AllocateSpace VM.Backup", true, "")]
    [InlineData("/ VM.Backup;/storage/usb Datastore.AllocateSpace", false, "Datastore.AllocateSpace on /storage/local")]
    [InlineData("/ Datastore.AllocateSpace;/vms/101 VM.Backup", false, "VM.Backup on /vms/100")]
    [InlineData("/ Datastore.AllocateSpace;/vms/100 VM.Backup", true, "")]
    [InlineData("/ VM.Audit;/storage/local Datastore.Allocate", true, "")]
    public void What_a_copy_needs_is_named_for_its_storage_and_guest(string grants, bool suffices, string expected)
    {
        var copy = Archives.BackupOf(Archives.Found(100));
        var permissions = TokenPrivilegesTests.Parse(grants);

        Assert.Equal(suffices, NotesPrivileges.Suffice(permissions, copy));
        Assert.Equal(expected, MissingIn(NotesPrivileges.Trouble(permissions, "perb@pve!node", [], [copy])));
    }

    [Fact]
    public void The_role_of_the_second_tier_carries_the_first_since_it_replaces_it()
    {
        var trouble = NotesPrivileges.Trouble(TokenPrivilegesTests.Parse("/ VM.Audit"), "perb@pve!node", [], []);

        Assert.Contains(
            "pveum role add PerbNotes --privs \"Sys.Audit Datastore.Audit VM.Audit Pool.Audit Datastore.AllocateSpace VM.Backup\"", trouble, StringComparison.Ordinal);
        Assert.Contains("pveum acl modify /storage --users perb@pve --roles PerbNotes; ", trouble, StringComparison.Ordinal);
        Assert.Contains("pveum acl modify /vms --tokens 'perb@pve!node' --roles PerbNotes", trouble, StringComparison.Ordinal);
    }

    private static string MissingIn(string? trouble) => trouble is null ? "" : trouble.Split("it lacks ")[1].Split(';')[0];
}
