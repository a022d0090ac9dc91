using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Cli;

/// <summary>What scripts read: the documents of <c>--json</c>, field by field. Fields may be added, never changed.</summary>
public sealed class DocumentTests(SharedKey key) : IClassFixture<SharedKey>
{
    private static readonly string[] BackupFields =
    [
        "id:Number", "guest:Number", "guestType:String", "archive:String", "storage:String", "node:String", "remote:String",
        "remoteName:String", "state:String", "sizeBytes:Number", "sealedBytes:Number", "volumeCount:Number", "archiveTime:Instant",
        "discoveredAt:Instant", "publishedAt:Instant", "verifiedAt:Instant", "verifiedHow:String", "attempt:Number", "nextAttemptAt:Null",
        "failure:Null",
    ];

    [Fact]
    public async Task List_and_status_are_one_document_with_the_promised_fields()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, "web");
        perb.AddContainer(102, "never backed up");
        var newest = perb.AddArchive(101, TimeSpan.FromHours(1), 5 << 20);
        perb.AddArchive(104, TimeSpan.FromHours(1));
        (await perb.RunAsync("once")).Ok();

        var list = await perb.RunAsync("--json", "list");
        var status = await perb.RunAsync("status", "--json");

        Assert.Empty(list.Errors);
        Assert.Empty(status.Errors);
        var backups = JsonNode.Parse(list.Output)!.AsArray();
        Assert.Equal(2, backups.Count);
        Assert.All(backups, backup => Assert.Equal(BackupFields, FieldsOf(backup)));
        var web = backups.Single(backup => (int)backup!["guest"]! == 101)!;
        Assert.Equal(
            ("lxc", newest, "local", "pve1", "offsite", "published", "hash", 2, 5 << 20),
            ((string)web["guestType"]!, (string)web["remoteName"]!, (string)web["storage"]!, (string)web["node"]!, (string)web["remote"]!,
                (string)web["state"]!, (string)web["verifiedHow"]!, (int)web["volumeCount"]!, (int)web["sizeBytes"]!));
        Assert.Equal(
            perb.Objects().Where(name => name.StartsWith("101-", StringComparison.Ordinal) && name.EndsWith(".enc", StringComparison.Ordinal))
                .Sum(name => new FileInfo(perb.PathOf("remote", name)).Length),
            (long)web["sealedBytes"]!);

        var document = JsonNode.Parse(status.Output)!;
        Assert.Equal(["service:Object", "guests:Array", "queue:Array", "failures:Array", "troubles:Array", "heldBack:Array"], FieldsOf(document));
        Assert.Equal(["running:False", "lastPoll:Null", "lastReconcile:Instant"], FieldsOf(document["service"]));
        var guests = document["guests"]!.AsArray();
        Assert.Equal([101, 102, 104], guests.Select(guest => (int)guest!["guest"]!));
        Assert.Equal(
            ["guest:Number", "guestType:String", "name:String", "newestArchive:Instant", "newestVerified:Instant", "verifiedHow:String", "rpoMet:True", "exists:True",
                "verdict:String", "rpoSeconds:Number", "safeUntil:Instant", "retired:False", "included:True", "covered:False", "copies:Array"],
            FieldsOf(guests[0]));
        Assert.Equal(
            ["remote:String", "archiveTime:Instant", "verifiedHow:String", "verifiedAt:Instant", "inTime:True"],
            FieldsOf(Assert.Single(guests[0]!["copies"]!.AsArray())));
        Assert.Equal(
            ["guest:Number", "guestType:String", "name:String", "newestArchive:Null", "newestVerified:Null", "verifiedHow:Null", "rpoMet:False", "exists:True",
                "verdict:String", "rpoSeconds:Number", "safeUntil:Null", "retired:False", "included:True", "covered:False", "copies:Array"],
            FieldsOf(guests[1]));
        Assert.Equal(["rpoMet:Null", "exists:False"], FieldsOf(guests[2])[6..8]);
        Assert.Equal(["met", "late", "gone"], guests.Select(guest => (string?)guest!["verdict"]));
    }

    [Fact]
    public async Task A_backup_that_waits_is_in_the_queue_with_its_failure()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddArchive(101, TimeSpan.FromHours(1), 5 << 20);
        perb.Configure(("Staging:MinFree", "99.9%"));

        Assert.Equal(75, (await perb.RunAsync("once")).ExitCode);

        var waiting = Assert.Single((await perb.StatusAsync())["queue"]!.AsArray())!;
        Assert.Equal(["backup:Object", "activity:Null"], FieldsOf(waiting));
        Assert.Equal(1, (int)waiting["backup"]!["attempt"]!);
        Assert.Contains("Staging:MinFree", (string)waiting["backup"]!["failure"]!, StringComparison.Ordinal);
        Assert.Contains("nextAttemptAt:Instant", FieldsOf(waiting["backup"]));
        Assert.Contains("Staging:MinFree", (await perb.RunAsync("status")).Ok().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_can_be_narrowed_to_a_guest_and_a_remote()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddArchive(101, TimeSpan.FromHours(1));
        perb.AddArchive(102, TimeSpan.FromHours(1));
        perb.Configure(("Remotes", new JsonArray(
            JsonNode.Parse($$"""{ "Name": "near", "Path": "{{perb.FolderOf("near")}}" }"""),
            JsonNode.Parse($$"""{ "Name": "far", "Path": "offsite:{{perb.RemoteFolder}}", "Verify": "size" }"""))));
        (await perb.RunAsync("once")).Ok();

        Assert.Equal(4, JsonNode.Parse((await perb.RunAsync("list", "--json")).Output)!.AsArray().Count);
        Assert.Equal(
            ["101 far size", "102 far size"],
            JsonNode.Parse((await perb.RunAsync("list", "--json", "--remote", "far")).Output)!.AsArray()
                .Select(backup => $"{backup!["guest"]} {backup["remote"]} {backup["verifiedHow"]}"));
        Assert.Equal(
            ["102 far", "102 near"],
            JsonNode.Parse((await perb.RunAsync("list", "--json", "--guest", "102")).Output)!.AsArray()
                .Select(backup => $"{backup!["guest"]} {backup["remote"]}"));
        var unknown = await perb.RunAsync("list", "--json", "--remote", "nowhere");
        Assert.Equal(2, unknown.ExitCode);
        OneLine.In(unknown, "nowhere", "near, far");
    }

    private static string[] FieldsOf(JsonNode? node) =>
        [.. node!.AsObject().Select(pair => $"{pair.Key}:{KindOf(pair.Value)}")];

    private static string KindOf(JsonNode? value)
    {
        var kind = value?.GetValueKind() ?? JsonValueKind.Null;
        return kind == JsonValueKind.String && DateTimeOffset.TryParseExact(
            (string)value!, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _)
            ? "Instant"
            : kind.ToString();
    }
}
