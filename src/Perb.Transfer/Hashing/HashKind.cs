namespace Perb.Transfer.Hashing;

/// <summary>A hash that some remote can report, in the order in which Perb prefers them.</summary>
public enum HashKind
{
    Sha256,
    Sha1,
    Md5,
    Dropbox,
    QuickXor,
}

/// <summary>The words for a <see cref="HashKind"/> outside this program.</summary>
public static class HashKindNames
{
    /// <summary>The name that rclone uses in <c>lsjson</c>, <c>backend features</c> and <c>--hash-type</c>.</summary>
    public static string RcloneName(this HashKind kind) => kind switch
    {
        HashKind.Sha256 => "sha256",
        HashKind.Sha1 => "sha1",
        HashKind.Md5 => "md5",
        HashKind.Dropbox => "dropbox",
        HashKind.QuickXor => "quickxor",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
