using System.Text.RegularExpressions;

namespace Perb.IntegrationTests.PowerLoss;

/// <summary>
/// Whether what a traced run of perb did would have survived a power cut at any instant: nothing rests on what is not on the disk yet. For a
/// trace of one backup, in which the page of the write-ahead log that first holds an event's kind and text is its record (in SQLite's rows
/// the texts of neighbouring columns touch).
/// </summary>
internal sealed partial class DurabilityAudit
{
    private readonly IReadOnlyList<SystemCall> _calls;
    private readonly List<string> _faults = [];

    private DurabilityAudit(IReadOnlyList<SystemCall> calls) => _calls = calls;

    /// <summary>One line each.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>How many rules had something to look at: an audit of nothing finds nothing.</summary>
    public int Checks { get; private set; }

    public static DurabilityAudit Of(IReadOnlyList<string> trace)
    {
        var audit = new DurabilityAudit(SystemCall.Parse(trace));
        audit.Run();
        return audit;
    }

    private void Run()
    {
        var renames = _calls.Where(call => call.Name.StartsWith("rename", StringComparison.Ordinal))
            .Select(call => (Call: call, Names: Rename().Match(call.Arguments)))
            .Where(rename => rename.Names.Success && rename.Call.Succeeded)
            .ToList();
        foreach (var (call, names) in renames)
        {
            AuditRename(call, names.Groups[1].Value, names.Groups[2].Value);
        }

        var volumes = renames.Select(rename => System.IO.Path.GetFileName(rename.Names.Groups[2].Value))
            .Where(name => name.EndsWith(".enc", StringComparison.Ordinal))
            .Distinct()
            .ToList();
        foreach (var volume in volumes)
        {
            AuditVolume(volume);
        }

        foreach (var sending in Sendings(".sums"))
        {
            RequireAll(volumes.Select(volume => $"verified{volume}"), sending, "the manifest is sent");
        }

        RequireAll(["Zpublished"], FirstWord("Published "), "it says so");
    }

    private void AuditRename(SystemCall rename, string partial, string final)
    {
        var folder = System.IO.Path.GetDirectoryName(final)!;
        var written = _calls.Where(call => call.Name.StartsWith("pwrite", StringComparison.Ordinal) && call.Path == partial && call.Begin < rename.Begin)
            .Select(call => call.End).DefaultIfEmpty(-1).Max();
        Require(IsSynced(partial, written, rename.Begin), $"{final} gets its name before its bytes are on the disk");

        // Whatever speaks of it first: the record of a volume, the rclone that sends a small object.
        var name = System.IO.Path.GetFileName(final);
        var rests = Records($"sealed{name}").Concat(Sendings(name)).Where(call => call.Begin > rename.Begin).Take(1);
        Require(
            rests.All(next => IsSynced(folder, rename.End, next.Begin)) && IsSynced(folder, rename.End, int.MaxValue),
            $"{final} is spoken of before its name is on the disk");
    }

    private void AuditVolume(string name)
    {
        foreach (var sending in Sendings(name))
        {
            RequireAll([$"sealed{name}"], sending, $"{name} is sent");
        }

        foreach (var deletion in _calls.Where(call => call.Name.StartsWith("unlink", StringComparison.Ordinal)
            && call.Arguments.Contains($"/{name}\"", StringComparison.Ordinal) && call.Succeeded))
        {
            RequireAll([$"uploaded{name}", $"verified{name}"], deletion, $"the staged {name} is deleted");
        }
    }

    private void RequireAll(IEnumerable<string> facts, SystemCall? effect, string what)
    {
        foreach (var fact in facts)
        {
            var record = Records(fact).FirstOrDefault();
            Require(
                effect is not null && record is not null && IsSynced(record.Path, record.End, effect.Begin),
                $"\"{fact}\" is not on the disk when {what}");
        }
    }

    private void Require(bool holds, string fault)
    {
        Checks++;
        if (!holds)
        {
            _faults.Add(fault);
        }
    }

    private bool IsSynced(string path, int after, int before) => _calls.Any(call =>
        call.Name is "fsync" or "fdatasync" && call.Succeeded && call.Path == path && call.Begin > after && call.End < before);

    private IEnumerable<SystemCall> Records(string fact) => _calls.Where(call =>
        call.Name == "pwrite64" && call.Path.EndsWith("-wal", StringComparison.Ordinal) && call.Arguments.Contains(fact, StringComparison.Ordinal));

    private IEnumerable<SystemCall> Sendings(string nameEnd) => _calls.Where(call =>
        call.Name == "execve" && call.Arguments.Contains("\"copyto\"", StringComparison.Ordinal)
        && call.Arguments.Contains($"{nameEnd}\"", StringComparison.Ordinal));

    private SystemCall? FirstWord(string word) => _calls.FirstOrDefault(call =>
        call.Name == "write" && call.Arguments.Contains(word, StringComparison.Ordinal));

    [GeneratedRegex("""\A(?:[^"]*, )?"([^"]*\.partial)", (?:[^"]*, )?"([^"]*)"(?:, .*)?\z""")]
    private static partial Regex Rename();
}
