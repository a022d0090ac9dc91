using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace Perb.Scheduler.Store;

/// <summary>What it means for a person that SQLite refuses.</summary>
public sealed record StoreFault(string Text, bool IsTransient)
{
    public static StoreFault Of(SqliteException exception) => exception.SqliteErrorCode switch
    {
        SQLITE_BUSY or SQLITE_LOCKED => new(
            $"the store is locked by another program ({exception.Message}): is a copy of it being made, or an sqlite3 open? End that; nothing is lost", true),
        // A full disk under the shared-memory file is told as an I/O error.
        SQLITE_FULL or SQLITE_IOERR => new($"the disk of the store is full or fails ({exception.Message}): look after it; nothing is lost", true),
        SQLITE_NOTADB or SQLITE_CORRUPT => new(Damaged("the store", exception), false),
        SQLITE_CANTOPEN or SQLITE_READONLY => new("the store cannot be written: check its directory, its owner and whether its file system is read-only", false),
        _ => new($"the store: {exception.Message}", true),
    };

    public static string Damaged(string store, SqliteException exception) =>
        $"{store} is damaged ({exception.Message}): stop perb, move it away with its -wal and -shm, then run perb rebuild; local archives are found again by themselves";
}
