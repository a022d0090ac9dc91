using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Restore;

/// <summary>The built program on a machine that has a key ring and rclone, and nothing of Perb's.</summary>
internal static class RestoreCall
{
    /// <summary>What the program must find: its own rclone configuration and no Perb's.</summary>
    public static Dictionary<string, string?> Environment(GpgHome gpg) => new()
    {
        ["PERB_CONFIG"] = null,
        ["RCLONE_CONFIG"] = "/dev/null",
        ["GNUPGHOME"] = gpg.Folder,
        ["PATH"] = gpg.Path,
    };

    public static Task<Ended> RunAsync(GpgHome gpg, params string[] arguments) =>
        PerbProcess.RunAsync(arguments, Environment(gpg), under: [], TestContext.Current.CancellationToken);

    /// <summary>As one remote or the other: read where it is, or fetched.</summary>
    public static string RemoteOf(this Workplace place, bool isFetched) => (isFetched ? ":local:" : "") + place.Staging;

    public static JsonNode Document(this Ended ended) => JsonNode.Parse(ended.Ok().Output)!;

    /// <summary>Nothing that looks like an archive, its log or its notes, whatever else.</summary>
    public static void AssertNothingRestored(this Workplace place) =>
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(place.Restored), path => Path.GetFileName(path).StartsWith("vzdump-", StringComparison.Ordinal));

    /// <summary>Archive, log and notes, and nothing beside them.</summary>
    public static void AssertRestoredAlone(this Workplace place)
    {
        place.AssertRestored();
        Assert.Equal(3, Directory.GetFileSystemEntries(place.Restored).Length);
        Assert.All(
            Directory.GetFiles(place.Restored),
            file => Assert.Equal(Seconds(File.GetLastWriteTimeUtc(place.Archive)), Seconds(File.GetLastWriteTimeUtc(file))));
    }

    private static long Seconds(DateTime utc) => new DateTimeOffset(utc, TimeSpan.Zero).ToUnixTimeSeconds();
}
