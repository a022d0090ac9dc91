using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Pipeline;
using Perb.TestKit;
using Perb.Tests.Discovery;
using Perb.Tests.Store;
using Perb.Transfer.Rclone;
using Perb.Transfer.Signing;

namespace Perb.Tests.Pipeline;

public sealed class PublishSignatureTests : IAsyncLifetime
{
    private static readonly Remote Remote = new("r", RemotePath.Parse("r:perb"), VerifyLevel.Hash, new TransferLimits(null));

    private readonly FakeRclone _fake = new();
    private TestStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await TestStore.OpenAsync();
        await _store.AddAsync(Archives.Found());
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _fake.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_signature_of_a_manifest_that_appeared_meanwhile_is_not_touched(bool signs)
    {
        var claim = await _store.ClaimAsync();
        var name = claim.Backup.RemoteName;
        _fake.Answers("lsjson", $$"""
            [ {"Name":"perb.json","Size":1,"IsDir":false}, {"Name":"{{name}}.sums","Size":1,"IsDir":false}, {"Name":"{{name}}.sums.sig","Size":1,"IsDir":false} ]
            """);
        var key = signs
            ? await NewSigningKey.CreateAsync(Path.Combine(_store.Folder, "signing.asc"), "Perb", _store.Time.GetUtcNow(), TestStore.Stop)
            : null;

        var conflict = await Assert.ThrowsAsync<NameConflictException>(
            () => Publisher(key).RunAsync(claim, new ReadyRemote(Remote, null), [1], TestStore.Stop));

        Assert.Contains($"r:perb/{name}.sums appeared", conflict.Message, StringComparison.Ordinal);
        Assert.False(_fake.HasRun("copyto"));
        Assert.False(_fake.HasRun("deletefile"));
    }

    // Nothing is placed here.
    private PublishSignature Publisher(SigningKey? key)
    {
        var rclone = new RcloneProgram(_fake.Options, TimeProvider.System, NullLogger<RcloneProgram>.Instance);
        return new PublishSignature(
            new LookAtRemote(rclone), rclone, null!, new ManifestSigning(key, TrustedSigners.Load([], key, _store.Time.GetUtcNow())), _store.Time);
    }
}
