using Perb.Simulation.Access;
using Perb.Simulation.Guests;
using Perb.Simulation.Http;
using Perb.Simulation.Storage;
using Perb.Simulation.Tasks;
using Perb.Simulation.Vzdump;

namespace Perb.Simulation;

/// <summary>What a node consists of; endpoints and backup runs get all of it.</summary>
internal sealed record NodeParts(
    SimulatedNodeOptions Options,
    NodeClock Clock,
    AccessControl Access,
    Storages Storages,
    GuestList Guests,
    BackupJobs Jobs,
    TaskHistory Tasks,
    NodeCertificates Certificates,
    VzdumpLock VzdumpLock)
{
    public string Name => Options.NodeName;
}
