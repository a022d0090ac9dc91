using System.Text;
using Perb.Transfer.Rclone;

namespace Perb.TestKit;

/// <summary>
/// An executable that plays rclone. Each instance is one scenario folder; the script itself is part of the checkout, since a
/// file that this process has just written can be "busy" when it is executed.
/// </summary>
public sealed class FakeRclone : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-fake-rclone-");

    public static string Program { get; } = Repository.PathOf("tests", "Perb.TestKit", "FakeRclone", "fake-rclone");

    public string ConfigFile => Path.Combine(_folder.FullName, "rclone.conf");

    public RcloneOptions Options => new() { Program = Program, ConfigFile = ConfigFile };

    /// <summary>What a sub-command prints and ends with.</summary>
    public FakeRclone Answers(string command, string stdout = "", string stderr = "", int exitCode = 0)
    {
        Write(command, "stdout", stdout);
        Write(command, "stderr", stderr);
        Write(command, "exit", $"{exitCode}\n");
        return this;
    }

    /// <summary>
    /// What a sub-command does after it has printed: <c>hang</c>, <c>stubborn</c> (hang and ignore SIGINT), <c>tidy</c> (hang,
    /// and tidy up on SIGINT), <c>die</c>, <c>babble</c>, <c>babble-errors</c>.
    /// </summary>
    public FakeRclone Behaves(string command, string behaviour)
    {
        Write(command, "behaviour", behaviour + "\n");
        return this;
    }

    public bool HasTidied(string command) => File.Exists(FileOf(command, "tidied"));

    public bool HasRun(string command) => File.Exists(FileOf(command, "argv"));

    public IReadOnlyList<string> ArgumentsOf(string command) => Items(command, "argv");

    public IReadOnlyList<string> EnvironmentOf(string command) => Items(command, "environment");

    public void Dispose() => _folder.Delete(recursive: true);

    private string[] Items(string command, string kind) =>
        Encoding.UTF8.GetString(File.ReadAllBytes(FileOf(command, kind))).Split('\0')[..^1];

    private void Write(string command, string kind, string text) => File.WriteAllText(FileOf(command, kind), text);

    private string FileOf(string command, string kind) => Path.Combine(_folder.FullName, $"{command}.{kind}");
}
