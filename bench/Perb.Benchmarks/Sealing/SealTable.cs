using System.Globalization;

namespace Perb.Benchmarks.Sealing;

/// <summary>The contenders of one place side by side, with their ratios to <c>gpg -z0</c>, and the goals that rest on them.</summary>
internal sealed class SealTable(
    string where, long sizeBytes, IReadOnlyDictionary<string, TimedRun> medians, IReadOnlyDictionary<string, double> cached)
{
    private const double MebibytesPerGibibyte = 1024;
    private readonly double _mebibytes = sizeBytes / (double)(1 << 20);

    public double PeakOf(string contender) => medians[contender].PeakMebibytes;

    public void AddTo(Report report)
    {
        report.AddTable(
            [$"in {where}", "MiB/s", "CPU s/GiB", "x wall", "x CPU", "peak MiB", "cached MiB"],
            [.. medians.Select(entry => (IReadOnlyList<string>)
            [
                entry.Key,
                Number(_mebibytes / entry.Value.WallSeconds, "0"),
                Number(entry.Value.CpuSeconds / _mebibytes * MebibytesPerGibibyte, "0.00"),
                Number(Faster(entry.Key, Contender.Gpg), "0.00"),
                Number(Cpu(entry.Key), "0.00"),
                Number(entry.Value.PeakMebibytes, "0"),
                Number(cached[entry.Key], "0"),
            ])]);
        if (where != "memory")
        {
            return;
        }

        report.AddAtLeast("mdc, 1 sealer: wall, beside gpg -z0", Faster(Contender.Mdc1, Contender.Gpg), "x", 0.95);
        report.AddAtLeast("mdc, 2 sealers: wall, beside gpg -z0", Faster(Contender.Mdc2, Contender.Gpg), "x", 1.5);
        report.Add("mdc, 1 sealer: CPU, beside gpg -z0", Cpu(Contender.Mdc1), "x", below: 1.05);
        report.Add("mdc, 2 sealers: CPU, beside gpg -z0", Cpu(Contender.Mdc2), "x", below: 1.05);
        report.AddAtLeast("ocb, 1 sealer: wall, beside gpg -z0", Faster(Contender.Ocb1, Contender.Gpg), "x", 3);
        report.Add("ocb, 1 sealer: CPU, beside gpg -z0", Cpu(Contender.Ocb1), "x", below: 0.45);
        report.AddAtLeast("mdc, 1 sealer: wall, beside PERB's tar | gpg", Faster(Contender.Mdc1, Contender.GpgDefault), "x", 10);
        report.AddAtLeast("ocb, 1 sealer: wall, beside PERB's tar | gpg", Faster(Contender.Ocb1, Contender.GpgDefault), "x", 25);
        report.Add("peak RSS, Perb mdc, 1 sealer", PeakOf(Contender.Mdc1), "MiB", below: 128);
        report.Add("peak RSS, Perb ocb, 1 sealer", PeakOf(Contender.Ocb1), "MiB", below: 128);
    }

    private double Faster(string contender, string than) => medians[than].WallSeconds / medians[contender].WallSeconds;

    private double Cpu(string contender) => medians[contender].CpuSeconds / medians[Contender.Gpg].CpuSeconds;

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
