using Perb.Transfer.Signing;

namespace Perb.Scheduler.Pipeline;

/// <summary>Whether this installation signs its manifests, and whose it believes.</summary>
/// <param name="Key">Null: manifests are published without a signature.</param>
/// <param name="Trusted">Where it is empty, no signature is asked for.</param>
public sealed record ManifestSigning(SigningKey? Key, TrustedSigners Trusted);
