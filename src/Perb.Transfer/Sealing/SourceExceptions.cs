namespace Perb.Transfer.Sealing;

/// <summary>The archive is not there (any more): vzdump's own retention removed it before it was opened.</summary>
public sealed class SourceMissingException(string path, Exception? cause = null)
    : EncryptionException($"The archive {path} is gone: it was removed before it could be sealed.", cause)
{
    public string SourcePath { get; } = path;
}

/// <summary>The archive is not what the plan says, or did not stay so while it was read. Sealing starts anew with a new plan.</summary>
public sealed class SourceChangedException(string path, string how)
    : EncryptionException($"The archive {path} changed: {how}. What was sealed of it is void; it will be sealed anew.")
{
    public string SourcePath { get; } = path;

    public override bool IsTransient => true;
}

/// <summary>The path names something that is never an archive: a directory, a FIFO, a device, a symbolic link.</summary>
public sealed class SourceRefusedException(string path, string what)
    : EncryptionException($"{path} is {what}, not a regular file: it was not opened as an archive.")
{
    public string SourcePath { get; } = path;
}
