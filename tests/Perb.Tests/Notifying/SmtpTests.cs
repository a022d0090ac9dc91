using System.Text;
using Microsoft.Extensions.Time.Testing;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Notifying;
using Perb.Tests.Discovery;

namespace Perb.Tests.Notifying;

/// <summary>Mail to a server that speaks the protocol.</summary>
public sealed class SmtpTests
{
    [Fact]
    public async Task A_message_arrives_for_everybody_who_is_to_have_it()
    {
        await using var server = new FakeMailServer();

        await SendAsync(server);

        Assert.Contains("MAIL FROM:<perb@example.org>", server.Commands.Select(command => command.Split("> ")[0] + (command.Contains("> ", StringComparison.Ordinal) ? ">" : "")));
        Assert.Equal(["RCPT TO:<a@example.org>", "RCPT TO:<b@example.org>"], server.Commands.Where(command => command.StartsWith("RCPT", StringComparison.Ordinal)));
        var mail = Assert.Single(server.Mails);
        Assert.Contains("Subject: Perb on pve1: test", mail, StringComparison.Ordinal);
        Assert.Contains("Nothing is wrong.", mail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_sender_the_nodes_own_server_completes_it()
    {
        await using var server = new FakeMailServer();

        await SendAsync(server, from: null);

        Assert.Contains(server.Commands, command => command.StartsWith("MAIL FROM:<perb>", StringComparison.Ordinal));
        Assert.Single(server.Mails);
    }

    [Fact]
    public async Task A_password_is_told_where_one_is_configured()
    {
        await using var server = new FakeMailServer();

        await SendAsync(server, password: "pass word");

        Assert.Contains($"AUTH PLAIN {Convert.ToBase64String(Encoding.UTF8.GetBytes("\0perb\0pass word"))}", server.Commands);
    }

    [Theory]
    [InlineData("RCPT", "550 5.1.1 no such user here", "no such user here")]
    [InlineData("MAIL", "451 4.3.0 try later", "try later")]
    [InlineData("AUTH", "535 5.7.8 wrong\u001b[2J", "wrong")]
    [InlineData(".", "554 5.6.0 spam", "spam")]
    [InlineData("EHLO", "what?", ":")]
    public async Task A_refusal_is_one_line_with_what_the_server_said(string command, string answer, string expected)
    {
        await using var server = new FakeMailServer(new Dictionary<string, string> { [command] = answer });

        var fault = (await Assert.ThrowsAsync<NotifyException>(() => SendAsync(server, password: "s3cret"))).Message;

        Assert.StartsWith($"127.0.0.1:{server.Port}: ", fault, StringComparison.Ordinal);
        Assert.Contains(expected, fault, StringComparison.Ordinal);
        Assert.DoesNotContain(fault, char.IsControl);
        Assert.DoesNotContain("s3cret", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_must_encrypt_and_cannot_is_told_nothing()
    {
        await using var server = new FakeMailServer();

        await Assert.ThrowsAsync<NotifyException>(() => SendAsync(server, startTls: true, password: "s3cret"));

        Assert.DoesNotContain(server.Commands, command => command.StartsWith("AUTH", StringComparison.Ordinal));
        Assert.Empty(server.Mails);
    }

    [Fact]
    public async Task A_server_that_hangs_is_left_after_a_minute()
    {
        var time = new FakeTimeProvider(Archives.Now);
        await using var server = new FakeMailServer(new Dictionary<string, string> { ["MAIL"] = "" });

        var sending = SendAsync(server, time: time);
        await server.Silent.Task.WaitAsync(TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(61));

        Assert.Contains("did not take the mail within", (await Assert.ThrowsAsync<NotifyException>(() => sending)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_said()
    {
        int port;
        await using (var server = new FakeMailServer())
        {
            port = server.Port;
        }

        var fault = await Assert.ThrowsAsync<NotifyException>(() => Notifier(port, false, null, TimeProvider.System)
            .SendAsync(NotificationText.Test("pve1", Archives.Now), TestContext.Current.CancellationToken));
        Assert.Contains("refused", fault.Message, StringComparison.Ordinal);
    }

    private static Task SendAsync(
        FakeMailServer server, bool startTls = false, string? password = null, TimeProvider? time = null, string? from = "Perb <perb@example.org>") =>
        Notifier(server.Port, startTls, password, time ?? TimeProvider.System, from)
            .SendAsync(NotificationText.Test("pve1", Archives.Now), TestContext.Current.CancellationToken);

    private static SmtpNotifier Notifier(int port, bool startTls, string? password, TimeProvider time, string? from = null) => new(
        new NotifySection("smtp", NotifyKind.Smtp)
        {
            To = ["A <a@example.org>", "b@example.org"],
            From = from,
            Host = "127.0.0.1",
            Port = port,
            StartTls = startTls,
            User = password is null ? null : "perb",
        },
        password,
        time);
}
