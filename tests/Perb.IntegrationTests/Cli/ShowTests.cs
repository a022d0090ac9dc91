using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Cli;

/// <summary><c>perb show ID</c>: all that is recorded of one backup.</summary>
public sealed class ShowTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task A_published_backup_is_shown_with_its_volumes_and_its_history()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 9 << 20);
        (await perb.RunAsync("once")).Ok();
        var listed = Assert.Single(await perb.ListAsync())!.AsObject();

        var json = await perb.RunAsync("show", "1", "--json");
        var text = (await perb.RunAsync("show", "1")).Ok().Output;

        Assert.Empty(json.Errors);
        var shown = JsonNode.Parse(json.Ok().Output)!.AsObject();
        Assert.Equal([.. listed.Select(field => field.Key), "volumes", "events"], shown.Select(field => field.Key));
        Assert.All(listed, field => Assert.Equal(field.Value?.ToJsonString(), shown[field.Key]?.ToJsonString()));
        var volumes = shown["volumes"]!.AsArray();
        Assert.Equal(PerbInstallation.ObjectsOf(name).SkipLast(1), volumes.Select(volume => (string)volume!["name"]!));
        Assert.All(volumes, volume => Assert.Equal(
            ["number", "name", "sizeBytes", "sha256", "sealedAt", "uploadedAt", "verifiedAt", "verifiedHow"],
            volume!.AsObject().Select(field => field.Key)));
        Assert.All(volumes, volume => Assert.Equal(
            new FileInfo(perb.PathOf("remote", (string)volume!["name"]!)).Length, (long)volume["sizeBytes"]!));
        Assert.All(volumes, volume => Assert.Equal("hash", (string)volume!["verifiedHow"]!));
        var events = shown["events"]!.AsArray();
        Assert.All(events, one => Assert.Equal(["at", "kind", "text"], one!.AsObject().Select(field => field.Key)));
        Assert.Equal("published", (string)events[^1]!["kind"]!);
        Assert.Equal(3, events.Count(one => (string)one!["kind"]! == "sealed"));

        Assert.Contains($"1, {name} to offsite", text, StringComparison.Ordinal);
        Assert.Contains("published, verified by hash", text, StringComparison.Ordinal);
        Assert.All(volumes, volume => Assert.Contains((string)volume!["name"]!, text, StringComparison.Ordinal));
        Assert.Contains("sealed: ", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_backup_waits_for_is_shown()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddArchive(101, TimeSpan.FromHours(1));
        perb.ConfigureFaulty().Refuses("copyto*.enc");
        Assert.Equal(75, (await perb.RunAsync("once")).ExitCode);

        var text = (await perb.RunAsync("show", "1")).Ok().Output;

        Assert.Contains("503 Service Unavailable", text, StringComparison.Ordinal);
        Assert.Contains("Next attempt: ", text, StringComparison.Ordinal);
        Assert.Contains("never", text, StringComparison.Ordinal); // the volume that was sealed and not verified
        Assert.Contains("attempt failed: ", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("9223372036854775807")]
    public async Task An_unknown_id_is_told(string id)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        (await perb.RunAsync("once")).Ok();

        var ended = await perb.RunAsync("show", "--", id);

        Assert.Equal(2, ended.ExitCode);
        OneLine.In(ended, $"no backup {id}", "perb list");
    }

    [Theory]
    [InlineData("web")]
    [InlineData("-1")]
    [InlineData("")]
    [InlineData("99999999999999999999")]
    public async Task What_is_no_id_is_a_wrong_call(string id)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);

        var ended = await perb.RunAsync("show", "--", id);

        Assert.Equal(2, ended.ExitCode);
        OneLine.NoTrace(ended);
    }
}
