using System.Text;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Simulation.Guests;

namespace Perb.IntegrationTests.Cli;

/// <summary>What leaves the program: nothing that harms a terminal, no secret, and to the provider not a word.</summary>
[Trait("Suite", "long")]
public sealed class DisclosureTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task Hostile_guest_names_are_harmless_on_the_screen()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.Node.AddGuest(new Guest(101, GuestType.Lxc, "a\e[2J\e]0;owned\a\r\nb", perb.FolderOf("empty")));
        perb.Node.AddGuest(new Guest(102, GuestType.Lxc, "invoice\u202Egnp.exe\u009B31m[red]x[/]", perb.FolderOf("empty")));
        perb.Node.AddGuest(new Guest(103, GuestType.Lxc, new string('x', 5000), perb.FolderOf("empty")));
        (await perb.RunAsync("once")).Ok();

        var screen = (await perb.RunAsync("status")).Ok().Output;

        Assert.DoesNotContain(screen, character => char.IsControl(character) && character != '\n');
        Assert.DoesNotContain('\u202E', screen);
        Assert.Contains("[red]", screen, StringComparison.Ordinal);
        Assert.All(screen.Split('\n'), line => Assert.True(line.Length <= 400, "a line is too long"));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "MinimumLevel": { "Default": "Verbose" } }""")]
    public async Task No_secret_is_in_any_output_log_or_state_file(string serilog)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddArchive(101, TimeSpan.FromHours(1));
        var configuration = File.ReadAllText(perb.Configuration);
        perb.WriteConfiguration(configuration[..^1] + $$""", "Serilog": {{serilog}} }""");
        var said = new StringBuilder();
        foreach (var command in (string[])["once", "status", "list"])
        {
            var ended = await perb.RunAsync(command);
            Assert.True(ended.ExitCode == 0, ended.Errors);
            said.Append(ended.Output).Append(ended.Errors);
        }

        perb.Node.Access.RemoveToken(PerbInstallation.TokenId);
        var refused = await perb.RunAsync("once");
        said.Append(refused.Output).Append(refused.Errors);
        foreach (var file in Directory.EnumerateFiles(perb.State, "*", SearchOption.AllDirectories))
        {
            said.Append(Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)));
        }

        Assert.Contains("Published 101-", said.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(perb.Secret, said.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("PVEAPIToken", said.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_provider_learns_no_name_of_guest_node_storage_or_file()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, "secret-project");
        await perb.BackUpAsync(TestContext.Current.CancellationToken, 101);
        (await perb.RunAsync("once")).Ok();

        foreach (var name in perb.Objects())
        {
            var known = name + Encoding.Latin1.GetString(await File.ReadAllBytesAsync(perb.PathOf("remote", name), TestContext.Current.CancellationToken));
            Assert.All(["secret-project", "pve1", "vzdump", ".zst", "lxc", "local"], word => Assert.DoesNotContain(word, known, StringComparison.Ordinal));
        }
    }
}
