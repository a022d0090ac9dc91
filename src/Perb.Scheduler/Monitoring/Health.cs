using Microsoft.Data.Sqlite;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Monitoring;

/// <summary>Whether the service does its work: one word for a probe. What is wrong with backups is not its business.</summary>
internal sealed class Health(StatusStore store, PerbOptions options, TimeProvider time)
{
    public const string Fine = "ok";

    /// <summary>The store does not answer.</summary>
    public const string Store = "store";

    /// <summary>No poll has succeeded for a while: the node, its token or discovery.</summary>
    public const string Poll = "poll";

    /// <summary>Beyond a few missed polls; one that lists a slow share takes its time.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await store.TimeOfAsync("last poll", cancellationToken) is { } last && (time.GetUtcNow() - last).Duration() <= (options.Discovery.Poll * 3) + Patience
                ? Fine
                : Poll;
        }
        catch (SqliteException)
        {
            return Store;
        }
    }
}
