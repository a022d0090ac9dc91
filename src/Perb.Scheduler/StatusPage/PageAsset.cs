using System.Reflection;

namespace Perb.Scheduler.StatusPage;

/// <summary>A file that is served as it is, out of this program.</summary>
internal sealed record PageAsset(string ContentType, byte[] Content)
{
    /// <summary>By path.</summary>
    public static IReadOnlyDictionary<string, PageAsset> LoadAll() => new Dictionary<string, PageAsset>
    {
        ["/app.css"] = Load("app.css", "text/css; charset=utf-8"),
        ["/app.js"] = Load("app.js", "text/javascript; charset=utf-8"),
        ["/icon.svg"] = Load("icon.svg", "image/svg+xml"),
    };

    private static PageAsset Load(string name, string contentType)
    {
        var assembly = Assembly.GetExecutingAssembly();
        var resource = assembly.GetManifestResourceNames().Single(resource => resource.EndsWith($"Assets.{name}", StringComparison.Ordinal));
        using var stream = assembly.GetManifestResourceStream(resource)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return new PageAsset(contentType, content);
    }
}
