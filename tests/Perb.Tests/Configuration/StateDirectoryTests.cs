using Perb.Scheduler;
using Perb.Scheduler.Configuration;
using Perb.Transfer.Staging;

namespace Perb.Tests.Configuration;

public sealed class StateDirectoryTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-state-");

    private string IdFile => Path.Combine(_folder.FullName, "installation-id");

    private PerbOptions Options => Some.Options() with
    {
        StateDirectory = _folder.FullName,
        StorePath = Path.Combine(_folder.FullName, "perb.db"),
    };

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_installation_id_is_made_once_and_kept()
    {
        var first = await IdAsync();

        Assert.Equal(32, first.Length);
        Assert.Equal(first, await IdAsync());
        Assert.Equal(first + "\n", await File.ReadAllTextAsync(IdFile, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_a_power_cut_left_of_a_first_start_is_begun_anew()
    {
        File.WriteAllText(IdFile, "");
        File.WriteAllText(IdFile + StagedFile.PartialSuffix, "12");

        Assert.Equal(32, (await IdAsync()).Length);
        Assert.False(File.Exists(IdFile + StagedFile.PartialSuffix));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1234")]
    public async Task A_damaged_id_beside_a_store_is_one_clear_line_and_leaves_the_lock_free(string content)
    {
        File.WriteAllText(IdFile, content);
        File.WriteAllText(Options.StorePath, "");

        var fault = await Assert.ThrowsAsync<ConfigurationException>(IdAsync);

        Assert.StartsWith($"{IdFile} does not hold an installation id: ", Assert.Single(fault.Faults), StringComparison.Ordinal);
        Assert.False(StateDirectory.IsOwned(_folder.FullName));
    }

    [Fact]
    public async Task Of_two_only_one_owns_it()
    {
        using var first = await OwnAsync();

        Assert.NotNull(first);
        Assert.True(StateDirectory.IsOwned(_folder.FullName));
        Assert.Null(await OwnAsync());
    }

    [Fact]
    public async Task Somebody_who_only_looks_keeps_no_service_from_starting()
    {
        (await OwnAsync())!.Dispose();
        var look = new FileStream(Path.Combine(_folder.FullName, "perb.lock"), FileMode.Open, FileAccess.Read, FileShare.Read);

        var starting = OwnAsync();
        await look.DisposeAsync();

        using var owned = await starting;
        Assert.NotNull(owned);
    }

    private Task<StateDirectory?> OwnAsync() =>
        StateDirectory.TryOwnAsync(Options, TimeProvider.System, TestContext.Current.CancellationToken);

    private async Task<string> IdAsync()
    {
        using var state = await OwnAsync();
        return state!.InstallationId;
    }
}
