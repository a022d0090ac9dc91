using System.Text.Json;
using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Restore;

/// <summary><c>perb list --remote-only</c>: what lies on remotes, with and without a configuration, never with a store.</summary>
public sealed class RemoteListTests(SharedKey key) : IClassFixture<SharedKey>
{
    private static readonly string[] BackupFields =
    [
        "id", "guest", "guestType", "archive", "storage", "node", "remote", "remoteName", "state", "sizeBytes", "sealedBytes", "volumeCount",
        "archiveTime", "discoveredAt", "publishedAt", "verifiedAt", "verifiedHow", "attempt", "nextAttemptAt", "failure", "kind", "signedBy",
    ];

    [Fact]
    public async Task Backups_half_sets_and_files_of_PERB_are_listed_and_foreign_ones_counted()
    {
        using var place = new Workplace(2_000_000);
        await place.SealAsync(place.Plan(key.Recipients, 1_000_000), key.Recipients);
        foreach (var name in new[] { "101-2026_11_20-02_00_01.001-of-002.enc", "102-2020_01_02-22_10_33.vma.enc", "holiday\u202e.jpg", "perb.json" })
        {
            await File.WriteAllTextAsync(Path.Combine(place.Staging, name), "12345", TestContext.Current.CancellationToken);
        }

        foreach (var remote in new[] { place.RemoteOf(false), place.RemoteOf(true) })
        {
            var ended = (await RestoreCall.RunAsync(key.Gpg, "list", "--remote-only", "--remote", remote, "--json")).Ok();
            var backups = JsonNode.Parse(ended.Output)!.AsArray();

            Assert.All(backups, backup => Assert.Equal(BackupFields, backup!.AsObject().Select(field => field.Key)));
            Assert.Equal(
                [
                    (100, "published", "backup", 3, 2_000_000), (101, null, "unfinished", null, null), (102, null, "old", null, null),
                ],
                backups.Select(backup => (
                    (int)backup!["guest"]!, (string?)backup["state"], (string?)backup["kind"], (int?)backup["volumeCount"], (int?)backup["sizeBytes"])));
            Assert.Equal(Directory.GetFiles(place.Staging, "100-*.enc").Sum(file => new FileInfo(file).Length), (long)backups[0]!["sealedBytes"]!);
            Assert.Null(backups[0]!["failure"]);
            Assert.Contains("1 other file(s), 5 B", ended.Errors, StringComparison.Ordinal);
        }

        var table = (await RestoreCall.RunAsync(key.Gpg, "list", "--remote-only", "--remote", place.Staging, "--guest", "101")).Ok();
        Assert.Contains("no manifest", table.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("100-2026", table.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_volume_makes_a_backup_damaged()
    {
        using var place = new Workplace(2_000_000);
        await place.SealAsync(place.Plan(key.Recipients, 1_000_000), key.Recipients);
        File.Delete(Path.Combine(place.Staging, Workplace.RemoteName + ".002-of-003.enc"));

        var backup = Assert.Single((await RestoreCall.RunAsync(key.Gpg, "list", "--remote-only", "--remote", place.Staging, "--json")).Document().AsArray())!;

        Assert.Equal("damaged", (string)backup["state"]!);
        Assert.Contains("002-of-003.enc is missing", (string)backup["failure"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_installation_lists_its_remotes_without_its_store_and_says_who_signed()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var secret = Signing.GpgSigning.ExportSecret(key.Gpg, key.Fingerprint + "!");
        perb.Configure(
            ("Encryption:SigningKey", secret),
            ("Remotes", new JsonArray(
                JsonNode.Parse($$"""{ "Name": "near", "Path": "{{perb.FolderOf("near")}}" }"""),
                JsonNode.Parse($$"""{ "Name": "far", "Path": "offsite:{{perb.RemoteFolder}}" }"""))));
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 5 << 20);
        (await perb.RunAsync("once")).Ok();
        Directory.Delete(perb.State, recursive: true);

        var all = await perb.RunAsync("list", "--remote-only", "--json");
        var far = await perb.RunAsync("list", "--remote-only", "--json", "--remote", "far");

        Assert.Equal(JsonValueKind.Array, all.Document().GetValueKind());
        Assert.Equal(
            [("far", name, key.Fingerprint), ("near", name, key.Fingerprint)],
            all.Document().AsArray().Select(Of).Order());
        Assert.Equal(("far", name, key.Fingerprint), Of(Assert.Single(far.Document().AsArray())));
        Assert.Empty(all.Errors);
        Assert.False(Directory.Exists(perb.State));

        // And that is what is restored, by the same configuration.
        var to = perb.FolderOf("to");
        var restored = await perb.RunAsync(new Dictionary<string, string?> { ["GNUPGHOME"] = key.Gpg.Folder }, "restore", "101", "--to", to, "--json");
        Assert.Equal(key.Fingerprint, (string)restored.Document()["signedBy"]!);
        Assert.False(Directory.Exists(perb.State));
    }

    [Fact]
    public async Task A_path_with_nothing_in_it_is_a_question()
    {
        using var place = new Workplace(0);

        var ended = (await RestoreCall.RunAsync(key.Gpg, "list", "--remote-only", "--remote", place.Restored, "--json")).Ok();

        Assert.Equal("[]", ended.Output.Trim());
        Assert.Contains("is it mounted", ended.Errors, StringComparison.Ordinal);
    }

    private static (string?, string?, string?) Of(JsonNode? backup) =>
        ((string?)backup!["remote"], (string?)backup["remoteName"], (string?)backup["signedBy"]);
}
