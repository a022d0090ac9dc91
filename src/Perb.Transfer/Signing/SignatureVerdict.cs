namespace Perb.Transfer.Signing;

/// <summary>What a signature file proves about a manifest.</summary>
/// <param name="Signer">The trusted signer who made it; null: nothing is proven.</param>
/// <param name="WhyNot">Follows the name of the manifest: "is not signed", "is signed by …, which is not trusted"; empty where it is proven.</param>
public sealed record SignatureVerdict(Signer? Signer, string WhyNot);
