using System.CommandLine;
using Perb.Transfer.Hashing;
using Perb.Transfer.Sealing;

namespace Perb.Benchmarks.Sealing;

/// <summary>The command lines of <c>seal</c> and of the processes that it starts.</summary>
internal static class SealCommands
{
    public static Command Seal(Func<ParseResult, Func<CancellationToken, Task<Report>>, CancellationToken, Task<int>> run)
    {
        var size = new Option<int>("--mebibytes") { Description = "size of the archive", DefaultValueFactory = _ => 2048 };
        var rounds = new Option<int>("--rounds") { Description = "how often each contender runs", DefaultValueFactory = _ => 3 };
        var disk = new Option<DirectoryInfo>("--disk")
        {
            Description = "a directory on a disk, for the runs that are not in memory",
            DefaultValueFactory = _ => new DirectoryInfo("/var/tmp"),
        };
        var huge = new Option<bool>("--huge") { Description = "also the memory that a sparse archive of 20 GiB takes" };
        var seal = new Command("seal", "sealing beside gpg, age, BouncyCastle and the limits of OpenSSL") { size, rounds, disk, huge };
        seal.SetAction((parsed, token) => run(
            parsed,
            stop => SealBenchmark.RunAsync(
                (long)parsed.GetValue(size) << 20, parsed.GetValue(rounds), parsed.GetValue(disk)!, parsed.GetValue(huge), stop),
            token));
        return seal;
    }

    public static IEnumerable<Command> Contenders()
    {
        var source = new Option<FileInfo>("--source") { Required = true };
        var output = new Option<DirectoryInfo>("--output") { Required = true };
        var key = new Option<FileInfo>("--key") { Required = true };
        var packet = new Option<PacketKind>("--packet");
        var sealers = new Option<int>("--sealers");
        var also = new Option<HashKind?>("--also");
        var discard = new Option<bool>("--discard");

        var seal = new Command("seal-once") { source, output, key, packet, sealers, also, discard };
        seal.Hidden = true;
        seal.SetAction((parsed, token) => SealOnce.RunAsync(
            new SealOrder(
                parsed.GetValue(source)!, parsed.GetValue(output)!, parsed.GetValue(key)!, parsed.GetValue(packet), parsed.GetValue(sealers),
                parsed.GetValue(also), parsed.GetValue(discard)),
            token));
        yield return seal;

        var library = new Command("bouncycastle-once") { source, output, key };
        library.Hidden = true;
        library.SetAction(parsed => BouncyCastleOnce.Run(parsed.GetValue(source)!, parsed.GetValue(output)!, parsed.GetValue(key)!));
        yield return library;
    }
}
