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
    public void What_a_token_sees_is_known_before_a_list_is_trusted(string grants, bool tasks, bool storages, bool guests, string missing)
    {
        var privileges = TokenPrivileges.Of(Parse(grants), "pve1");

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
        Assert.Equal(expected, TokenPrivileges.Of(Parse(grants), "pve1").Blindness(Archives.Excluding(rule)));
        Assert.Equal(expected, TokenPrivileges.Of(Parse(grants), "pve1").Blindness(Archives.Including(rule)));
    }

    [Fact]
    public void The_remedy_is_for_user_and_token()
    {
        var remedy = TokenPrivileges.Remedy("perb@pve!node");

        Assert.Contains("--users perb@pve ", remedy, StringComparison.Ordinal);
        Assert.Contains("--tokens 'perb@pve!node'", remedy, StringComparison.Ordinal);
    }

    private static Permissions Parse(string grants) => new(grants
        .Split(';', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(' '))
        .ToDictionary(
            words => words[0],
            IReadOnlyDictionary<string, bool> (words) => words[1..].ToDictionary(word => word, _ => true)));
}
