using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Signing;
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

    [Fact]
    public async Task A_copy_that_lacks_only_its_manifest_is_never_lost()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = await ShippedAsync(perb);
        Array.ForEach(Directory.GetFiles(perb.DumpFolder), File.Delete);
        Harm(perb, name + ".sums", "deleted");

        foreach (var _ in Enumerable.Range(0, 2))
        {
            Assert.Equal(1, (await perb.RunAsync("verify")).ExitCode);
            Assert.Equal("damaged", (string?)Assert.Single(await perb.ListAsync())!["state"]);
        }

        (await perb.RunAsync("once")).Ok();
        perb.AssertWhole(name);
    }

    [Theory]
    [InlineData("the manifest", "is not the one on record")]
    [InlineData("the signature", "is not signed")]
    [InlineData("the signer", "which is not trusted")]
    public async Task A_manifest_or_signature_that_is_not_ours_is_seen_and_published_anew(string harm, string says)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.Configure(("Encryption:SigningKey", key.Gpg.ExportSecret(key.Fingerprint + "!")));
        var name = await ShippedAsync(perb);
        var manifest = perb.PathOf("remote", name + ".sums");
        switch (harm)
        {
            case "the manifest":
                var text = File.ReadAllText(manifest).Replace("volume-size 4194304", "volume-size 4194305", StringComparison.Ordinal);
                File.WriteAllText(manifest, text);
                File.WriteAllBytes(manifest + ".sig", key.Gpg.Sign(key.Fingerprint, File.ReadAllBytes(manifest)));
                break;
            case "the signature":
                File.Delete(manifest + ".sig");
                break;
            default:
                File.WriteAllBytes(manifest + ".sig", key.Gpg.Sign(key.Gpg.Generate("Forger", "ed25519", "cert,sign"), File.ReadAllBytes(manifest)));
                break;
        }

        var verify = await perb.RunAsync("verify");
        (await perb.RunAsync("once")).Ok();

        Assert.Equal(1, verify.ExitCode);
        Assert.Contains(says, verify.Errors, StringComparison.Ordinal);
        key.Gpg.Bash($"gpg --verify {name}.sums.sig {name}.sums && cksum -c {name}.sums", perb.RemoteFolder).Ok();
        (await perb.RunAsync("verify")).Ok();
    }

    [Fact]
    public async Task A_remote_that_is_unmounted_in_the_middle_of_a_check_breaks_no_copy()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = await ShippedAsync(perb);
        var faulty = perb.ConfigureFaulty();
        faulty.Holds($"lsjson*--stat*{name}.002-of-003.enc", until: perb.PathOf("unmounted"));
        var verify = perb.RunAsync("verify");
        await Eventually.HoldsAsync("rclone is held", () => faulty.HasStruck);
        Directory.Move(perb.RemoteFolder, perb.PathOf("away"));
        Directory.CreateDirectory(perb.RemoteFolder);
        File.WriteAllText(perb.PathOf("unmounted"), "");

        var ended = await verify;
        Directory.Delete(perb.RemoteFolder);
        Directory.Move(perb.PathOf("away"), perb.RemoteFolder);

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("mounted", ended.Errors, StringComparison.Ordinal);
        Assert.Equal("published", (string?)Assert.Single(await perb.ListAsync())!["state"]);
        (await perb.RunAsync("verify")).Ok();
    }

    [Fact]
    public async Task What_was_lost_and_is_there_again_is_a_copy_again()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = await ShippedAsync(perb);
        Array.ForEach(Directory.GetFiles(perb.DumpFolder), File.Delete);
        var volume = perb.PathOf("remote", name + ".002-of-003.enc");
        new FileInfo(volume).MoveTo(perb.PathOf("aside"));
        Assert.Equal(1, (await perb.RunAsync("verify")).ExitCode);
        Assert.Equal("lost", (string?)Assert.Single(await perb.ListAsync())!["state"]);
        new FileInfo(perb.PathOf("aside")).MoveTo(volume);

        (await perb.RunAsync("verify")).Ok();

        Assert.Equal(("published", "hash"), StateOf(Assert.Single(await perb.ListAsync())!));
    }

    [Fact]
    public async Task A_copy_that_was_taken_over_and_is_whole_after_all_is_not_made_anew()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = await ShippedAsync(perb);
        Directory.EnumerateFiles(perb.State, "perb.db*").ToList().ForEach(File.Delete);
        (await perb.RunAsync("once")).Ok(); // takes it over; there is no plan of it any more
        var faulty = perb.ConfigureFaulty();
        var volume = perb.PathOf("remote", name + ".002-of-003.enc");
        new FileInfo(volume).MoveTo(perb.PathOf("aside"));
        Assert.Equal(1, (await perb.RunAsync("verify")).ExitCode);
        Assert.Equal("damaged", (string?)Assert.Single(await perb.ListAsync())!["state"]);
        new FileInfo(perb.PathOf("aside")).MoveTo(volume);

        (await perb.RunAsync("once")).Ok();

        perb.AssertWhole(name);
        Assert.Equal(0, faulty.Copies($"{name}.001-of-003.enc"));
        Assert.Equal("published", (string?)Assert.Single(await perb.ListAsync())!["state"]);
    }

    [Fact]
    public async Task One_object_that_cannot_be_looked_at_does_not_keep_the_others_from_it()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var other = perb.AddArchive(102, TimeSpan.FromHours(2));
        var name = await ShippedAsync(perb);
        perb.ConfigureFaulty().Answers($"lsjson*--stat*{name}.002-of-003.enc", 1, """{"level":"error","msg":"something odd"}""");

        var verify = await perb.RunAsync("verify", "--json");

        Assert.Equal(1, verify.ExitCode);
        Assert.Contains("something odd", verify.Errors, StringComparison.Ordinal);
        var found = JsonNode.Parse(verify.Output)!.AsArray().ToDictionary(one => (string)one!["remoteName"]!, one => (string)one!["result"]!);
        Assert.Equal(("unchecked", "ok"), (found[name], found[other]));
        Assert.All(await perb.ListAsync(), one => Assert.Equal("published", (string?)one!["state"]));
    }

    [Fact]
    public async Task Only_the_guest_and_the_remote_that_are_named_are_checked()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.FolderOf("second");
        perb.Configure(("Remotes", new JsonArray(
            new JsonObject { ["Name"] = "offsite", ["Path"] = $"offsite:{perb.RemoteFolder}" },
            new JsonObject { ["Name"] = "second", ["Path"] = $"offsite:{perb.PathOf("second")}" })));
        perb.AddArchive(102, TimeSpan.FromHours(2));
        await ShippedAsync(perb);

        var one = await perb.RunAsync("verify", "--guest", "102", "--remote", "second", "--json");
        var unknown = await perb.RunAsync("verify", "--remote", "third");

        var found = Assert.Single(JsonNode.Parse(one.Ok().Output)!.AsArray())!;
        Assert.Equal(("second", 102), ((string)found["remote"]!, (int)found["guest"]!));
        Assert.Equal(2, unknown.ExitCode);
    }

    [Fact]
    public async Task Most_of_a_remote_is_not_called_broken_without_a_person()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        Enumerable.Range(101, 21).ToList().ForEach(guest => perb.AddArchive(guest, TimeSpan.FromHours(1), 1000));
        (await perb.RunAsync("once")).Ok();
        Directory.GetFiles(perb.RemoteFolder, "*.enc").Take(11).ToList().ForEach(File.Delete);

        var refused = await perb.RunAsync("verify");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("11 of 21 copies are not whole", refused.Errors, StringComparison.Ordinal);
        Assert.All(await perb.ListAsync(), one => Assert.Equal("published", (string?)one!["state"]));
        Assert.Equal(1, (await perb.RunAsync("verify", "--yes")).ExitCode);
        Assert.Equal(11, (await perb.ListAsync()).Count(one => (string?)one!["state"] == "damaged"));
    }

    private static (string?, string?) StateOf(JsonNode backup) => ((string?)backup["state"], (string?)backup["verifiedHow"]);

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
