namespace Perb.Benchmarks.Sealing;

/// <summary>One way from an archive to an encrypted file, as the command of a process of its own.</summary>
internal sealed record Contender(string Name, IReadOnlyList<string> Command)
{
    public const string GpgDefault = "tar | gpg (PERB)";
    public const string Gpg = "tar | gpg -z0";
    public const string Mdc1 = "Perb mdc, 1 sealer";
    public const string Mdc2 = "Perb mdc, 2 sealers";
    public const string Ocb1 = "Perb ocb, 1 sealer";
    public const string Ocb2 = "Perb ocb, 2 sealers";

    // What it wrote is on the disk when it ends, as with every sealed volume of Perb.
    private const string Pipe = "set -o pipefail; source=$1 output=$2; shift 2; tar -C \"${source%/*}\" -cf - \"${source##*/}\" | \"$@\" > \"$output\" && sync \"$output\"";

    public static IReadOnlyList<Contender> All(SealFiles files, string ageRecipient)
    {
        IReadOnlyList<string> gpg = ["gpg", "--batch", "--quiet", "--trust-model", "always", "--recipient", files.Fingerprint, "--encrypt"];
        return
        [
            Piped(files, GpgDefault, gpg),
            Piped(files, Gpg, [.. gpg, "--compress-algo", "none"]),
            Piped(files, "tar | age", ["age", "--recipient", ageRecipient]),
            Own(files, "BouncyCastle's generator", "bouncycastle-once"),
            Perb(files, Mdc1, "mdc", 1),
            Perb(files, Mdc2, "mdc", 2),
            Perb(files, Ocb1, "ocb", 1),
            Perb(files, Ocb2, "ocb", 2),
            Perb(files, "Perb ocb, 1 sealer, also MD5", "ocb", 1, "--also", "md5"),
        ];
    }

    public static Contender Perb(SealFiles files, string name, string packet, int sealers, params string[] more) =>
        Own(files, name, "seal-once", ["--packet", packet, "--sealers", $"{sealers}", .. more]);

    private static Contender Own(SealFiles files, string name, string command, params string[] more) =>
        new(name, [Environment.ProcessPath!, command, "--source", files.Source, "--output", files.Output, "--key", files.Key, .. more]);

    private static Contender Piped(SealFiles files, string name, IReadOnlyList<string> encrypt) =>
        new(name, ["bash", "-c", Pipe, "bash", files.Source, Path.Combine(files.Output, "piped"), .. encrypt]);
}
