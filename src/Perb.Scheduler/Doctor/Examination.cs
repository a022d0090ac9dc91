using Microsoft.Data.Sqlite;
using Perb.ProxmoxClient;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Doctor;

/// <summary>All checks, one after the other; none that fails stops those after it.</summary>
internal sealed class Examination(IReadOnlyList<ICheck> checks)
{
    public async Task RunAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        foreach (var check in checks)
        {
            try
            {
                await check.RunAsync(say, cancellationToken);
            }
            catch (Exception exception) when (TextOf(exception) is { } text)
            {
                say(Finding.Fail(check.Subject, text, check.Fix));
            }
        }
    }

    private static string? TextOf(Exception exception) => exception switch
    {
        ConfigurationException { Faults: var faults } => string.Join("; ", faults),
        SqliteException store => StoreFault.Of(store).Text,
        ProxmoxException or RcloneException or IOException or UnauthorizedAccessException or TimeoutException => exception.Message,
        _ => null,
    };
}
