using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Simulation.Http;

namespace Perb.IntegrationTests.MainJob;

/// <summary>A line about each copy in the archive's notes, written through a node that checks privileges.</summary>
[Trait("Suite", "long")]
public sealed class NotesTests(SharedKey key) : IClassFixture<SharedKey>
{
    private static readonly string[] SecondTier = [.. PerbInstallation.AllPrivileges, "Datastore.AllocateSpace", "VM.Backup"];

    [Fact]
    public async Task Each_copy_gets_a_line_and_a_second_remote_is_no_new_archive()
    {
        await using var perb = await StartAsync(SecondTier);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));

        Assert.Equal(0, (await perb.RunAsync("once")).ExitCode);
        var first = NotesOf(perb, name);
        Assert.Matches(@"\Aa note\noffsite: offsite verified \d{4}-\d\d-\d\d \d\d:\d\d \(hash\)\z", first);
        Assert.Equal(0, (await perb.RunAsync("once")).ExitCode);
        Assert.Equal(first, NotesOf(perb, name));

        perb.FolderOf("second");
        perb.Configure(
            ("Proxmox:WriteNotes", true),
            ("Remotes", new System.Text.Json.Nodes.JsonArray(Remote("offsite", perb.RemoteFolder), Remote("second", perb.PathOf("second")))));
        Assert.Equal(0, (await perb.RunAsync("once")).ExitCode);

        Assert.Matches(@"\Aa note\noffsite: offsite verified .*\noffsite: second verified .* \(hash\)\z", NotesOf(perb, name));
        var backups = await perb.ListAsync();
        Assert.All(backups, backup => Assert.Equal(("published", null), ((string?)backup!["state"], (string?)backup["failure"])));
        Assert.Equal(2, backups.Count);
        perb.AssertWhole(name, volumes: 1);
    }

    [Fact]
    public async Task Without_the_privileges_everything_is_shipped_and_status_shows_the_lines_that_give_them()
    {
        await using var perb = await StartAsync(PerbInstallation.AllPrivileges);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));

        Assert.Equal(0, (await perb.RunAsync("once")).ExitCode);

        Assert.Equal("a note", NotesOf(perb, name));
        var trouble = Assert.Single((await perb.StatusAsync())["troubles"]!.AsArray())!.ToJsonString();
        Assert.Contains("pveum acl modify /storage --users perb@pve --roles PerbNotes", trouble, StringComparison.Ordinal);
        Assert.Contains("VM.Backup on /vms", trouble, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_does_not_take_notes_fails_nothing()
    {
        await using var perb = await StartAsync(SecondTier);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        perb.Node.Faults.Add(new Fault(FaultKind.Close) { Path = "/content/", Times = 99 });

        Assert.Equal(0, (await perb.RunAsync("once")).ExitCode);

        Assert.Contains($"{name}.sums", perb.Objects());
        Assert.Contains("do not name its copy", Assert.Single((await perb.StatusAsync())["troubles"]!.AsArray())!.ToJsonString(), StringComparison.Ordinal);
        perb.Node.Faults.Clear();
        Assert.Equal(0, (await perb.RunAsync("once")).ExitCode);
        Assert.Contains("offsite: offsite verified", NotesOf(perb, name), StringComparison.Ordinal);
        Assert.Empty((await perb.StatusAsync())["troubles"]!.AsArray());
    }

    [Fact]
    public async Task The_service_notes_a_backup_that_vzdump_made_while_it_ran()
    {
        await using var perb = await StartAsync(SecondTier);
        perb.AddContainer(101, "web");
        await using var service = perb.Run();
        await service.SaysAsync("Remote offsite is ready");

        await perb.BackUpAsync(TestContext.Current.CancellationToken, 101);
        await service.SaysAsync("Noted on vzdump-lxc-101-");

        var notes = File.ReadAllText(Assert.Single(Directory.EnumerateFiles(perb.DumpFolder, "*.notes")));
        Assert.Matches(@"\Aweb\noffsite: offsite verified ", notes);
        Assert.Equal(0, await service.TerminateAsync());
    }

    private async Task<PerbInstallation> StartAsync(string[] privileges)
    {
        var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.WriteSecret("token", perb.Node.CreateToken(PerbInstallation.TokenId, privileges));
        perb.Configure(("Proxmox:WriteNotes", true));
        return perb;
    }

    private static System.Text.Json.Nodes.JsonObject Remote(string name, string folder) => new() { ["Name"] = name, ["Path"] = $"offsite:{folder}" };

    private static string NotesOf(PerbInstallation perb, string name) =>
        File.ReadAllText(Path.Combine(perb.DumpFolder, $"vzdump-lxc-{name}.tar.zst.notes"));
}
