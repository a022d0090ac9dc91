namespace Perb.Transfer.Manifests;

/// <summary>A text that is no manifest of ours, or a damaged one.</summary>
public sealed class ManifestException(string reason) : EncryptionException($"The manifest cannot be used: {reason}");
