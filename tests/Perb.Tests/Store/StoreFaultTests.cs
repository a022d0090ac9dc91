using Microsoft.Data.Sqlite;
using Perb.Scheduler.Store;

namespace Perb.Tests.Store;

public sealed class StoreFaultTests
{
    [Theory]
    [InlineData(5, true, "locked by another program")]
    [InlineData(6, true, "locked by another program")]
    [InlineData(13, true, "full or fails (database or disk is full)")]
    [InlineData(10, true, "full or fails (database or disk is full)")]
    [InlineData(11, false, "perb rebuild")]
    [InlineData(26, false, "perb rebuild")]
    [InlineData(8, false, "cannot be written")]
    [InlineData(14, false, "cannot be written")]
    [InlineData(1, true, "the store: database or disk is full")]
    public void What_SQLite_refuses_is_told_in_words(int code, bool isTransient, string words)
    {
        var fault = StoreFault.Of(new SqliteException("database or disk is full", code));

        Assert.Equal(isTransient, fault.IsTransient);
        Assert.Contains(words, fault.Text, StringComparison.Ordinal);
    }
}
