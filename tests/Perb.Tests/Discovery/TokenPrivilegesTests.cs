using Perb.ProxmoxClient;
using Perb.Scheduler.Discovery;

namespace Perb.Tests.Discovery;

public sealed class TokenPrivilegesTests
{
    [Theory]
    [InlineData("/ Sys.Audit Datastore.Audit VM.Audit Pool.Audit", true, true, true, "")]
    [InlineData("", false, false, false, "Sys.Audit on /nodes/pve1, Datastore.Audit on /storage, VM.Audit on /vms, Pool.Audit on /pool")]
    [InlineData("/ VM.Audit", false, false, true, "Sys.Audit on /nodes/pve1, Datastore.Audit on /storage, Pool.Audit on /pool")]
    [InlineData("/ Sys.Audit VM.Audit Pool.Audit;/storage/usb Datastore.Audit", true, true, true, "Datastore.Audit on /storage")]
    [InlineData("/ Sys.Audit Datastore.Audit VM.Audit Pool.Audit;/nodes/pve1 Sys.Modify", false, true, true, "Sys.Audit on /nodes/pve1")]
    [InlineData("/ Sys.Audit Datastore.Audit Pool.Audit;/vms/100 VM.Audit", true, true, false, "VM.Audit on /vms")]
    [InlineData("/ Sys.Audit Datastore.Audit VM.Audit Pool.Audit;/vms/100 VM.Backup", true, true, false, "VM.Audit on /vms/100")]
    [InlineData("/ Sys.Audit Datastore.Audit VM.Audit Pool.Audit;/storage/usb Datastore.AllocateSpace", true, true, true, "Datastore.Audit on /storage/usb")]
    public void What_a_token_sees_is_known_before_a_list_is_trusted(string grants, bool tasks, bool storages, bool guests, string missing)
    {
        var privileges = TokenPrivileges.Of(Parse(grants), "pve1", []);

        Assert.Equal((tasks, storages, guests), (privileges.SeesTasks, privileges.SeesStorages, privileges.SeesGuests));
        Assert.Equal(missing, string.Join(", ", privileges.Missing));
    }

    [Theory]
    [InlineData("/ VM.Audit Pool.Audit", "@prod", null)]
    [InlineData("/ VM.Audit", "100", null)]
    [InlineData("/ VM.Audit", "@prod", "the rule \"@prod\" in Perb:Discovery cannot be judged without Pool.Audit on /pool")]
    [InlineData("/ Pool.Audit", "#gold", "the rule \"#gold\" in Perb:Discovery cannot be judged without VM.Audit on /vms")]
    public void A_rule_on_what_the_token_is_not_shown_is_never_judged(string grants, string rule, string? expected)
    {
        Assert.Equal(expected, TokenPrivileges.Of(Parse(grants), "pve1", []).Blindness(Archives.Excluding(rule)));
        Assert.Equal(expected, TokenPrivileges.Of(Parse(grants), "pve1", []).Blindness(Archives.Including(rule)));
    }

    [Theory]
    [InlineData("/ Sys.Audit VM.Audit Pool.Audit;/storage/usb Datastore.Audit", "usb", "")]
    [InlineData("/ Sys.Audit Datastore.Audit VM.Audit Pool.Audit;/storage/usb Datastore.AllocateSpace", "local", "")]
    [InlineData("/ Sys.Audit Datastore.Audit VM.Audit Pool.Audit;/storage/usb Datastore.AllocateSpace", "usb", "Datastore.Audit on /storage/usb")]
    public void Of_configured_storages_only_those_matter(string grants, string storage, string missing) =>
        Assert.Equal(missing, string.Join(", ", TokenPrivileges.Of(Parse(grants), "pve1", [storage]).Missing));

    [Fact]
    public void Guests_that_a_grant_does_not_reach_are_not_seen()
    {
        var here = new Dictionary<string, bool> { ["VM.Audit"] = false };

        var privileges = TokenPrivileges.Of(new Permissions(new Dictionary<string, IReadOnlyDictionary<string, bool>> { ["/vms"] = here }), "pve1", []);

        Assert.False(privileges.SeesGuests);
    }

    [Theory]
    [InlineData("", "/")]
    [InlineData("/ Sys.Audit;/nodes Sys.Audit;/vms Sys.Audit;/storage Sys.Audit", "/")] // the node lists what these inherit
    [InlineData("/ Sys.Audit Datastore.Audit VM.Audit Pool.Audit;/storage/usb Datastore.AllocateSpace", "/storage/usb")]
    [InlineData("/ Sys.Audit Datastore.Audit VM.Audit Pool.Audit;/nodes Sys.Modify;/vms VM.Backup", "/nodes /vms")]
    [InlineData("/ Sys.Audit Datastore.Audit VM.Audit;/vms VM.Backup", "/vms /")]
    public void The_remedy_names_role_and_paths_for_user_and_token(string grants, string paths)
    {
        var remedy = TokenPrivileges.Of(Parse(grants), "pve1", []).Remedy("perb@pve!node");

        Assert.Contains("pveum role add PerbWatch --privs \"Sys.Audit Datastore.Audit VM.Audit Pool.Audit\"", remedy, StringComparison.Ordinal);
        Assert.Contains("pveum role modify PerbWatch --privs \"Sys.Audit Datastore.Audit VM.Audit Pool.Audit\"", remedy, StringComparison.Ordinal);
        Assert.Equal(
            paths.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(path => new[]
            {
                $"pveum acl modify {path} --users perb@pve --roles PerbWatch", $"pveum acl modify {path} --tokens 'perb@pve!node' --roles PerbWatch",
            }),
            remedy.Split("; ").Where(line => line.StartsWith("pveum acl", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_path_that_a_shell_would_read_otherwise_is_in_no_line()
    {
        var grants = new Dictionary<string, IReadOnlyDictionary<string, bool>> { ["/pool/x$(reboot)"] = new Dictionary<string, bool>() };

        Assert.DoesNotContain("reboot", TokenPrivileges.Of(new Permissions(grants), "pve1", []).Remedy("perb@pve!node"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_thousand_missing_paths_are_still_a_line()
    {
        var grants = string.Concat(Enumerable.Range(100, 1000).Select(guest => $";/vms/{guest} VM.Backup"));

        var trouble = TokenPrivileges.Of(Parse("/ Sys.Audit Datastore.Audit VM.Audit Pool.Audit" + grants), "pve1", []).Trouble("perb@pve!node")!;

        Assert.Contains(" and 995 more", trouble, StringComparison.Ordinal);
        Assert.InRange(trouble.Length, 1, 2000);
    }

    internal static Permissions Parse(string grants) => new(grants
        .Split(';', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(' '))
        .ToDictionary(
            words => words[0],
            IReadOnlyDictionary<string, bool> (words) => words[1..].ToDictionary(word => word, _ => true)));
}
