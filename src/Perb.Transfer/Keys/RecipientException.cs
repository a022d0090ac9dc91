namespace Perb.Transfer.Keys;

/// <summary>At least one key file cannot be encrypted to.</summary>
public sealed class RecipientException(IReadOnlyList<KeyFault> faults) : KeyFileException("recipient", faults);
