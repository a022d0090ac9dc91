namespace Perb.Transfer.Unpacking;

/// <summary>A regular file in a tar.</summary>
/// <param name="Name">A plain file name: never a path, never one of the special ones.</param>
public sealed record TarEntry(string Name, long SizeBytes, DateTimeOffset ModifiedAt);
