namespace Perb.Transfer.Unpacking;

/// <summary>A tar that is none, or holds what no backup holds.</summary>
public sealed class TarException(string message) : EncryptionException(message);
