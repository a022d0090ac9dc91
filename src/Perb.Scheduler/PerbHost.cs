using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Perb.ProxmoxClient;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Scheduling;
using Perb.Scheduler.Store;
using Perb.Transfer.Keys;
using Perb.Transfer.Rclone;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler;

/// <summary>The composition root: every part, by hand, on one screen.</summary>
internal static class PerbHost
{
    /// <summary>Opens what the parts rest on and puts them together; nothing runs yet.</summary>
    /// <exception cref="ConfigurationException">Secret, CA file, recipients or store cannot be used.</exception>
    public static async Task<IHost> BuildAsync(
        Settings settings, StateDirectory state, LogTarget logTarget, CancellationToken cancellationToken)
    {
        var options = settings.Options;
        var time = TimeProvider.System;
        var proxmox = Connect(settings);
        var database = await Database.OpenForServiceAsync(options.StorePath, cancellationToken);
        var pipelineStore = new PipelineStore(database, time);
        var recipients = LoadRecipients(options, time, await pipelineStore.RecipientsInUseAsync(cancellationToken));

        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "perb" });
        var services = builder.Services;
        services.AddSystemd();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(60));
        services.AddPerbLogging(settings, logTarget);

        services.AddSingleton(options).AddSingleton(options.Encryption).AddSingleton(options.Staging);
        services.AddSingleton(time);
        services.AddSingleton(state).AddSingleton(database).AddSingleton(pipelineStore);
        services.AddSingleton<DiscoveryStore>().AddSingleton<StatusStore>().AddSingleton<Troubles>();

        services.AddSingleton(proxmox).AddSingleton<ProxmoxApi>();
        services.AddSingleton(new DumpListing(options.TimeZone));
        services.AddSingleton(new DiscoveryDiff(new CatchUpPolicy(options.Discovery), [.. options.Remotes.Select(remote => remote.Name)]));
        services.AddSingleton(provider => new VzdumpTasks(provider.GetRequiredService<ProxmoxApi>(), options.Proxmox.Node));
        services.AddSingleton<StorageListing>().AddSingleton<ArchiveDiscovery>();

        services.AddSingleton(recipients);
        services.AddSingleton(new RcloneOptions
        {
            Program = options.Rclone.Program,
            ConfigFile = options.Rclone.ConfigFile,
            StallTimeout = options.Rclone.StallTimeout,
            Environment = options.Rclone.Environment,
        });
        services.AddSingleton<RcloneProgram>().AddSingleton<VolumeSealer>();
        services.AddSingleton<IReadOnlyList<Remote>>([.. options.Remotes.Select(remote => new Remote(
            remote.Name, RemotePath.Parse(remote.Path), remote.Verify, new TransferLimits(remote.BandwidthLimit)))]);

        services.AddSingleton<WakeUp>().AddSingleton<Activities>().AddSingleton<StagingArea>();
        services.AddSingleton(new SealerSlots(options.Staging.Sealers));
        services.AddSingleton(new RetryPolicy(new Random().NextDouble));
        services.AddSingleton<LookAtRemote>().AddSingleton<AdoptPublished>().AddSingleton<PlanSealing>().AddSingleton<SealVolume>().AddSingleton<UploadVolume>();
        services.AddSingleton<UploadSmallObject>().AddSingleton<CarryVolume>().AddSingleton<ShipClaim>().AddSingleton<VerifyObject>().AddSingleton<PublishManifest>().AddSingleton<BackupPipeline>();
        services.AddSingleton<RemoteGate>().AddSingleton<LeaseKeeper>().AddSingleton<Preflight>().AddSingleton<TakeOver>();
        services.AddSingleton<IReadOnlyList<BackupWorker>>(provider =>
            [.. provider.GetRequiredService<IReadOnlyList<Remote>>().Select(remote => ActivatorUtilities.CreateInstance<BackupWorker>(
                provider, remote, ActivatorUtilities.CreateInstance<RemoteDoor>(provider, remote)))]);

        services.AddSingleton<JobBoundary>().AddHostedService<ShippingLoops>().AddSingleton<ProgressLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<ProgressLoop>());
        services.AddSchedule(options);
        return builder.Build();
    }

    private static HttpClient Connect(Settings settings)
    {
        var proxmox = settings.Options.Proxmox;
        try
        {
            return ProxmoxConnection.Open(new ProxmoxOptions
            {
                Url = proxmox.Url,
                TokenId = proxmox.TokenId,
                Secret = new ApiSecret(SecretFile.Read("Perb:Proxmox:TokenSecretFile", proxmox.TokenSecretFile, settings.File)),
                CaFile = proxmox.CaFile,
                Fingerprints = proxmox.Fingerprints,
            });
        }
        catch (ProxmoxException exception)
        {
            throw new ConfigurationException(exception.Message);
        }
    }

    private static IReadOnlyList<Recipient> LoadRecipients(PerbOptions options, TimeProvider time, IReadOnlySet<string> inUse)
    {
        try
        {
            return RecipientKeys.Load(options.Encryption.Recipients, time.GetUtcNow(), inUse);
        }
        catch (RecipientException exception)
        {
            throw new ConfigurationException([.. exception.Faults.Select(fault => $"Perb:Encryption:Recipients: {fault.File}: {fault.Reason}")]);
        }
    }
}
