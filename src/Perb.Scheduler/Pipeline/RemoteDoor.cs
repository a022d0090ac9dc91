using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Pipeline;

/// <summary>One remote's gate, asked once and again after each sign that something is wrong there; what it says is shown as trouble.</summary>
public sealed class RemoteDoor(Remote remote, RemoteGate gate, Troubles troubles)
{
    private ReadyRemote? _ready;

    /// <summary>Why the remote could not be opened the last time, or null.</summary>
    public Failure? Refusal { get; private set; }

    /// <summary>Null where the remote cannot be used now.</summary>
    public async Task<ReadyRemote?> OpenAsync(CancellationToken cancellationToken)
    {
        if (_ready is not null)
        {
            return _ready;
        }

        try
        {
            _ready = await gate.OpenAsync(remote, cancellationToken);
            Refusal = null;
            await troubles.SetAsync(Troubles.OfRemote(remote.Name), null, cancellationToken);
        }
        catch (Exception exception) when (exception is RcloneException or ConfigurationException or IOException or UnauthorizedAccessException)
        {
            await CloseAsync(Failure.From(exception));
        }

        return _ready;
    }

    /// <summary>A backup failed in a way that every other would: ask the remote again before the next.</summary>
    public async Task CloseAsync(Failure failure)
    {
        _ready = null;
        Refusal = failure;
        await troubles.SetAsync(Troubles.OfRemote(remote.Name), failure.Text, CancellationToken.None, needsPerson: failure.Kind == FailureKind.NeedsOperator);
    }
}
