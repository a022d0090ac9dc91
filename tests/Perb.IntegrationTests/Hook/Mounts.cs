using System.Diagnostics;

namespace Perb.IntegrationTests.Hook;

/// <summary>A file system of a test's own, where the tests may mount one.</summary>
internal sealed class Mount : IDisposable
{
    private Mount(string path) => Path = path;

    public string Path { get; }

    /// <summary>In memory, with this many bytes at most.</summary>
    public static Mount Memory(string path, string options) => At(path, "-t", "tmpfs", "-o", options, "none");

    public static Mount At(string path, params string[] arguments)
    {
        Directory.CreateDirectory(path);
        Assert.SkipUnless(Succeeds("mount", [.. arguments, path]), "nothing can be mounted here");
        return new Mount(path);
    }

    public static bool Succeeds(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true,
        })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    /// <summary>Lazily, so that what a failed test left open does not keep the folder.</summary>
    public void Dispose() => HookUnderTest.Run("umount", ["-l", Path]);
}

/// <summary>A disk that can be stopped: whoever writes to it hangs, as on a dead network share.</summary>
internal sealed class LoopMount : IDisposable
{
    private readonly Mount _mount;

    private LoopMount(Mount mount) => _mount = mount;

    public string Path => _mount.Path;

    public static LoopMount At(string path)
    {
        var image = path + ".image";
        using (var file = File.Create(image))
        {
            file.SetLength(4 << 20);
        }

        Assert.SkipUnless(Mount.Succeeds("mkfs.ext4", "-q", "-F", image), "no file system can be made here");
        return new LoopMount(Mount.At(path, "-o", "loop", image));
    }

    /// <summary>Until it is disposed of.</summary>
    public IDisposable Freeze()
    {
        Assert.SkipUnless(Mount.Succeeds("fsfreeze", "--freeze", Path), "no file system can be frozen here");
        return new Thaw(Path);
    }

    public void Dispose() => _mount.Dispose();

    private sealed class Thaw(string path) : IDisposable
    {
        public void Dispose() => HookUnderTest.Run("fsfreeze", ["--unfreeze", path]);
    }
}
