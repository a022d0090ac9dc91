using Perb.Transfer.Hashing;

namespace Perb.Transfer.Rclone;

/// <summary>
/// A command line of rclone. The constructor is private: what stands here is all that Perb ever runs. Paths follow a
/// <c>--</c>, so that none of them can become an option.
/// </summary>
internal sealed class RcloneCommand
{
    private readonly string[] _name;
    private readonly string[] _options;
    private readonly string[] _paths;
    private readonly RemotePath? _remote;

    private RcloneCommand(string[] name, string[] options, RemotePath? remote, string[] paths) =>
        (_name, _options, _remote, _paths) = (name, options, remote, paths);

    public static RcloneCommand Version() => new(["version"], [], null, []);

    public static RcloneCommand Features(RemotePath remote) => Of(["backend", "features"], [], remote);

    public static RcloneCommand CopyTo(string localFile, RemotePath target, TransferLimits limits) =>
        new(["copyto"], CopyOptions(limits), target, [localFile, target.Argument]);

    public static RcloneCommand CopyFrom(RemotePath source, string localFile, TransferLimits limits) =>
        new(["copyto"], CopyOptions(limits), source, [source.Argument, localFile]);

    // To standard output: for an rclone that may not write where the file goes.
    public static RcloneCommand Fetch(RemotePath source, long maxBytes) => Of(
        ["cat"],
        ["--stats", "500ms", "--stats-log-level", "NOTICE", .. maxBytes == long.MaxValue ? (string[])[] : ["--count", $"{maxBytes}"]],
        source);

    // Exact names, one a line in a file: a listing and many small files in one run, instead of a run for each.
    public static RcloneCommand CopyAllFrom(RemotePath directory, string namesFile, string localDirectory, long maxBytes) => new(
        ["copy"],
        ["--files-from-raw", namesFile, "--ignore-times", "--transfers", "8", "--max-transfer", $"{maxBytes}B"],
        directory,
        [directory.Argument, localDirectory]);

    // One hash type, never all: local and sftp remotes read the whole file for each.
    public static RcloneCommand Stat(RemotePath file, HashKind? hash) => Of(
        ["lsjson"],
        hash is { } kind
            ? ["--stat", "--no-mimetype", "--hash", "--hash-type", kind.RcloneName()]
            : ["--stat", "--no-mimetype"],
        file);

    // Times and MIME types cost one request per file on S3 and its like; names and sizes come with the listing.
    public static RcloneCommand List(RemotePath directory, IReadOnlyList<string> namePrefixes) => Of(
        ["lsjson"],
        ["--files-only", "--no-modtime", "--no-mimetype", .. namePrefixes.SelectMany(prefix => (string[])["--include", $"/{prefix}*"])],
        directory);

    public static RcloneCommand Read(RemotePath file, long count) => Of(["cat"], ["--count", $"{count}"], file);

    public static RcloneCommand Delete(RemotePath file) => Of(["deletefile"], [], file);

    /// <summary>What is full then is the remote, not this node.</summary>
    public bool IsUpload => _remote is not null && _paths is [_, var target] && target == _remote.Argument;

    public IReadOnlyList<string> Arguments(string? configFile) =>
    [
        .. _name, .. configFile is null ? (string[])[] : ["--config", Path.GetFullPath(configFile)],
        "--ask-password=false", "--use-json-log", "--retries", "1",
        "--low-level-retries", "10", .. _options, "--", .. _paths,
    ];

    /// <summary>A connection string can hold a password, and rclone repeats the path that it was given in its errors.</summary>
    public string Redact(string text)
    {
        if (_remote is null || RemoteName.WithoutParameters(_remote.Remote) is var shown && shown == _remote.Remote)
        {
            return text;
        }

        return text
            .Replace(_remote.Remote, shown, StringComparison.Ordinal)
            .Replace(_remote.Remote.Replace("\"", "\\\"", StringComparison.Ordinal), shown, StringComparison.Ordinal);
    }

    public override string ToString() => string.Join(' ', [.. _name, .. _remote is null ? (string[])[] : [_remote.ToString()]]);

    private static RcloneCommand Of(string[] name, string[] options, RemotePath remote) =>
        new(name, options, remote, [remote.Argument]);

    // A re-sealed volume has the same size and other bytes: without --ignore-times rclone may skip it and return 0. Perb
    // verifies by itself, hence --ignore-checksum (rclone's own check costs 4 CPU seconds per GiB).
    private static string[] CopyOptions(TransferLimits limits) =>
    [
        "--ignore-times", "--ignore-checksum", "--stats", "500ms", "--stats-log-level", "NOTICE",
        .. limits.Bandwidth is { } rate ? (string[])["--bwlimit", rate] : [],
    ];
}
