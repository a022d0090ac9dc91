namespace Perb.Transfer.Rclone;

/// <summary>What an exit code of rclone means.</summary>
internal static class RcloneExit
{
    // Of Google, Microsoft, Dropbox, Backblaze. Not "full", which is for a person, and not "too fast", which rclone paces by itself.
    private static readonly string[] QuotaTexts =
    [
        "upload limit", "dailyLimitExceeded", "userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded", "quota exceeded for",
        "activityLimitReached", "transaction_cap_exceeded", "download_cap_exceeded", "too_many_write_operations", "bandwidth limit exceeded",
    ];

    private const string UnknownRemote = "didn't find section in config file";

    private static readonly string[] FullTexts =
    [
        "no space left on device", "file too big for remaining disk space", "disk quota exceeded", "storageQuotaExceeded", "507 Insufficient Storage",
    ];

    // Codes 1 and 2 (usage, uncategorised) changed places between rclone 1.68 and later, and all errors before the first
    // transfer share them: an unknown remote, a refused login, a dead network. Only there the text decides, and only to
    // tell apart what the operator has to do. Order matters: the first list that matches wins.
    private static readonly (RcloneFailure Kind, string[] Texts)[] Told =
    [
        (RcloneFailure.Configuration,
        [
            UnknownRemote, "didn't find backend called", "unknown flag", "unknown shorthand flag",
            "unknown command", "invalid argument \"", "unknown hash type", "Failed to load config file",
            "unable to decrypt configuration",
        ]),
        (RcloneFailure.NoRetry,
        [
            "invalid_grant", "token expired", "empty token found", "401 Unauthorized", "403 Forbidden", "AccessDenied",
            "InvalidAccessKeyId", "SignatureDoesNotMatch", "unable to authenticate", "permission denied", "insufficientFilePermissions",
            "insufficientPermissions", "insufficient permissions", "sufficient permissions",
            "read-only file system", .. FullTexts,
        ]),
        (RcloneFailure.Temporary,
        [
            "dial tcp", "connection refused", "connection reset", "no such host", "no route to host", "i/o timeout",
            "network is unreachable", "TLS handshake timeout", "server misbehaving", "unexpected EOF", "broken pipe",
            "429 Too Many Requests", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout",
        ]),
    ];

    public static RcloneFailure Classify(int exitCode, string text) => exitCode switch
    {
        1 or 2 or 5 or 6 or 7 when IsQuota(text) => RcloneFailure.Quota,
        1 or 2 => Told.FirstOrDefault(
            row => row.Texts.Any(told => text.Contains(told, StringComparison.OrdinalIgnoreCase)),
            (RcloneFailure.Unexpected, [])).Kind,
        3 or 4 => RcloneFailure.NotFound,
        5 => RcloneFailure.Temporary,
        6 or 7 => RcloneFailure.NoRetry,
        8 or 10 => RcloneFailure.LimitReached,
        > 128 => RcloneFailure.Killed,
        _ => RcloneFailure.Unexpected,
    };

    public static bool IsFull(string text) => Holds(text, FullTexts);

    public static bool IsUnknownRemote(string text) => Holds(text, UnknownRemote);

    private static bool Holds(string text, params string[] told) => told.Any(one => text.Contains(one, StringComparison.OrdinalIgnoreCase));

    private static bool IsQuota(string text) =>
        !text.Contains("storageQuotaExceeded", StringComparison.OrdinalIgnoreCase)
        && QuotaTexts.Any(told => text.Contains(told, StringComparison.OrdinalIgnoreCase));
}
