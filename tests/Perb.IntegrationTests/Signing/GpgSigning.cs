using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Signing;

/// <summary>What gpg does with signatures, for tests that have it as their measure.</summary>
internal static class GpgSigning
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>Exports the secret key to a file that is its owner's alone.</summary>
    public static string ExportSecret(this GpgHome gpg, string fingerprint, bool armored = true, bool subkeysOnly = false, string passphrase = "")
    {
        var file = Path.Combine(gpg.Folder, $"{fingerprint}-secret{(subkeysOnly ? "-subkeys" : "")}{(armored ? ".asc" : ".gpg")}");
        gpg.Run(
        [
            "--passphrase", passphrase, .. armored ? (string[])["--armor"] : [], "--yes", "--output", file,
            subkeysOnly ? "--export-secret-subkeys" : "--export-secret-keys", fingerprint,
        ]).Ok();
        File.SetUnixFileMode(file, OwnerOnly);
        return file;
    }

    /// <summary>A detached signature by this key (or, with an exclamation mark behind it, by exactly this subkey).</summary>
    public static byte[] Sign(this GpgHome gpg, string fingerprint, byte[] content, params string[] options)
    {
        var file = Path.Combine(gpg.Folder, "to-sign");
        File.WriteAllBytes(file, content);
        gpg.Run([.. options, "--yes", "--local-user", fingerprint, "--output", file + ".sig", "--detach-sign", file]).Ok();
        return File.ReadAllBytes(file + ".sig");
    }

    /// <summary>Runs the line that the README gives to people.</summary>
    public static Ended Verify(this GpgHome gpg, byte[] content, byte[] signature)
    {
        var file = Path.Combine(gpg.Folder, "to-verify");
        File.WriteAllBytes(file, content);
        File.WriteAllBytes(file + ".sig", signature);
        return gpg.Bash("gpg --verify to-verify.sig to-verify", gpg.Folder);
    }

    public static void Revoke(this GpgHome gpg, string fingerprint)
    {
        var revocation = File.ReadAllText(Path.Combine(gpg.Folder, "openpgp-revocs.d", fingerprint + ".rev"));
        var file = Path.Combine(gpg.Folder, "revocation.asc");
        File.WriteAllText(file, revocation.Replace(":-----BEGIN", "-----BEGIN", StringComparison.Ordinal));
        gpg.Run(["--import", file]).Ok();
    }

    public static void RevokeSubkey(this GpgHome gpg, string fingerprint, int number) =>
        gpg.Run(["--command-fd", "0", "--expert", "--edit-key", fingerprint], $"key {number}\nrevkey\ny\n0\n\ny\nsave\n").Ok();
}
