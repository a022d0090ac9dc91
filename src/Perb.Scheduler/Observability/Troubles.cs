using Perb.Scheduler.Store;

namespace Perb.Scheduler.Observability;

/// <summary>
/// Trouble that lasts: said once when it begins, shown in <c>status</c> while it lasts, and said once when it is over. A subject has one
/// trouble at a time.
/// </summary>
public sealed class Troubles(StatusStore store, ILogger<Troubles> logger)
{
    /// <summary>The Proxmox API as a whole.</summary>
    public const string Proxmox = "proxmox";

    /// <summary>What the token may not see.</summary>
    public const string Privileges = "token privileges";

    /// <summary>Nothing can be discovered.</summary>
    public const string Discovery = "discovery";

    public const string HookSpool = "hook spool";

    public const string HookScript = "vzdump hook";

    public const string StatusPage = "status page";

    public static string OfNotification(string entry) => $"notification by {entry}";

    public static string OfRemote(string remote) => $"remote {remote}";

    /// <summary>Its share of staging, or the disk that staging is on.</summary>
    public static string OfStaging(string remote) => $"staging for {remote}";

    public static string OfVerify(string remote) => $"verification of {remote}";

    public static string OfPrune(string remote) => $"prune of {remote}";

    public static string OfKey(string fingerprint) => $"key {fingerprint}";

    public static string OfStorage(string storage) => $"storage {storage}";

    /// <param name="subject">What it concerns; the constants and functions of this class, or a word of the caller's own.</param>
    /// <param name="text">One line; null: all is well.</param>
    /// <param name="cancellationToken">Stops before anything is written.</param>
    /// <param name="needsPerson">It will not mend itself: an error in the log, not a warning.</param>
    public async Task SetAsync(string subject, string? text, CancellationToken cancellationToken, bool needsPerson = false)
    {
        if (text is null)
        {
            if (await store.ClearAsync(subject, cancellationToken))
            {
                logger.TroubleOver(subject);
            }
        }
        else if (await store.RaiseAsync(subject, text, cancellationToken, needsPerson))
        {
            logger.TroubleBegan(needsPerson ? LogLevel.Error : LogLevel.Warning, subject, text);
        }
    }

    /// <summary>Ends the troubles of a kind whose subjects are not there any more: nobody else would say that all is well.</summary>
    /// <param name="kind">How their subjects begin, such as <see cref="OfStorage"/> of nothing.</param>
    /// <param name="subjects">Those that still are.</param>
    /// <param name="cancellationToken">Stops between two of them.</param>
    public async Task EndAllButAsync(string kind, IReadOnlySet<string> subjects, CancellationToken cancellationToken)
    {
        foreach (var trouble in await store.TroublesAsync(cancellationToken))
        {
            if (trouble.Subject.StartsWith(kind, StringComparison.Ordinal) && !subjects.Contains(trouble.Subject))
            {
                await SetAsync(trouble.Subject, null, cancellationToken);
            }
        }
    }
}
