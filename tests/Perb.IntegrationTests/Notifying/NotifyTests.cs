using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.TestKit.Http;

namespace Perb.IntegrationTests.Notifying;

/// <summary>The real program tells real receivers: a TLS server, and a program in sendmail's place.</summary>
public sealed class NotifyTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task A_remote_that_is_refused_is_told_once_also_across_a_restart_and_its_end_when_it_is_mended()
    {
        using var authority = new TestAuthority();
        await using var receiver = new ScriptedNode(authority.Issue(), _ => RawAnswer.Json("{}"));
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        Configure(perb, authority, Webhook(perb, receiver));
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        var foreign = Path.Combine(perb.RemoteFolder, "perb.json");
        await File.WriteAllTextAsync(foreign, """{ "format": 1, "installation": "another" }""", TestContext.Current.CancellationToken);

        await using (var service = perb.Run())
        {
            await service.SaysAsync("Notified by webhook: Perb on pve1: trouble with remote offsite");
            await service.KillAsync();
        }

        await using (var service = perb.Run())
        {
            await service.SaysAsync("on node pve1");
            File.Delete(foreign);
            (await perb.RunAsync("retry", "--all")).Ok();
            await service.SaysAsync($"Published {name}");
            await service.SaysAsync("Notified by webhook: Perb on pve1: over: trouble with remote offsite");
            Assert.Equal(0, await service.TerminateAsync());
        }

        var told = receiver.Requests.Select(request => JsonNode.Parse(request.BodyText)!).ToList();
        Assert.Equal(["alarm", "over"], told.Select(body => (string?)body["event"]));
        var alarm = told[0]["raised"]![0]!;
        Assert.Equal(("PERB-REMOTE-01", "remote offsite"), ((string?)alarm["code"], (string?)alarm["subject"]));
        Assert.Contains("belongs to another installation", (string?)alarm["text"], StringComparison.Ordinal);
        Assert.All(receiver.Requests, request => Assert.Equal("s3cret", request.Header("X-Key")));
    }

    [Fact]
    public async Task A_receiver_that_hangs_delays_neither_shipping_nor_other_receivers_nor_the_stop()
    {
        using var authority = new TestAuthority();
        var never = new TaskCompletionSource();
        await using var hanging = new ScriptedNode(authority.Issue(), _ => RawAnswer.None with { After = never.Task });
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var mailed = Sendmail(perb, exitCode: 0);
        Configure(perb, authority, Webhook(perb, hanging), Mail(perb));
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        var foreign = Path.Combine(perb.RemoteFolder, "perb.json");
        await File.WriteAllTextAsync(foreign, """{ "format": 1, "installation": "another" }""", TestContext.Current.CancellationToken);

        await using var service = perb.Run();
        await service.SaysAsync("Notified by mail: Perb on pve1: trouble with remote offsite");
        File.Delete(foreign);
        (await perb.RunAsync("retry", "--all")).Ok();
        await service.SaysAsync($"Published {name}");

        Assert.Equal(0, await service.TerminateAsync());
        Assert.DoesNotContain("Notified by webhook", service.Output, StringComparison.Ordinal);
        Assert.Contains("Subject: Perb on pve1: trouble with remote offsite", await File.ReadAllTextAsync(mailed, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.06:00:00", "/check", "1 guests inside their RPO, 0 outside")]
    [InlineData("00:01:00", "/check/fail", "0 guests inside their RPO, 1 outside")]
    public async Task A_ping_says_that_all_is_well_only_where_every_guest_is_safe(string rpo, string target, string expected)
    {
        using var authority = new TestAuthority();
        var called = new TaskCompletionSource<RawRequest>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = new ScriptedNode(authority.Issue(), request =>
        {
            if (request.Target == target && request.BodyText.Contains("published", StringComparison.Ordinal))
            {
                called.TrySetResult(request);
            }

            return RawAnswer.Json("OK");
        });
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, "web");
        perb.AddArchive(101, TimeSpan.FromHours(1));
        (await perb.RunAsync("once")).Ok();
        Configure(perb, authority, JsonNode.Parse($$"""{ "Kind": "ping", "Url": "{{receiver.Url}}check", "CaFile": "{{perb.PathOf("ca.pem")}}" }""")!);
        var settings = JsonNode.Parse(await File.ReadAllTextAsync(perb.Configuration, TestContext.Current.CancellationToken))!;
        settings["Perb"]!["Rpo"] = rpo;
        perb.WriteConfiguration(settings.ToJsonString());

        await using var service = perb.Run();
        var request = await called.Task.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.StartsWith(expected, request.BodyText, StringComparison.Ordinal);
        Assert.Equal(0, await service.TerminateAsync());
        Assert.DoesNotContain(receiver.Requests, other => other.Target == (target == "/check" ? "/check/fail" : "/check"));
    }

    [Fact]
    public async Task A_new_installation_calls_nobody_before_it_has_seen_its_guests()
    {
        using var authority = new TestAuthority();
        var called = new TaskCompletionSource<RawRequest>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = new ScriptedNode(authority.Issue(), request =>
        {
            called.TrySetResult(request);
            return RawAnswer.Json("OK");
        });
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddContainer(101, "web");
        Configure(perb, authority, JsonNode.Parse($$"""{ "Kind": "ping", "Url": "{{receiver.Url}}check", "CaFile": "{{perb.PathOf("ca.pem")}}" }""")!);

        await using var service = perb.Run();
        var first = await called.Task.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal("/check", first.Target);
        Assert.Equal(0, await service.TerminateAsync());
    }

    [Fact]
    public async Task A_test_says_for_every_entry_what_became_of_it()
    {
        using var authority = new TestAuthority();
        await using var receiver = new ScriptedNode(authority.Issue(), request => request.Target.Contains("refusing", StringComparison.Ordinal)
            ? RawAnswer.Json("no", 403, "No")
            : RawAnswer.Json("{}"));
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var mailed = Sendmail(perb, exitCode: 0);
        Configure(perb, authority, Mail(perb), Webhook(perb, receiver));

        var good = await perb.RunAsync("notify", "--test");
        Assert.True(good.ExitCode == 0, good.Output + good.Errors);
        Assert.Equal(["mail (mail): taken over by", "webhook (webhook): taken over by"], good.Output.Trim().Split('\n').Select(line => string.Join(' ', line.Split(' ')[..5])));
        var mail = await File.ReadAllTextAsync(mailed, TestContext.Current.CancellationToken);
        Assert.StartsWith("-i\n-f\nperb\n--\nroot@example.org\n\n", mail, StringComparison.Ordinal);
        Assert.Contains("Subject: Perb on pve1: test\n", mail, StringComparison.Ordinal);

        Sendmail(perb, exitCode: 75);
        var refusing = Webhook(perb, receiver);
        refusing["Url"] = $"{receiver.Url}refusing";
        Configure(perb, authority, Mail(perb), refusing);
        var bad = await perb.RunAsync("notify", "--test", "--json");
        Assert.Equal(1, bad.ExitCode);
        var results = JsonNode.Parse(bad.Output)!.AsArray();
        Assert.Equal(["fail", "fail"], results.Select(result => (string?)result!["result"]));
        Assert.Contains("ended with 75: the queue is full", (string?)results[0]!["text"], StringComparison.Ordinal);
        Assert.Contains("answered 403", (string?)results[1]!["text"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_cannot_be_tested_is_said_in_one_line()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);

        var none = await perb.RunAsync("notify", "--test");
        Assert.Equal(1, none.ExitCode);
        OneLine.In(none, "Perb:Notify has no entry");
        var nothing = await perb.RunAsync("notify");
        Assert.Equal(2, nothing.ExitCode);
        OneLine.In(nothing, "--test");

        perb.Configure(("Notify", new JsonArray(JsonNode.Parse("""{ "Kind": "slack", "UrlFile": "/nowhere/url" }"""))));
        Assert.Equal(78, (await perb.RunAsync("notify", "--test")).ExitCode);
        var service = await perb.RunAsync("run");
        Assert.Equal(78, service.ExitCode);
        Assert.Contains("Perb:Notify:0:UrlFile: /nowhere/url", service.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await perb.RunAsync("once")).ExitCode); // shipping needs nobody who is told
    }

    private static void Configure(PerbInstallation perb, TestAuthority authority, params JsonNode[] entries)
    {
        File.WriteAllText(perb.PathOf("ca.pem"), authority.Pem);
        perb.Configure(
            ("Notify", new JsonArray(entries)),
            ("Alarms", JsonNode.Parse("""{ "Gather": "00:00:00", "Spacing": "00:00:00", "Quiet": "00:00:00" }""")));
    }

    private static JsonNode Webhook(PerbInstallation perb, ScriptedNode receiver) => JsonNode.Parse($$"""
        { "Kind": "webhook", "Url": "{{receiver.Url}}", "CaFile": "{{perb.PathOf("ca.pem")}}", "HeaderFile": "{{perb.WriteSecret("headers", "X-Key: s3cret\n")}}" }
        """)!;

    private static JsonNode Mail(PerbInstallation perb) =>
        JsonNode.Parse($$"""{ "Kind": "mail", "To": [ "root@example.org" ], "Program": "{{perb.PathOf("sendmail")}}" }""")!;

    /// <summary>Writes its arguments and what it is given into a file.</summary>
    private static string Sendmail(PerbInstallation perb, int exitCode)
    {
        var (program, mailed) = (perb.PathOf("sendmail"), perb.PathOf("mailed"));
        File.Delete(mailed);
        File.WriteAllText(program, $"""
            #!/bin/sh
            printf '%s\n' "$@" '' >> {mailed}
            cat >> {mailed}
            [ {exitCode} = 0 ] || echo 'the queue is full' >&2
            exit {exitCode}

            """);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return mailed;
    }
}
