using System.Diagnostics;
using System.Text;
using Perb.IntegrationTests.Signing;

namespace Perb.IntegrationTests.Transfer;

/// <summary>How a program ended.</summary>
public sealed record Ended(int ExitCode, string Output, string Errors)
{
    public Ended Ok() => ExitCode == 0 ? this : throw new InvalidOperationException($"exit {ExitCode}: {Errors}{Output}");
}

/// <summary>A gpg with a key ring of its own, in a temporary folder; its agent ends with it.</summary>
public sealed class GpgHome : IDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly GpgVersion _version;

    /// <summary>Skips the test where this gpg is not here.</summary>
    public GpgHome(GpgVersion version = GpgVersion.Installed)
    {
        version.Require();
        _version = version;
        _folder = Directory.CreateTempSubdirectory("perb-gpg-");
    }

    public string Folder => _folder.FullName;

    /// <summary>Where programs are looked for, so that this gpg is the first.</summary>
    public string Path => (_version.Folder() is { } first ? first + System.IO.Path.PathSeparator : "") + Environment.GetEnvironmentVariable("PATH");

    /// <summary>Runs gpg without a question; <paramref name="input"/> answers those of <c>--command-fd 0</c>.</summary>
    public Ended Run(string[] arguments, string input = "") => Start(
        System.IO.Path.Combine(_version.Folder() ?? "", "gpg"),
        ["--batch", "--no-tty", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", "--trust-model", "always", .. arguments],
        System.IO.Path.GetTempPath(),
        input);

    /// <summary>What gpg does where nobody asks for anything: how a message to this key is packed.</summary>
    public string OwnMessage(string[] fingerprints, params string[] options)
    {
        var message = System.IO.Path.Combine(Folder, "own.pgp");
        var clear = System.IO.Path.Combine(Folder, "clear");
        File.WriteAllText(clear, "content");
        Run([.. options, "--yes", "--output", message, .. fingerprints.SelectMany(key => new[] { "--recipient", key }), "--encrypt", clear]).Ok();
        return ListPackets(message);
    }

    /// <summary>Gives a key with its secret part to another home.</summary>
    public void Share(string fingerprint, GpgHome with)
    {
        var file = this.ExportSecret(fingerprint);
        with.Run(["--import", file]).Ok();
        File.Delete(file);
    }

    /// <summary>Runs a line as the documentation gives it to people.</summary>
    public Ended Bash(string line, string folder) => Start("bash", ["-c", line], folder, "");

    /// <summary>Makes a primary key and returns its fingerprint.</summary>
    public string Generate(string userId, string algorithm, string usage, string expire = "never", string at = "20240101T000000")
    {
        Run(["--faked-system-time", at + "!", "--quick-generate-key", userId, algorithm, usage, expire]).Ok();
        return Fingerprints(userId)[0];
    }

    /// <summary>Adds a subkey and returns its fingerprint.</summary>
    public string Add(string fingerprint, string algorithm, string usage, string expire = "never", string at = "20240102T000000")
    {
        Run(["--faked-system-time", at + "!", "--quick-add-key", fingerprint, algorithm, usage, expire]).Ok();
        return Fingerprints(fingerprint)[^1];
    }

    /// <summary>All fingerprints of a key, the primary's first.</summary>
    public List<string> Fingerprints(string key) =>
        [.. Run(["--with-colons", "--list-keys", key]).Ok().Output.Split('\n')
            .Where(line => line.StartsWith("fpr:", StringComparison.Ordinal))
            .Select(line => line.Split(':')[9])];

    /// <summary>Exports the public key to a file and returns its path.</summary>
    public string Export(string fingerprint, bool armored = true)
    {
        var file = System.IO.Path.Combine(Folder, fingerprint + (armored ? ".asc" : ".gpg"));
        Run([.. armored ? (string[])["--armor"] : [], "--yes", "--output", file, "--export", fingerprint]).Ok();
        return file;
    }

    /// <summary>The key id that gpg itself encrypts to, or null where it refuses.</summary>
    public string? Choice(string fingerprint)
    {
        var message = System.IO.Path.Combine(Folder, "choice.pgp");
        File.Delete(message);
        var clear = System.IO.Path.Combine(Folder, "clear");
        File.WriteAllText(clear, "content");
        return Run(["--output", message, "--recipient", fingerprint, "--encrypt", clear]).ExitCode != 0 ? null : KeyIds(message).Single();
    }

    /// <summary>The recipients' key ids in a message.</summary>
    public List<string> KeyIds(string message) =>
        [.. ListPackets(message).Split('\n')
            .Where(line => line.StartsWith(":pubkey enc packet:", StringComparison.Ordinal))
            .Select(line => line[^16..])];

    // Without the secret key gpg lists the outer packets and ends with an error; the list is what is wanted.
    public string ListPackets(string message) => Run(["--list-packets", message]).Output;

    public void Dispose()
    {
        Start("gpgconf", ["--kill", "all"], System.IO.Path.GetTempPath(), "");
        _folder.Delete(recursive: true);
    }

    private Ended Start(string program, string[] arguments, string folder, string input)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.Latin1,
        };
        start.Environment["GNUPGHOME"] = Folder;
        if (_version.Folder() is { } first)
        {
            start.Environment["PATH"] = first + System.IO.Path.PathSeparator + start.Environment["PATH"];
        }

        start.Environment["LC_ALL"] = "C.UTF-8";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Ended(process.ExitCode, output, errors.Result);
    }
}
