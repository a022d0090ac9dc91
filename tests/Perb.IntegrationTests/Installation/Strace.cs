using System.ComponentModel;
using CliWrap;
using CliWrap.Buffered;

namespace Perb.IntegrationTests.Installation;

/// <summary>A program that watches the calls of another, or makes them fail.</summary>
internal static class Strace
{
    /// <summary>Skips the test where it is missing or may not trace, as in some containers.</summary>
    public static async Task RequireAsync()
    {
        try
        {
            var tried = await new Command("strace").WithArguments(["-f", "-o", "/dev/null", "true"])
                .WithValidation(CommandResultValidation.None).ExecuteBufferedAsync(TestContext.Current.CancellationToken);
            Assert.SkipUnless(tried.ExitCode == 0, $"nothing can be traced here: {tried.StandardError}");
        }
        catch (Win32Exception)
        {
            Assert.Skip("there is no strace: ./test installs it");
        }
    }
}
