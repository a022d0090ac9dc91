using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Installation;

/// <summary>One installation for the tests of a class that leave it as it was; each configures it for itself.</summary>
public sealed class SharedInstallation : IAsyncLifetime
{
    private readonly SharedKey _key = new();

    public PerbInstallation Perb { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Perb = await PerbInstallation.StartAsync(_key, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Perb.DisposeAsync();
        _key.Dispose();
    }
}
