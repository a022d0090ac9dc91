using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.TestKit;
using PuppeteerSharp;

namespace Perb.IntegrationTests.Monitoring;

/// <summary>The page in a real Chromium: what a person sees, and what a hostile name does not get to do.</summary>
[Trait("Suite", "long")]
public sealed class BrowserTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const string Evil = "<img src=x onerror=document.title='taken'><script>document.title='taken'</script>";
    private const string Token = "0123456789abcdef0123456789abcdef";

    [Fact]
    public async Task The_page_shows_the_queue_live_and_becomes_safe_by_itself()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, "web");
        var rclone = perb.ConfigureFaulty(("Status:Listen", "127.0.0.1:0"), ("Status:GuestNames", true));
        var release = perb.PathOf("release");
        rclone.Holds("*copyto*.enc*", release);
        await using var served = await ServedPage.OfAsync(perb);
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(served.Url);
        await SaysAsync(page, "#guests", "web");
        await SaysAsync(page, "[role=status]", "1 of 1 guests is not safe offsite");
        await page.EvaluateExpressionAsync("window.wasHereBefore = true");
        await page.FocusAsync(".guests tbody summary");

        await perb.BackUpAsync(TestContext.Current.CancellationToken, 101);
        await SaysAsync(page, "#working", "upload of volume 1/1");
        Assert.Equal(1, await page.EvaluateExpressionAsync<int>("document.querySelectorAll('#working progress').length"));

        File.WriteAllText(release, "");
        await SaysAsync(page, "[role=status]", "The guest is safe offsite");
        await SaysAsync(page, "#waiting", "0");
        await SaysAsync(page, ".guests td.s", "shipped");
        Assert.Equal("SUMMARY", await page.EvaluateExpressionAsync<string>("document.activeElement.tagName")); // where the keyboard was
        Assert.Equal(0, await page.EvaluateExpressionAsync<int>("document.querySelectorAll('#working li').length"));
        Assert.True(await page.EvaluateExpressionAsync<bool>("window.wasHereBefore === true")); // it was not loaded anew
        Assert.Empty(browser.Complaints);
    }

    [Fact]
    public async Task A_page_that_hears_nothing_any_more_says_so_and_is_not_green_until_it_does()
    {
        const string isOffline = "String(getComputedStyle(document.getElementById('offline')).display !== 'none')";
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, "web");
        await using var served = await ServedPage.StartAsync(perb, ("Status:GuestNames", true));
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(served.Url);
        await SaysAsync(page, "#guests", "web");
        Assert.Equal("false", await page.EvaluateExpressionAsync<string>(isOffline));

        await page.SetOfflineModeAsync(true);
        await Eventually.HoldsAsync("the page says that it has no connection", async () =>
        {
            await page.EvaluateExpressionAsync("heardAt -= 100000"); // as after a minute and a half; a last event may still have been on its way
            return await page.EvaluateExpressionAsync<string>(isOffline) == "true";
        });
        Assert.Equal(
            await page.EvaluateExpressionAsync<string>("getComputedStyle(document.querySelector('.small')).color"),
            await page.EvaluateExpressionAsync<string>("getComputedStyle(document.querySelector('[role=status]')).color"));

        await page.SetOfflineModeAsync(false);
        await Eventually.HoldsAsync("the page has a connection again", async () => await page.EvaluateExpressionAsync<string>(isOffline) == "false");
    }

    [Fact]
    public async Task A_line_that_says_what_is_wrong_does_not_take_the_page_away()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, "web");
        await using var served = await ServedPage.StartAsync(perb, ("Status:GuestNames", true));
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(served.Url);
        await SaysAsync(page, "#guests", "web");
        await page.SetRequestInterceptionAsync(true);
        page.Request += async (_, asked) => await asked.Request.RespondAsync(
            new ResponseData { Status = System.Net.HttpStatusCode.ServiceUnavailable, ContentType = "text/plain", Body = "the store cannot be read" });

        await page.EvaluateExpressionAsync("window.wasHereBefore = true; refresh()");
        await Eventually.HoldsAsync("the page was asked for", () => page.EvaluateExpressionAsync<bool>("!isRefreshing"));

        Assert.True(await page.EvaluateExpressionAsync<bool>("window.wasHereBefore === true"));
        await SaysAsync(page, "#guests", "web");
    }

    [Fact]
    public async Task A_hostile_name_is_shown_and_does_nothing()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, Evil);
        await using var served = await ServedPage.StartAsync(perb, ("Status:GuestNames", true));
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(served.Url);

        await SaysAsync(page, ".name", Evil[..60]);

        Assert.Equal(0, await page.EvaluateExpressionAsync<int>("document.querySelectorAll('img, main script').length"));
        Assert.DoesNotContain("taken", await page.EvaluateExpressionAsync<string>("document.title"), StringComparison.Ordinal);
        Assert.Empty(browser.Complaints);
    }

    [Fact]
    public async Task What_would_be_markup_is_refused_by_the_browser_too()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await using var served = await ServedPage.StartAsync(perb);
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(served.Url);

        const string attempt = "(() => { try { document.body.innerHTML = '<b>x</b>'; return 'written'; } catch (error) { return error.name; } })()";
        Assert.Equal("TypeError", await page.EvaluateExpressionAsync<string>(attempt));
        await page.EvaluateExpressionAsync("""
            const inline = document.createElement("p");
            inline.setAttribute("style", "position: fixed");
            inline.id = "styled";
            document.body.append(inline);
            """);
        Assert.Equal("static", await page.EvaluateExpressionAsync<string>("getComputedStyle(document.getElementById('styled')).position"));
    }

    [Theory]
    [InlineData("light", 1100, 800)]
    [InlineData("dark", 1100, 800)]
    [InlineData("light", 360, 740)]
    [InlineData("dark", 360, 740)]
    [InlineData("light", 320, 568)]
    public async Task It_fits_its_window_and_wears_its_colours(string scheme, int width, int height)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, new string('w', 63));
        perb.AddMachine(100_000_001, "database-primary");
        perb.AddArchive(101, TimeSpan.FromHours(50));
        await using var served = await ServedPage.StartAsync(perb, ("Status:GuestNames", true));
        await served.Service.SaysAsync("Published 101-");
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(served.Url, scheme, width, height);
        await SaysAsync(page, "#guests", "database-primary");

        Assert.Equal(0, await page.EvaluateExpressionAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth"));
        var background = await page.EvaluateExpressionAsync<int>("Number(getComputedStyle(document.body).backgroundColor.match(/[0-9]+/)[0])");
        Assert.True(scheme == "dark" ? background < 64 : background > 192, $"red is {background}");
        Assert.True(await page.EvaluateExpressionAsync<double>(Contrast) >= 4.5); // what WCAG asks of text
        await page.ScreenshotAsync(Repository.PathOf("artifacts", $"status-page-{scheme}-{width}.png"));
    }

    [Fact]
    public async Task It_can_be_used_by_the_keyboard_alone()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, "web");
        await using var served = await ServedPage.StartAsync(perb, ("Status:GuestNames", true));
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(served.Url);
        await SaysAsync(page, "#guests", "web");

        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("To the guests", await page.EvaluateExpressionAsync<string>("document.activeElement.textContent"));
        Assert.NotEqual("0px", await page.EvaluateExpressionAsync<string>("getComputedStyle(document.activeElement).outlineWidth"));
        await page.Keyboard.PressAsync("Enter");
        Assert.Equal("guests", await page.EvaluateExpressionAsync<string>("document.activeElement.id"));
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("SUMMARY", await page.EvaluateExpressionAsync<string>("document.activeElement.tagName"));
        await page.Keyboard.PressAsync("Enter");
        await SaysAsync(page, ".guests details[open]", "newest archive: none");
    }

    [Fact]
    public async Task A_person_enters_the_secret_once_and_no_script_can_read_what_it_was_given_for()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, "web");
        await using var served = await ServedPage.StartAsync(perb, [("Status:GuestNames", true), .. ServedPage.Protect(perb, Token)]);
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(served.Url);

        await page.Keyboard.TypeAsync("wrong");
        await page.Keyboard.PressAsync("Enter");
        await SaysAsync(page, "[role=alert]", "That is not the secret.");
        await page.Keyboard.TypeAsync(Token);
        await page.Keyboard.PressAsync("Enter");
        await SaysAsync(page, "#guests", "web");

        Assert.Equal("", await page.EvaluateExpressionAsync<string>("document.cookie"));
        var cookie = Assert.Single(await page.GetCookiesAsync());
        Assert.True(cookie is { HttpOnly: true, Secure: true });
        await page.ReloadAsync();
        await SaysAsync(page, "#guests", "web");
        Assert.DoesNotContain(browser.Complaints, complaint => !complaint.Contains("401", StringComparison.Ordinal));
    }

    private static Task SaysAsync(IPage page, string selector, string text) => Eventually.HoldsAsync(
        $"{selector} says '{text}'",
        async () =>
        {
            try
            {
                var said = await page.EvaluateFunctionAsync<string>("selector => document.querySelector(selector)?.textContent ?? ''", selector);
                return said.Contains(text, StringComparison.Ordinal);
            }
            catch (PuppeteerException)
            {
                return false; // between two pages
            }
        });

    // Of the first line's colour on the page's, by the formula of WCAG 2.
    private const string Contrast = """
        (() => {
          const luminance = colour => colour.match(/[0-9.]+/g).slice(0, 3).map(Number)
            .map(part => part / 255).map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
            .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
          const back = luminance(getComputedStyle(document.body).backgroundColor);
          return Math.min(...[...document.querySelectorAll("[role=status], .small, h1, .name, summary")].map(element => luminance(getComputedStyle(element).color))
            .map(text => (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05)));
        })()
        """;
}
