#pragma warning disable RS0030 // The node renames as vzdump and pvedaemon do: plain rename(2), no fsync. Only this file does.
namespace Perb.Simulation;

/// <summary>Whole files or none: readers of the node's directory never meet half a file.</summary>
internal static class AtomicFile
{
    public static void Write(string path, string text)
    {
        var partial = $"{path}.tmp.{Environment.ProcessId}";
        File.WriteAllText(partial, text);
        Rename(partial, path);
    }

    public static void Rename(string from, string to) => File.Move(from, to, overwrite: true);
}
