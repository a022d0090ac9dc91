namespace Perb.Benchmarks;

/// <summary>Measured values, sorted: means hide the bad ones.</summary>
internal sealed class Distribution(IEnumerable<double> values)
{
    private readonly double[] _sorted = [.. values.Order()];

    public double Median => At(0.5);

    public double P95 => At(0.95);

    /// <summary>Nearest rank: always a value that was measured.</summary>
    private double At(double share) => _sorted[Math.Max(0, (int)Math.Ceiling(share * _sorted.Length) - 1)];
}
