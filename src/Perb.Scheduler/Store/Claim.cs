using Microsoft.Data.Sqlite;
using Perb.Scheduler.Backups;

namespace Perb.Scheduler.Store;

/// <summary>The right to work on a backup until a time. The token proves at every write that nobody else has taken it since.</summary>
public sealed record Claim(Backup Backup, string Token)
{
    /// <summary>How long a claim holds without being renewed.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);
}

/// <summary>Somebody else holds the backup, or changed its state: nothing was written, nothing more may be done under this claim.</summary>
public sealed class LeaseLostException(string remoteName, bool wasSkipped) : Exception(wasSkipped
    ? $"{remoteName} stopped: it was skipped"
    : $"the claim on {remoteName} was lost; whoever holds it now goes on")
{
    /// <summary>A person wanted it so.</summary>
    public bool WasSkipped { get; } = wasSkipped;

    internal static async Task<LeaseLostException> OfAsync(SqliteConnection connection, Claim claim) => new(
        claim.Backup.RemoteName,
        await connection.ScalarAsync<string>("SELECT state FROM backup WHERE id = @id", CancellationToken.None, ("@id", claim.Backup.Id))
            == BackupState.Skipped.Word());
}
