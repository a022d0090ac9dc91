using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Signing;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Retention;

/// <summary><c>perb rebuild</c>: the store is lost, the remotes are there.</summary>
[Trait("Suite", "long")]
public sealed class RebuildTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task A_lost_store_is_made_anew_and_counts_when_it_is_verified()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (gone, here) = await ShippedAsync(perb);
        Directory.EnumerateFiles(perb.State, "perb.db*").ToList().ForEach(File.Delete);

        var rebuild = await perb.RunAsync("rebuild");
        var rebuilt = await perb.ListAsync();
        var before = await perb.StatusAsync();
        var verify = await perb.RunAsync("verify");
        var once = await perb.RunAsync("once");
        var after = await perb.ListAsync();

        Assert.Contains("offsite: 2 backup(s) added, 0 known, 1 foreign file(s)", rebuild.Ok().Output, StringComparison.Ordinal);
        Assert.Contains("106-2020_01_02-22_10_33: left out: no manifest", rebuild.Output, StringComparison.Ordinal);
        Assert.All(rebuilt, one => Assert.Equal(("published", null, null), ((string?)one!["state"], (string?)one["verifiedHow"], (string?)one["archive"])));
        Assert.All(before["guests"]!.AsArray(), guest => Assert.Null(guest!["newestVerified"]));
        Assert.Contains("2 backup(s), 4 volume(s) proven, 0 broken", verify.Ok().Output, StringComparison.Ordinal);
        Assert.True(once.ExitCode == 0, once.Errors);
        Assert.All(after, one => Assert.Equal(("published", "hash"), ((string?)one!["state"], (string?)one["verifiedHow"])));
        Assert.Equal($"vzdump-lxc-{here}.tar.zst", (string?)after.Single(one => (string)one!["remoteName"]! == here)!["archive"]); // recognised, not shipped again
        Assert.Null(after.Single(one => (string)one!["remoteName"]! == gone)!["archive"]);
    }

    [Fact]
    public async Task A_store_that_is_there_is_compared_and_left_as_it_is()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (gone, here) = await ShippedAsync(perb);
        File.Delete(perb.PathOf("remote", $"{here}.001-of-003.enc"));
        Array.ForEach(Directory.GetFiles(perb.RemoteFolder, $"{gone}.*"), File.Delete);

        var rebuild = await perb.RunAsync("rebuild", "--json");

        var found = Assert.Single(JsonNode.Parse(rebuild.Ok().Output)!.AsArray())!;
        Assert.Equal((0, 0), ((int)found["added"]!, (int)found["known"]!));
        var differences = found["differences"]!.AsArray().Select(line => (string)line!).ToList();
        Assert.Contains(differences, line => line.Contains($"{here}.001-of-003.enc is missing", StringComparison.Ordinal));
        Assert.Contains(differences, line => line.StartsWith($"{gone}: published by the record", StringComparison.Ordinal));
        Assert.All(await perb.ListAsync(), one => Assert.Equal("published", (string?)one!["state"]));
    }

    [Fact]
    public async Task The_path_of_another_installation_is_taken_over_only_on_purpose()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await ShippedAsync(perb);
        Directory.Delete(perb.State, recursive: true); // a new installation, with a new id

        var refused = await perb.RunAsync("rebuild");
        var adopted = await perb.RunAsync("rebuild", "--adopt");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("belongs to another installation", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("2 backup(s) added", adopted.Ok().Output, StringComparison.Ordinal);
        Assert.Equal(0, (await perb.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task With_signers_only_what_one_of_them_signed_is_taken_up()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.Configure(("Encryption:SigningKey", key.Gpg.ExportSecret(key.Fingerprint + "!")));
        var (gone, here) = await ShippedAsync(perb);
        Directory.EnumerateFiles(perb.State, "perb.db*").ToList().ForEach(File.Delete);
        File.Delete(perb.PathOf("remote", $"{gone}.sums.sig"));

        var rebuild = await perb.RunAsync("rebuild");
        var verify = await perb.RunAsync("verify");

        Assert.Contains("offsite: 1 backup(s) added", rebuild.Ok().Output, StringComparison.Ordinal);
        Assert.Contains($"{gone}: left out: {gone}.sums is not signed", rebuild.Output, StringComparison.Ordinal);
        verify.Ok();
        File.Delete(perb.PathOf("remote", $"{here}.sums.sig"));
        Assert.Contains("is not signed", (await perb.RunAsync("verify")).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_lost_by_the_record_and_whole_on_the_remote_is_said_and_verification_takes_it_up()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var (gone, _) = await ShippedAsync(perb);
        new FileInfo(perb.PathOf("remote", $"{gone}.enc")).MoveTo(perb.PathOf("aside"));
        Assert.Equal(1, (await perb.RunAsync("verify")).ExitCode);
        new FileInfo(perb.PathOf("aside")).MoveTo(perb.PathOf("remote", $"{gone}.enc"));

        var rebuild = await perb.RunAsync("rebuild");
        (await perb.RunAsync("verify")).Ok();

        Assert.Contains($"{gone}: on the remote it is published, by the record it is lost", rebuild.Ok().Output, StringComparison.Ordinal);
        Assert.All(await perb.ListAsync(), one => Assert.Equal("published", (string?)one!["state"]));
    }

    [Fact]
    public async Task It_leaves_a_running_service_alone()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await using var service = perb.Run();
        await service.SaysAsync("Remote offsite is ready");

        Assert.Equal(75, (await perb.RunAsync("rebuild")).ExitCode);
    }

    // One archive is gone since, one of three volumes is still on the node; and a file of PERB's lies beside them.
    private static async Task<(string Gone, string Here)> ShippedAsync(PerbInstallation perb)
    {
        var gone = perb.AddArchive(102, TimeSpan.FromHours(2));
        var here = perb.AddArchive(101, TimeSpan.FromHours(1), 9 << 20);
        (await perb.RunAsync("once")).Ok();
        Array.ForEach(Directory.GetFiles(perb.DumpFolder, "vzdump-lxc-102-*"), File.Delete);
        File.WriteAllText(perb.PathOf("remote", "106-2020_01_02-22_10_33.enc"), "old");
        File.WriteAllText(perb.PathOf("remote", "holiday.jpg"), "foreign");
        return (gone, here);
    }
}
