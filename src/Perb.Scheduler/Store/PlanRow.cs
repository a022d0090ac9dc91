using Microsoft.Data.Sqlite;
using Perb.Scheduler.Backups;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Store;

/// <summary>Columns to <see cref="SealingPlan"/> and back.</summary>
internal static class PlanRow
{
    /// <summary>Of the backup with this id (an SQL expression): every volume of its plan was sealed, so that it needs its source no more.</summary>
    public static string IsAllSealed(string id) =>
        $"coalesce((SELECT p.volume_count = (SELECT count(*) FROM volume v WHERE v.backup_id = p.backup_id) FROM plan p WHERE p.backup_id = {id}), 0)";

    public static SealingPlan Map(SqliteDataReader row, Backup backup) => new()
    {
        RemoteName = backup.RemoteName,
        ArchiveName = backup.Archive,
        ArchiveBytes = row.Number("archive_bytes"),
        ArchiveModifiedAt = row.Time("archive_modified_at"),
        Tar = new TarStream(row.Bytes("tar_head"), row.Number("archive_bytes"), row.Bytes("tar_tail")),
        VolumeBytes = row.Number("volume_bytes"),
        Packet = PacketChoice.Parse(row.Text("packet")),
        HideRecipients = row.Number("hide_recipients") != 0,
        RecipientFingerprints = row.Text("recipients").Split(' '),
    };

    public static Task<int> InsertAsync(SqliteConnection connection, long backupId, SealingPlan plan, string now) => connection.ExecuteAsync(
        """
        INSERT INTO plan (backup_id, archive_bytes, archive_modified_at, tar_head, tar_tail, volume_bytes, volume_count, packet,
                          hide_recipients, recipients, made_at)
        VALUES (@id, @bytes, @modified, @head, @tail, @volumeBytes, @volumeCount, @packet, @hide, @recipients, @now)
        """,
        CancellationToken.None,
        ("@id", backupId),
        ("@bytes", plan.ArchiveBytes),
        ("@modified", Sql.Instant(plan.ArchiveModifiedAt)),
        ("@head", plan.Tar.Head),
        ("@tail", plan.Tar.Tail),
        ("@volumeBytes", plan.VolumeBytes),
        ("@volumeCount", plan.VolumeCount),
        ("@packet", plan.Packet.Word()),
        ("@hide", plan.HideRecipients ? 1 : 0),
        ("@recipients", string.Join(' ', plan.RecipientFingerprints)),
        ("@now", now));
}
