using System.Text.Json.Serialization;

namespace Perb.Scheduler.Wishes;

public enum WishKind
{
    Ship,
    Skip,
    Retry,
    Prune,
    Retire,
    Forget,
    Verify,
}

/// <summary>What a person asks for on the command line, as it is carried out by whoever holds the state directory's lock.</summary>
public sealed record Wish(WishKind Kind)
{
    /// <summary>Absolute: the service has another working directory.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    public IReadOnlyList<int> Guests { get; init; } = [];

    public IReadOnlyList<string> Remotes { get; init; } = [];

    /// <summary>Ids of backups.</summary>
    public IReadOnlyList<long> Backups { get; init; } = [];

    /// <summary>Of <see cref="WishKind.Retry"/>: whatever failed or waits.</summary>
    public bool All { get; init; }

    /// <summary>Of <see cref="WishKind.Prune"/> and <see cref="WishKind.Verify"/>: also where it concerns more than half of a remote.</summary>
    public bool Yes { get; init; }

    /// <summary>Of <see cref="WishKind.Verify"/>: by content.</summary>
    public bool Download { get; init; }

    /// <summary>Of <see cref="WishKind.Retire"/>.</summary>
    public bool Undo { get; init; }

    /// <summary><c>skip 17 18</c></summary>
    public string InWords() => string.Join(
        ' ', [Kind.Word(), .. All ? ["--all"] : Paths.Select(path => $"{path}").Concat(Guests.Select(guest => $"{guest}")).Concat(Backups.Select(id => $"{id}"))]);
}

/// <summary>What became of a wish: which backups it concerns now, or why nothing was done.</summary>
public sealed record WishOutcome
{
    /// <summary>Whoever follows watches these.</summary>
    public IReadOnlyList<long> Backups { get; init; } = [];

    /// <summary>Those of them that were copies already.</summary>
    public IReadOnlyList<long> Already { get; init; } = [];

    /// <summary>One line for each archive that cannot be shipped because its name is taken; the others are.</summary>
    public IReadOnlyList<string> Conflicts { get; init; } = [];

    /// <summary>One line for each reason why nothing at all was done.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// <summary>Null, or a document of its own that the command prints: the decisions of a prune.</summary>
    public string? Document { get; init; }

    /// <summary>How the command ends where there are faults or a document.</summary>
    public ExitCode Code { get; init; } = ExitCode.Ok;

    public static WishOutcome Refused(ExitCode code, params IReadOnlyList<string> faults) => new() { Code = code, Faults = faults };
}

/// <summary>The words of the store and of the command line.</summary>
public static class WishKinds
{
    public static string Word(this WishKind kind) => kind switch
    {
        WishKind.Ship => "ship",
        WishKind.Skip => "skip",
        WishKind.Retry => "retry",
        WishKind.Prune => "prune",
        WishKind.Retire => "retire",
        WishKind.Forget => "forget",
        WishKind.Verify => "verify",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}

/// <summary>
/// Wishes are carried out one after the other in two rows: what takes hours on a remote does not hold up what is a matter of the store.
/// </summary>
public enum WishRow
{
    /// <summary>Ship, skip, retry, retire.</summary>
    Quick,

    /// <summary>Prune, forget, verify.</summary>
    Slow,
}

[JsonSerializable(typeof(Wish))]
[JsonSerializable(typeof(WishOutcome))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
internal sealed partial class WishJson : JsonSerializerContext;
