using System.ComponentModel;
using CliWrap;
using CliWrap.Buffered;
using Perb.IntegrationTests.Transfer;
using Perb.TestKit;

namespace Perb.IntegrationTests.Packaging;

/// <summary>The package as <c>packaging/build-deb</c> makes it, in the version of this checkout and in a later one. Each is built when first asked for.</summary>
public sealed class BuiltPackages : IDisposable
{
    public const string LaterVersion = "99.0.0";

    private readonly SemaphoreSlim _turn = new(1);
    private string? _current;
    private string? _later;

    public Task<string> CurrentAsync() => BuildOnceAsync(() => _current, path => _current = path);

    public Task<string> LaterAsync() => BuildOnceAsync(() => _later, path => _later = path, "--version", LaterVersion);

    /// <summary>Runs a program of this machine to its end; null where there is none.</summary>
    public static async Task<Ended?> TryRunAsync(string program, params string[] arguments)
    {
        try
        {
            var ended = await new Command(program).WithArguments(arguments)
                .WithValidation(CommandResultValidation.None).ExecuteBufferedAsync(TestContext.Current.CancellationToken);
            return new Ended(ended.ExitCode, ended.StandardOutput, ended.StandardError);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<string> BuildOnceAsync(Func<string?> built, Action<string> keep, params string[] arguments)
    {
        Assert.SkipUnless(await TryRunAsync("dpkg-deb", "--version") is not null, "a package is built on Debian only: there is no dpkg-deb");
        await _turn.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (built() is null)
            {
                keep((await TryRunAsync(Repository.PathOf("packaging", "build-deb"), arguments))!.Ok().Output.Trim());
            }

            return built()!;
        }
        finally
        {
            _turn.Release();
        }
    }
}
