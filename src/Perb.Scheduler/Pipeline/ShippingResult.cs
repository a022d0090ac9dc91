using Perb.Scheduler.Backups;

namespace Perb.Scheduler.Pipeline;

/// <summary>How a run over everything that can be shipped ended (<c>perb once</c>).</summary>
/// <param name="Published">Backups that are copies now.</param>
/// <param name="Failed">Backups that need a person.</param>
/// <param name="Waiting">Backups or remotes that a later run may serve.</param>
/// <param name="Refused">Remotes that only a change of configuration can open.</param>
public sealed record ShippingResult(int Published = 0, int Failed = 0, int Waiting = 0, int Refused = 0)
{
    /// <summary>Counts one backup; null is success.</summary>
    public ShippingResult With(Failure? failure) => failure switch
    {
        null => this with { Published = Published + 1 },
        { ConcernsAll: true } => this with { Waiting = Waiting + 1 }, // whether the remote itself is refused shows at its next opening
        { Kind: FailureKind.NeedsOperator or FailureKind.Unexpected } => this with { Failed = Failed + 1 },
        _ => this with { Waiting = Waiting + 1 },
    };

    public ShippingResult WithRefusal(Failure failure) => failure.Kind == FailureKind.NeedsOperator
        ? this with { Refused = Refused + 1 }
        : this with { Waiting = Waiting + 1 };

    public static ShippingResult operator +(ShippingResult one, ShippingResult other) => new(
        one.Published + other.Published, one.Failed + other.Failed, one.Waiting + other.Waiting, one.Refused + other.Refused);
}
