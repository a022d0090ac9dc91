namespace Perb.Transfer.Rclone;

/// <summary>How far one copy is, as rclone sees it; a display, never a proof.</summary>
public sealed record TransferProgress(long Bytes, long TotalBytes, double BytesPerSecond, TimeSpan? Eta);
