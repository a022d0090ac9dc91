using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Retention;

/// <summary><c>perb verify</c> against a real remote that rots: what is wrong is seen, and made good where the archive is still there.</summary>
[Trait("Suite", "long")]
public sealed class VerifyTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task What_is_whole_is_proven_again_by_hash_and_by_content()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await ShippedAsync(perb);

        var byHash = await perb.RunAsync("verify");
        var byContent = await perb.RunAsync("verify", "--download", "--json");

        Assert.Contains("1 backup(s), 3 volume(s) proven, 0 broken", byHash.Ok().Output, StringComparison.Ordinal);
        var found = Assert.Single(JsonNode.Parse(byContent.Ok().Output)!.AsArray())!;
        Assert.Equal(("ok", 3), ((string)found["result"]!, (int)found["checked"]!));
        Assert.Equal("download", (string?)Assert.Single(await perb.ListAsync())!["verifiedHow"]);
    }

    [Theory]
    [InlineData("flipped", ".002-of-003.enc")]
    [InlineData("truncated", ".002-of-003.enc")]
    [InlineData("deleted", ".001-of-003.enc")]
    [InlineData("deleted", ".sums")]
    [InlineData("truncated", ".sums")]
    public async Task What_is_broken_is_shipped_again_from_its_archive(string harm, string suffix)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = await ShippedAsync(perb);
        Harm(perb, name + suffix, harm);

        var verify = await perb.RunAsync("verify");
        var state = (string?)Assert.Single(await perb.ListAsync())!["state"];
        var once = await perb.RunAsync("once");

        Assert.Equal((1, "damaged"), (verify.ExitCode, state));
        Assert.Contains($"{name} on offsite is damaged", verify.Errors, StringComparison.Ordinal);
        Assert.True(once.ExitCode == 0, once.Errors);
        perb.AssertWhole(name);
        (await perb.RunAsync("verify")).Ok();
    }

    [Fact]
    public async Task Without_its_archive_a_broken_copy_is_lost_until_the_archive_is_back()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = await ShippedAsync(perb);
        var archive = Directory.EnumerateFiles(perb.DumpFolder, "*.tar.zst").Single();
        new FileInfo(archive).MoveTo(perb.PathOf("aside"));
        Harm(perb, name + ".003-of-003.enc", "deleted");

        Assert.Equal(1, (await perb.RunAsync("verify")).ExitCode);
        Assert.Equal("lost", (string?)Assert.Single(await perb.ListAsync())!["state"]);
        var status = await perb.StatusAsync();
        Assert.Null(status["guests"]![0]!["newestVerified"]);
        Assert.Contains("is not there", (string?)status["failures"]![0]!["failure"], StringComparison.Ordinal);

        new FileInfo(perb.PathOf("aside")).MoveTo(archive);
        Assert.Equal(1, (await perb.RunAsync("verify")).ExitCode);
        Assert.Equal(0, (await perb.RunAsync("once")).ExitCode);
        perb.AssertWhole(name);
    }

    [Fact]
    public async Task A_manifest_is_made_again_without_the_archive()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = await ShippedAsync(perb);
        foreach (var file in Directory.EnumerateFiles(perb.DumpFolder))
        {
            File.Delete(file);
        }

        Harm(perb, name + ".sums", "deleted");
        Assert.Equal(1, (await perb.RunAsync("verify")).ExitCode);

        Assert.Equal(0, (await perb.RunAsync("once")).ExitCode);
        perb.AssertWhole(name);
    }

    [Fact]
    public async Task A_remote_that_is_not_mounted_breaks_no_copy()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await ShippedAsync(perb);
        Directory.Delete(perb.RemoteFolder, recursive: true);
        Directory.CreateDirectory(perb.RemoteFolder);

        var verify = await perb.RunAsync("verify");

        Assert.Equal(1, verify.ExitCode);
        Assert.Contains("is the remote mounted", verify.Errors, StringComparison.Ordinal);
        Assert.Equal("published", (string?)Assert.Single(await perb.ListAsync())!["state"]);
    }

    private static async Task<string> ShippedAsync(PerbInstallation perb)
    {
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 9 << 20);
        (await perb.RunAsync("once")).Ok();
        return name;
    }

    private static void Harm(PerbInstallation perb, string name, string harm)
    {
        var path = Path.Combine(perb.RemoteFolder, name);
        switch (harm)
        {
            case "deleted":
                File.Delete(path);
                break;
            case "truncated":
                using (var file = File.OpenWrite(path))
                {
                    file.SetLength(file.Length - 1);
                }

                break;
            default:
                var bytes = File.ReadAllBytes(path);
                bytes[bytes.Length / 2] ^= 1;
                File.WriteAllBytes(path, bytes);
                break;
        }
    }
}
