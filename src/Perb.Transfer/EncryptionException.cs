namespace Perb.Transfer;

/// <summary>
/// Root of what can go wrong between an archive and its sealed volumes. Trouble of the disk itself (full, failing) stays an
/// <see cref="IOException"/>: it says nothing about the archive or the keys.
/// </summary>
public class EncryptionException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>True where trying again later, with nobody's help, can succeed.</summary>
    public virtual bool IsTransient => false;
}
