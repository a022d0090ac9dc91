using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.TestKit;

namespace Perb.IntegrationTests.Monitoring;

/// <summary>The page as the running service serves it, over HTTP.</summary>
public sealed class StatusPageTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const string Token = "0123456789abcdef0123456789abcdef";
    private const string Name = "web-that-is-mine";

    [Fact]
    public async Task The_page_shows_a_guest_becoming_safe_and_changes_nothing()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, Name);
        await using var page = await ServedPage.StartAsync(perb, ("Status:GuestNames", true));
        await Eventually.HoldsAsync("the guest is seen", async () => (await page.ReadAsync("/")).Contains("1 of 1 guests is not safe offsite", StringComparison.Ordinal));
        Assert.Contains(Name, await page.ReadAsync("/"), StringComparison.Ordinal);

        await perb.BackUpAsync(TestContext.Current.CancellationToken, 101);
        await page.Service.SaysAsync("Published 101-");
        await Eventually.HoldsAsync("the guest is safe", async () => (await page.ReadAsync("/")).Contains("The guest is safe offsite", StringComparison.Ordinal));

        Assert.Equal("ok\n", await page.ReadAsync("/healthz"));
        using var head = await page.SendAsync(HttpMethod.Head, "/");
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Empty(await head.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        foreach (var method in (HttpMethod[])[HttpMethod.Post, HttpMethod.Put, HttpMethod.Delete, HttpMethod.Options])
        {
            Assert.Equal(HttpStatusCode.MethodNotAllowed, await page.CodeAsync(method, "/"));
        }

        Assert.Equal(HttpStatusCode.NotFound, await page.CodeAsync(HttpMethod.Get, "/../../etc/passwd"));
        Assert.Equal(HttpStatusCode.NotFound, await page.CodeAsync(HttpMethod.Get, "/login"));
        Assert.Equal(0, await page.Service.TerminateAsync());
    }

    [Fact]
    public async Task Every_answer_forbids_what_a_page_like_this_never_needs()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await using var page = await ServedPage.StartAsync(perb);
        foreach (var path in (string[])["/", "/metrics", "/app.js", "/app.css", "/icon.svg", "/nothing"])
        {
            using var answer = await page.SendAsync(HttpMethod.Get, path);
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.False(answer.Headers.Contains("Server"));
            Assert.True(answer.Headers.CacheControl!.NoStore);
        }

        // A page of somebody else whose name was given this address.
        Assert.Equal(HttpStatusCode.MisdirectedRequest, await page.CodeAsync(HttpMethod.Get, "/", request => request.Headers.Host = "evil.example.org"));
        Assert.Equal(HttpStatusCode.OK, await page.CodeAsync(HttpMethod.Get, "/", request => request.Headers.Host = "pve1:9443"));
        Assert.Equal(
            HttpStatusCode.RequestHeaderFieldsTooLarge, await page.CodeAsync(HttpMethod.Get, "/", request => request.Headers.Add("X-Long", new string('x', 20_000))));
        Assert.Equal(HttpStatusCode.RequestUriTooLong, await page.CodeAsync(HttpMethod.Get, "/" + new string('x', 5000)));
    }

    [Fact]
    public async Task Events_tell_of_an_upload_while_it_goes_on_and_no_more_than_sixteen_listen()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var rclone = perb.ConfigureFaulty(("Status:Listen", "127.0.0.1:0"));
        var release = perb.PathOf("release");
        rclone.Holds("*copyto*001-of-003*", release);
        var name = perb.AddArchive(100, TimeSpan.FromHours(1), 10_000_000); // before the first reconcile: no task tells of it
        await using var page = await ServedPage.OfAsync(perb);
        using var answer = await page.SendAsync(HttpMethod.Get, "/events");
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        using var events = new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

        var line = (await UntilAsync(events, live => live["working"]!.AsArray() is [{ } one] && ((string)one["what"]!).StartsWith("upload", StringComparison.Ordinal)))["working"]![0]!;
        Assert.Equal((name, "offsite", "upload of volume 1/3"), ((string)line["backup"]!, (string)line["remote"]!, (string)line["what"]!));
        Assert.Contains(name, await page.ReadAsync("/"), StringComparison.Ordinal);

        File.WriteAllText(release, "");
        await page.Service.SaysAsync($"Published {name}");
        await UntilAsync(events, live => live["working"]!.AsArray().Count == 0);

        var others = new List<HttpResponseMessage>();
        for (var listener = 1; listener < 16; listener++)
        {
            others.Add(await page.SendAsync(HttpMethod.Get, "/events"));
        }

        Assert.All(others, other => Assert.Equal(HttpStatusCode.OK, other.StatusCode));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await page.CodeAsync(HttpMethod.Get, "/events"));
        others.ForEach(other => other.Dispose());
        await Eventually.HoldsAsync("there is room again", async () => await page.CodeAsync(HttpMethod.Get, "/events") == HttpStatusCode.OK);
        Assert.Equal(0, await page.Service.TerminateAsync()); // whoever listens does not hold it up
    }

    [Fact]
    public async Task With_a_secret_nothing_is_shown_without_it()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await using var page = await ServedPage.StartAsync(perb, ServedPage.Protect(perb, Token));
        Assert.Equal("https", page.Url.Scheme);

        using var first = await page.SendAsync(HttpMethod.Get, "/");
        Assert.Equal((HttpStatusCode.SeeOther, "/login"), (first.StatusCode, first.Headers.Location!.OriginalString));
        foreach (var path in (string[])["/metrics", "/healthz", "/events", "/app.js", "/nothing"])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await page.CodeAsync(HttpMethod.Get, path));
        }

        Assert.Equal(HttpStatusCode.OK, await page.CodeAsync(HttpMethod.Get, "/metrics", Bearing(Token)));
        Assert.Contains("<form", await page.ReadAsync("/login"), StringComparison.Ordinal);

        using var entered = await page.SendAsync(HttpMethod.Post, "/login", request => request.Content = Form(Token));
        var cookie = Assert.Single(entered.Headers.GetValues("Set-Cookie"));
        Assert.Equal(HttpStatusCode.SeeOther, entered.StatusCode);
        Assert.All((string[])["__Host-perb=", "; secure", "; httponly", "; samesite=strict", "; path=/"], part => Assert.Contains(part, cookie, StringComparison.OrdinalIgnoreCase));
        void Return(HttpRequestMessage request) => request.Headers.Add("Cookie", cookie.Split(';')[0]);
        Assert.Equal(HttpStatusCode.OK, await page.CodeAsync(HttpMethod.Get, "/", Return));

        for (var time = 0; time < 5; time++)
        {
            using var wrong = await page.SendAsync(HttpMethod.Post, "/login", request => request.Content = Form("wrong"));
            Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        }

        using var paused = await page.SendAsync(HttpMethod.Post, "/login", request => request.Content = Form(Token));
        Assert.Equal(HttpStatusCode.TooManyRequests, paused.StatusCode);
        Assert.InRange(paused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.TooManyRequests, await page.CodeAsync(HttpMethod.Get, "/metrics", Bearing(Token)));
        Assert.Equal(HttpStatusCode.OK, await page.CodeAsync(HttpMethod.Get, "/", Return));
        await page.Service.SaysAsync("gave a wrong secret");
        Assert.DoesNotContain(Token, page.Service.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_that_is_none_or_far_too_large_is_refused()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await using var page = await ServedPage.StartAsync(perb, ServedPage.Protect(perb, Token));

        Assert.Equal(HttpStatusCode.Unauthorized, await page.CodeAsync(HttpMethod.Post, "/login", request => request.Content = new StringContent(Token)));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await page.CodeAsync(HttpMethod.Post, "/login", request => request.Content = Form(new string('x', 5000))));
        Assert.Equal(HttpStatusCode.OK, await page.CodeAsync(HttpMethod.Get, "/metrics", Bearing(Token)));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_trouble_and_shipping_goes_on()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        perb.Configure(("Status:Listen", other.LocalEndpoint.ToString()));
        var name = perb.AddArchive(100, TimeSpan.FromHours(1));
        await using var service = perb.Run();
        await service.SaysAsync("Trouble with status page");

        await service.SaysAsync($"Published {name}");

        var trouble = Assert.Single((await perb.StatusAsync())["troubles"]!.AsArray())!;
        Assert.Equal("status page", (string)trouble["subject"]!);
        Assert.Contains(other.LocalEndpoint.ToString()!, (string)trouble["text"]!, StringComparison.Ordinal);
        Assert.Equal(0, await service.TerminateAsync());
    }

    [Fact]
    public async Task An_address_that_is_not_of_this_machine_is_trouble_too()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.Configure([("Status:Listen", "192.0.2.7:9443"), .. ServedPage.Protect(perb, Token)]);
        await using var service = perb.Run();

        await service.SaysAsync("Trouble with status page: 192.0.2.7:9443 cannot be listened on");
        Assert.Equal(0, await service.TerminateAsync());
    }

    [Fact]
    public async Task Files_that_cannot_be_used_end_the_start_with_all_their_faults()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var files = ServedPage.Protect(perb, "short");
        perb.WriteSecret("page.key", "no key");
        perb.Configure([("Status:Listen", "0.0.0.0:0"), .. files]);

        var ended = await perb.RunAsync("run");

        Assert.Equal(78, ended.ExitCode);
        OneLine.NoTrace(ended);
        Assert.Contains("Perb:Status:TokenFile: ", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("openssl rand -hex 32", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("Perb:Status:CertificateFile: ", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_key_nothing_listens()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await using var service = perb.Run();
        await service.SaysAsync("Remote offsite is ready");

        Assert.DoesNotContain("status page", service.Output, StringComparison.Ordinal);
        Assert.Equal(0, await service.TerminateAsync());
    }

    private static Action<HttpRequestMessage> Bearing(string token) => request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);

    private static FormUrlEncodedContent Form(string token) => new([KeyValuePair.Create("token", token)]);

    private static async Task<JsonNode> UntilAsync(StreamReader events, Func<JsonNode, bool> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        while (await events.ReadLineAsync(deadline.Token) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal) && JsonNode.Parse(line["data: ".Length..])! is var live && condition(live))
            {
                return live;
            }
        }

        throw new InvalidOperationException("the stream ended");
    }
}
