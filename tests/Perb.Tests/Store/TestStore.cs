using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Store;
using Perb.Tests.Discovery;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Store;

/// <summary>A real store in a file of its own, with a clock that stands still.</summary>
internal sealed class TestStore : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;

    private TestStore(DirectoryInfo folder, Database database)
    {
        (_folder, Database) = (folder, database);
        Discovery = new DiscoveryStore(database);
        Claims = new ClaimStore(database, Time);
        Pipeline = new PipelineStore(database, Time);
        Status = new StatusStore(database, Time);
    }

    /// <summary>Of a backup whose manifest does not matter.</summary>
    public static PublishedManifest Manifest { get; } = new(100, IsSigned: false);

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public string Folder => _folder.FullName;

    public Database Database { get; }

    public FakeTimeProvider Time { get; } = new(Archives.Now);

    public DiscoveryStore Discovery { get; }

    public ClaimStore Claims { get; }

    public PipelineStore Pipeline { get; }

    public StatusStore Status { get; }

    public static async Task<TestStore> OpenAsync()
    {
        var folder = Directory.CreateTempSubdirectory("perb-store-");
        return new TestStore(folder, await Database.OpenForServiceAsync(Path.Combine(folder.FullName, "perb.db"), Stop));
    }

    public async Task<long> AddAsync(FoundArchive archive, string remote = "r")
    {
        await Discovery.ApplyAsync([new DiscoveryChange.Found(archive, remote, null, null)], _ => "test", Time.GetUtcNow(), Stop);
        return (await Discovery.LoadKnownAsync(Stop))[(remote, archive.Name.RemoteName)].Id;
    }

    public async Task<Claim> ClaimAsync(string remote = "r")
    {
        var claim = await Claims.ClaimNextAsync(remote, null, Stop);
        Assert.NotNull(claim);
        return claim;
    }

    public async Task PublishAsync(FoundArchive archive, string remote = "r", VerifyLevel how = VerifyLevel.Hash)
    {
        await AddAsync(archive, remote);
        var claim = await ClaimAsync(remote);
        Assert.Equal(archive.Name.RemoteName, claim.Backup.RemoteName);
        await Pipeline.RecordPublishedAsync(claim, how, Manifest);
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await Database.ConnectAsync(Stop);
        await connection.ExecuteAsync(sql, Stop);
    }

    public async Task<IReadOnlyList<string>> EventsAsync(long backupId)
    {
        await using var connection = await Database.ConnectAsync(Stop);
        return await connection.QueryAsync(
            "SELECT kind FROM event WHERE backup_id = @id ORDER BY id", row => row.GetString(0), Stop, ("@id", backupId));
    }

    public async Task<IReadOnlyList<string>> EventTextsAsync(long backupId)
    {
        await using var connection = await Database.ConnectAsync(Stop);
        return await connection.QueryAsync(
            "SELECT text FROM event WHERE backup_id = @id ORDER BY id", row => row.GetString(0), Stop, ("@id", backupId));
    }

    /// <summary>Everything that the store holds, as text.</summary>
    public async Task<string> DumpAsync()
    {
        await using var connection = await Database.ConnectAsync(Stop);
        var text = new StringBuilder();
        foreach (var table in (string[])["backup", "plan", "volume", "activity", "event"])
        {
            foreach (var row in await connection.QueryAsync($"SELECT * FROM {table}", Line, Stop))
            {
                text.Append(table).Append(": ").AppendLine(row);
            }
        }

        return text.ToString();
    }

    public static SealingPlan PlanFor(FoundArchive archive, long volumeBytes = 1 << 20) => new()
    {
        RemoteName = archive.Name.RemoteName,
        ArchiveName = archive.Name.FileName,
        ArchiveBytes = archive.SizeBytes,
        ArchiveModifiedAt = archive.ModifiedAt,
        Tar = TarStream.For(
            archive.Name.FileName, archive.SizeBytes, archive.ModifiedAt, new TarCompanion(archive.Name.LogName, "log"u8.ToArray(), archive.ModifiedAt), null),
        VolumeBytes = volumeBytes,
        Packet = PacketKind.Ocb,
        HideRecipients = true,
        RecipientFingerprints = ["AAAA", "BBBB"],
    };

    public ValueTask DisposeAsync()
    {
        using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Database.Path, ForeignKeys = true }.ToString()))
        {
            SqliteConnection.ClearPool(connection);
        }

        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private static string Line(SqliteDataReader row)
    {
        var values = new object[row.FieldCount];
        row.GetValues(values);
        return string.Join('|', values.Select(value => value is byte[] bytes ? Convert.ToHexString(bytes) : value.ToString()));
    }
}

internal static class ClaimsWhileAllIsThere
{
    /// <summary>While every storage is there.</summary>
    public static Task<Claim?> ClaimNextAsync(
        this ClaimStore store, string remote, DateTimeOffset? notAttemptedSince, CancellationToken cancellationToken) =>
        store.ClaimNextAsync(remote, notAttemptedSince, null, [], cancellationToken);
}
