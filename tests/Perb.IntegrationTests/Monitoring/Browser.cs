using System.Collections.Concurrent;
using PuppeteerSharp;

namespace Perb.IntegrationTests.Monitoring;

/// <summary>A headless Chromium of the system, and what it complained of.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium";

    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly IBrowser _browser;

    private Browser(IBrowser browser) => _browser = browser;

    /// <summary>Errors in the console: a policy that was broken, a script that failed, something that was not there.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    public static async Task<Browser> StartAsync()
    {
        Assert.SkipUnless(File.Exists(Program), "there is no Chromium: ./test --all installs it");
        return new Browser(await Puppeteer.LaunchAsync(new LaunchOptions
        {
            ExecutablePath = Program,
            Headless = true,
            AcceptInsecureCerts = true,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"], // root has no sandbox there
        }));
    }

    public async Task<IPage> OpenAsync(Uri url, string scheme = "light", int width = 1100, int height = 800)
    {
        var page = await _browser.NewPageAsync();
        page.Console += (_, said) =>
        {
            if (said.Message.Type == ConsoleType.Error)
            {
                _complaints.Enqueue(said.Message.Text);
            }
        };
        page.PageError += (_, error) => _complaints.Enqueue(error.Message);
        await page.SetViewportAsync(new ViewPortOptions { Width = width, Height = height, IsMobile = width < 600 });
        await page.EmulateMediaFeaturesAsync([new MediaFeatureValue { MediaFeature = MediaFeature.PrefersColorScheme, Value = scheme }]);
        await page.GoToAsync(url.AbsoluteUri, WaitUntilNavigation.DOMContentLoaded);
        return page;
    }

    public async ValueTask DisposeAsync() => await _browser.DisposeAsync();
}
