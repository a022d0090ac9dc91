using Perb.Scheduler.Discovery;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler.Pipeline;

/// <summary>The open descriptors of an archive and, since vzdump removes them together, of its log and notes.</summary>
internal sealed class HeldArchive(FoundArchive archive, SourceArchive source) : IDisposable
{
    private List<SourceArchive> _companions = [];

    public FoundArchive Archive => archive;

    public SourceArchive Source => source;

    public SourceArchive? CompanionAt(string path) => _companions.Find(companion => companion.Path == path);

    /// <summary>Takes over what is there now; what is gone by now stays as it was.</summary>
    public void Renew(IReadOnlyCollection<SourceArchive> companions)
    {
        var kept = _companions.Where(old => companions.All(companion => companion.Path != old.Path)).ToList();
        _companions.Except(kept).ToList().ForEach(old => old.Dispose());
        _companions = [.. kept, .. companions];
    }

    public void Dispose()
    {
        source.Dispose();
        _companions.ForEach(companion => companion.Dispose());
    }
}
