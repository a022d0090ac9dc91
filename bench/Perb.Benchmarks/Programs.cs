namespace Perb.Benchmarks;

/// <summary>The built programs beside this one, found from where it lies: artifacts/bin/PROJECT/CONFIGURATION.</summary>
internal sealed record Programs(string Perb, string SimulatedNode)
{
    /// <param name="perb">Another build of perb than the one beside this; null: that one.</param>
    public static Programs Built(FileInfo? perb) =>
        new(perb?.FullName ?? Find("Perb.Scheduler", "perb"), Find("Perb.SimulatedNode", "perb-simulated-node"));

    private static string Find(string project, string program)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var path = Path.Combine(own.Parent!.Parent!.FullName, project, own.Name, program);
        return File.Exists(path) ? path : throw new BenchmarkException($"there is no {path}: run it by bench/run, which builds it");
    }
}

/// <summary>The benchmark could not be carried out; one line says why.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
