using System.ComponentModel;
using System.Diagnostics;
using Perb.Transfer.Rclone;

namespace Perb.Transfer.Decrypting;

/// <summary>
/// Starts gpg on one message. It keeps this program's terminal, so that agent, passphrase prompt and smart card work as they do when a person
/// calls it.
/// </summary>
internal static class GpgProgram
{
    private const string Program = "gpg";
    private const int Interrupted = 128 + 2;

    /// <param name="options">What it is to say, and where.</param>
    /// <param name="file">The message; null: it is fed to standard input.</param>
    /// <exception cref="DecryptionException">There is no gpg.</exception>
    public static Process Decrypt(IReadOnlyList<string> options, string? file)
    {
        var program = ProgramFile.Find(Program, ProgramFile.SearchPath)
            ?? throw new DecryptionException("gpg is not installed: apt install gnupg", keyIsMissing: true);
        var message = file is null ? "-" : Path.GetFullPath(file);
        var start = new ProcessStartInfo(program, ["--quiet", .. options, "--decrypt", "--", message])
        {
            UseShellExecute = false,
            RedirectStandardInput = file is null,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (file is null && Terminal() is { } terminal)
        {
            start.Environment.TryAdd("GPG_TTY", terminal); // the agent asks for a passphrase there; gpg itself looks at its standard input
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new DecryptionException($"gpg cannot be started: {exception.Message}", keyIsMissing: true);
        }
    }

    /// <exception cref="OperationCanceledException">Somebody pressed Ctrl-C: the terminal sends it to gpg, too.</exception>
    public static void ThrowIfInterrupted(Process ended)
    {
        if (ended.ExitCode == Interrupted)
        {
            throw new OperationCanceledException("gpg was interrupted");
        }
    }

    private static string? Terminal() =>
        Console.IsInputRedirected ? null : new FileInfo("/proc/self/fd/0").LinkTarget;
}
