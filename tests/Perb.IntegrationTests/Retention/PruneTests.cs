using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Signing;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Retention;

/// <summary><c>perb prune</c> against a real remote: only what it put there itself goes, in an order that leaves no half backup.</summary>
[Trait("Suite", "long")]
public sealed class PruneTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task The_plan_is_shown_and_then_carried_out_and_nothing_else_is_touched()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var names = await ShippedAsync(perb, 4);
        string[] foreign = ["106-2020_01_02-22_10_33.enc", "106-2020_01_02-22_10_33.vma.enc", "101-2020_01_02-22_10_33.sums", "holiday.jpg"];
        Array.ForEach(foreign, name => File.WriteAllText(Path.Combine(perb.RemoteFolder, name), "not ours"));
        var before = perb.Objects();

        var dry = await perb.RunAsync("prune", "--dry-run", "--json");
        Assert.Equal(before, perb.Objects());
        var run = await perb.RunAsync("prune");

        var decisions = JsonNode.Parse(dry.Ok().Output)!.AsArray();
        Assert.Equal(names, decisions.Select(one => (string)one!["remoteName"]!));
        Assert.Equal(["remove", "remove", "keep", "keep"], decisions.Select(one => (string)one!["action"]!));
        Assert.All(decisions, one => Assert.NotEmpty(one!["reasons"]!.AsArray()));
        Assert.Contains("2 to remove, 2 to keep", run.Ok().Output, StringComparison.Ordinal);
        Assert.Equal(
            foreign.Append("perb.json").Concat(names[2..].SelectMany(name => PerbInstallation.ObjectsOf(name, 1))).Order(StringComparer.Ordinal), perb.Objects());
        Assert.Equal(["pruned", "pruned", "published", "published"], (await perb.ListAsync()).Select(one => (string)one!["state"]!));

        (await perb.RunAsync("once")).Ok();
        Assert.Equal(2, (await perb.ListAsync()).Count(one => (string)one!["state"]! == "pruned")); // the archives still lie there; they are not shipped again
    }

    [Fact]
    public async Task A_prune_that_is_killed_is_carried_to_its_end_and_its_backup_is_no_copy_meanwhile()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var names = await ShippedAsync(perb, 3);
        var faulty = perb.ConfigureFaulty(Retention);
        faulty.Kills("deletefile*.enc");
        Assert.Equal(137, (await perb.RunAsync("prune")).ExitCode);
        Assert.DoesNotContain($"{names[0]}.sums", perb.Objects()); // the manifest went first
        Assert.Contains($"{names[0]}.enc", perb.Objects());

        (await perb.RunAsync("prune")).Ok();

        Assert.Equal(names[1..].SelectMany(name => PerbInstallation.ObjectsOf(name, 1)).Append("perb.json").Order(StringComparer.Ordinal), perb.Objects());
    }

    [Fact]
    public async Task A_path_of_another_installation_or_of_nobody_is_not_pruned()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await ShippedAsync(perb, 3);
        var owner = Path.Combine(perb.RemoteFolder, "perb.json");
        File.WriteAllText(owner, """{"format":1,"installation":"somebody else"}""");
        var objects = perb.Objects();

        var (foreign, foreignDry) = (await perb.RunAsync("prune"), await perb.RunAsync("prune", "--dry-run"));
        File.Delete(owner);
        var ownerless = await perb.RunAsync("prune");

        Assert.Equal((1, 1, 1), (foreign.ExitCode, foreignDry.ExitCode, ownerless.ExitCode));
        Assert.All([foreign, foreignDry], ended => Assert.Contains("belongs to another installation", ended.Errors, StringComparison.Ordinal));
        Assert.Contains("is the remote mounted", ownerless.Errors, StringComparison.Ordinal);
        Assert.Equal(objects.Except(["perb.json"]), perb.Objects());
    }

    [Fact]
    public async Task A_copy_that_is_not_whole_on_the_remote_stops_the_removal_of_the_others()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var names = await ShippedAsync(perb, 3);
        File.Delete(Path.Combine(perb.RemoteFolder, $"{names[2]}.enc"));
        var objects = perb.Objects();

        Assert.Contains("not whole", (await perb.RunAsync("prune")).Ok().Output, StringComparison.Ordinal);

        Assert.Equal(objects, perb.Objects());
    }

    [Fact]
    public async Task The_service_prunes_retires_and_forgets_when_it_is_asked_to()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var names = await ShippedAsync(perb, 3);
        await using var service = perb.Run();
        await service.SaysAsync("Remote offsite is ready");

        (await perb.RunAsync("retire", "101")).Ok();
        Assert.Contains("retired", (await perb.RunAsync("prune")).Ok().Output, StringComparison.Ordinal);
        Assert.Equal(7, perb.Objects().Count);
        (await perb.RunAsync("retire", "101", "--undo")).Ok();
        Assert.Contains("1 to remove, 2 to keep", (await perb.RunAsync("prune")).Ok().Output, StringComparison.Ordinal);
        Assert.Equal(2, (await perb.RunAsync("forget", "101")).ExitCode);
        (await perb.RunAsync("forget", "101", "--yes")).Ok();

        Assert.Equal(["perb.json"], perb.Objects());
        Assert.All(await perb.ListAsync(), one => Assert.Equal("pruned", (string?)one!["state"]));
        Assert.Equal(3, names.Count);
    }

    [Fact]
    public async Task A_removal_that_did_not_reach_the_manifest_is_given_up_and_judged_again()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await ShippedAsync(perb, 3);
        perb.ConfigureFaulty(Retention).Kills("deletefile*.sums");
        Assert.Equal(137, (await perb.RunAsync("prune")).ExitCode);
        var objects = perb.Objects();
        perb.Configure(Retention);
        Assert.Contains("1 removal(s) were begun", (await perb.RunAsync("prune", "--dry-run")).Ok().Errors, StringComparison.Ordinal);
        (await perb.RunAsync("retire", "101")).Ok();

        var retired = await perb.RunAsync("prune");

        Assert.Contains("0 to remove, 3 to keep", retired.Ok().Output, StringComparison.Ordinal);
        Assert.Equal(objects, perb.Objects());
        Assert.All(await perb.ListAsync(), one => Assert.Equal("published", (string?)one!["state"]));

        (await perb.RunAsync("retire", "101", "--undo")).Ok();
        Assert.Contains("1 to remove, 2 to keep", (await perb.RunAsync("prune")).Ok().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prune_that_is_killed_between_manifest_and_signature_takes_the_signature_along_the_next_time()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var names = await ShippedAsync(perb, 3, Signing);
        perb.ConfigureFaulty(Retention, Signing).Kills("deletefile*.sums.sig");
        Assert.Equal(137, (await perb.RunAsync("prune")).ExitCode);
        Assert.Contains($"{names[0]}.sums.sig", perb.Objects());

        (await perb.RunAsync("prune")).Ok();

        Assert.DoesNotContain(perb.Objects(), name => name.StartsWith(names[0], StringComparison.Ordinal));
        Assert.Equal(7, perb.Objects().Count);
    }

    /// <summary>What Google Drive says to a login that may not delete; rclone's code for it says nothing.</summary>
    [Fact]
    public async Task A_remote_that_lets_nothing_be_deleted_keeps_its_copies_and_is_one_trouble()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await ShippedAsync(perb, 7);
        var objects = perb.Objects();
        var faulty = perb.ConfigureFaulty(Retention);
        faulty.Answers("deletefile*", 1, """{"level":"error","msg":"googleapi: Error 403: The user does not have sufficient permissions, insufficientFilePermissions"}""");

        var first = await perb.RunAsync("prune");
        var second = await perb.RunAsync("prune");

        Assert.Equal((1, 1), (first.ExitCode, second.ExitCode));
        Assert.Contains("insufficientFilePermissions", first.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Trouble with prune", second.Errors, StringComparison.Ordinal); // said once
        Assert.Equal(objects, perb.Objects());
        Assert.All(await perb.ListAsync(), one => Assert.Equal("published", (string?)one!["state"]));
        perb.AddArchive(101, TimeSpan.FromMinutes(1));
        (await perb.RunAsync("once")).Ok(); // and shipping goes on

        faulty.Mend();
        Assert.Contains("6 to remove, 2 to keep", (await perb.RunAsync("prune")).Ok().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_object_that_cannot_be_deleted_does_not_keep_the_others()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var names = await ShippedAsync(perb, 4);
        var faulty = perb.ConfigureFaulty(Retention);
        faulty.Answers($"deletefile*{names[0]}.enc", 1, """{"level":"error","msg":"something odd"}""");

        var prune = await perb.RunAsync("prune");

        Assert.Equal(1, prune.ExitCode);
        Assert.Contains("something odd", prune.Errors, StringComparison.Ordinal);
        Assert.Equal(
            names[2..].SelectMany(name => PerbInstallation.ObjectsOf(name, 1)).Append($"{names[0]}.enc").Append("perb.json").Order(StringComparer.Ordinal),
            perb.Objects());

        faulty.Mend();
        (await perb.RunAsync("prune")).Ok();
        Assert.DoesNotContain($"{names[0]}.enc", perb.Objects());
    }

    [Fact]
    public async Task A_remote_that_is_unmounted_in_the_middle_of_a_removal_is_not_believed_to_be_clean()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var names = await ShippedAsync(perb, 3);
        var faulty = perb.ConfigureFaulty(Retention);
        faulty.Holds($"deletefile*{names[0]}.enc", until: perb.PathOf("unmounted"));
        var prune = perb.RunAsync("prune");
        await Eventually.HoldsAsync("rclone is held", () => faulty.HasStruck);
        Directory.Move(perb.RemoteFolder, perb.PathOf("away"));
        Directory.CreateDirectory(perb.RemoteFolder);
        File.WriteAllText(perb.PathOf("unmounted"), "");

        var ended = await prune;
        Directory.Delete(perb.RemoteFolder);
        Directory.Move(perb.PathOf("away"), perb.RemoteFolder);

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("is the remote mounted", ended.Errors, StringComparison.Ordinal);
        Assert.Contains($"{names[0]}.enc", perb.Objects());
        (await perb.RunAsync("prune")).Ok();
        Assert.DoesNotContain($"{names[0]}.enc", perb.Objects());
    }

    [Theory]
    [InlineData("unsigned")]
    [InlineData("forged")]
    [InlineData("other manifest")]
    public async Task Where_signatures_are_asked_for_a_newest_copy_that_nobody_trusted_signed_keeps_the_others(string harm)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var names = await ShippedAsync(perb, 4, Signing);
        var manifest = perb.PathOf("remote", $"{names[3]}.sums");
        switch (harm)
        {
            case "unsigned":
                File.Delete(manifest + ".sig");
                break;
            case "forged":
                File.WriteAllBytes(manifest + ".sig", key.Gpg.Sign(key.Gpg.Generate("Forger", "ed25519", "cert,sign"), File.ReadAllBytes(manifest)));
                break;
            default:
                var text = File.ReadAllText(manifest);
                File.WriteAllText(manifest, text.Replace("volume-size 4194304", "volume-size 4194305", StringComparison.Ordinal));
                break;
        }

        var objects = perb.Objects();
        var prune = await perb.RunAsync("prune");

        Assert.Contains("0 to remove, 4 to keep", prune.Ok().Output, StringComparison.Ordinal);
        Assert.Equal(objects, perb.Objects());
    }

    [Fact]
    public async Task An_upload_that_did_not_end_is_not_pruned_and_counts_for_nothing()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await ShippedAsync(perb, 2);
        var open = perb.AddArchive(101, TimeSpan.FromMinutes(1));
        perb.ConfigureFaulty(Retention).Kills("copyto*.sums");
        Assert.Equal(137, (await perb.RunAsync("once")).ExitCode);
        var objects = perb.Objects();
        Assert.Contains($"{open}.enc", objects);

        Assert.Contains("0 to remove, 2 to keep", (await perb.RunAsync("prune")).Ok().Output, StringComparison.Ordinal);

        Assert.Equal(objects, perb.Objects());
    }

    [Fact]
    public async Task An_empty_listing_and_a_clock_that_jumped_remove_nothing()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await ShippedAsync(perb, 4);
        Directory.CreateDirectory(perb.PathOf("aside"));
        var objects = perb.Objects();
        foreach (var name in objects.Except(["perb.json"]))
        {
            new FileInfo(perb.PathOf("remote", name)).MoveTo(perb.PathOf("aside", name));
        }

        Assert.Contains("0 to remove, 4 to keep", (await perb.RunAsync("prune")).Ok().Output, StringComparison.Ordinal);

        foreach (var name in objects.Except(["perb.json"]))
        {
            new FileInfo(perb.PathOf("aside", name)).MoveTo(perb.PathOf("remote", name));
        }

        SetBack(perb, TimeSpan.FromHours(2));
        foreach (var arguments in (string[][])[["prune", "--dry-run"], ["prune"]])
        {
            var jumped = await perb.RunAsync(arguments);
            Assert.Equal(1, jumped.ExitCode);
            Assert.Contains("the clock jumped by", jumped.Errors, StringComparison.Ordinal);
        }

        Assert.Equal(objects, perb.Objects());
        Assert.Contains("2 to remove, 2 to keep", (await perb.RunAsync("prune")).Ok().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_half_of_many_is_refused_to_the_schedule_and_to_verification_until_a_person_says_yes()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await ShippedAsync(perb, 21);
        var objects = perb.Objects();
        perb.Configure(Retention, ("Remotes:0:PruneSchedule", "* * * * * ?"));
        await using (var service = perb.Run())
        {
            await service.SaysAsync("it would remove 19 of 21 backups, more than half");
        }

        Assert.Equal(objects, perb.Objects());
        Assert.Contains("19 to remove, 2 to keep", (await perb.RunAsync("prune", "--yes")).Ok().Output, StringComparison.Ordinal);
        Assert.Equal(5, perb.Objects().Count);
    }

    [Fact]
    public async Task What_is_forgotten_leaves_nothing_behind_whatever_became_of_it()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var names = await ShippedAsync(perb, 3);
        var open = perb.AddArchive(101, TimeSpan.FromMinutes(1), 9 << 20);
        perb.ConfigureFaulty(Retention).Kills("copyto*003-of-003.enc");
        Assert.Equal(137, (await perb.RunAsync("once")).ExitCode);
        Assert.Contains($"{open}.001-of-003.enc", perb.Objects());
        perb.Configure(Retention);
        File.WriteAllText(perb.PathOf("remote", $"{names[0]}.enc"), "damaged");
        File.Delete(perb.PathOf("remote", $"{names[1]}.sums"));
        Assert.Equal(1, (await perb.RunAsync("verify")).ExitCode);
        (await perb.RunAsync("retire", "101")).Ok();

        var refused = await perb.RunAsync("forget", "101", "--yes");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("is retired", refused.Errors, StringComparison.Ordinal);
        (await perb.RunAsync("retire", "101", "--undo")).Ok();
        (await perb.RunAsync("forget", "101", "--yes")).Ok();
        (await perb.RunAsync("once")).Ok();

        Assert.Equal(["perb.json"], perb.Objects());
        Assert.All(await perb.ListAsync(), one => Assert.Equal("pruned", (string?)one!["state"]));
    }

    // As if the clock had stood so much earlier when it was last looked at.
    private static void SetBack(PerbInstallation perb, TimeSpan time)
    {
        using var connection = new SqliteConnection($"Data Source={perb.Store};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT value FROM setting WHERE name = 'clock at prune of offsite'";
        var look = ((string)command.ExecuteScalar()!).Split(' ');
        command.CommandText = "UPDATE setting SET value = @value WHERE name = 'clock at prune of offsite'";
        var earlier = DateTimeOffset.Parse(look[1], System.Globalization.CultureInfo.InvariantCulture) - time;
        command.Parameters.AddWithValue("@value", $"{look[0]} {earlier.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'} {look[2]}");
        command.ExecuteNonQuery();
    }

    private (string, JsonNode?) Signing => ("Encryption:SigningKey", key.Gpg.ExportSecret(key.Fingerprint + "!"));

    private static (string, JsonNode?) Retention => ("Remotes:0:Retention", JsonNode.Parse("""{ "KeepLast": 1, "KeepAtLeast": 2 }"""));

    private static async Task<List<string>> ShippedAsync(PerbInstallation perb, int archives, params (string, JsonNode?)[] overrides)
    {
        perb.Configure([Retention, .. overrides]);
        var names = Enumerable.Range(0, archives).Reverse().Select(age => perb.AddArchive(101, TimeSpan.FromHours(1 + (7 * age)))).ToList();
        (await perb.RunAsync("once")).Ok();
        return names;
    }
}
