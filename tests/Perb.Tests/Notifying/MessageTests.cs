using System.Text;
using System.Text.Json.Nodes;
using MimeKit;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Notifying;
using Perb.Tests.Discovery;

namespace Perb.Tests.Notifying;

/// <summary>What leaves: mail and JSON, made from messages whose text is as hostile as it may be.</summary>
public sealed class MessageTests
{
    private const string Hostile = "a\r\nBcc: all@example.org\r\n\r\nb `@everyone` <!channel> <b>&\" {{node}} \u202E\u0000 ünï";

    [Fact]
    public async Task A_header_cannot_be_ended_by_what_stands_in_it()
    {
        using var message = MailText.Of(Message(), new NotifySection("mail", NotifyKind.Mail) { To = ["root@example.org"], From = "perb@example.org" });
        using var content = new MemoryStream();
        await message.WriteToAsync(content, TestContext.Current.CancellationToken);
        var text = Encoding.ASCII.GetString(content.ToArray());
        content.Position = 0;
        using var read = await MimeMessage.LoadAsync(content, TestContext.Current.CancellationToken);

        Assert.DoesNotContain("\nBcc", text.Split("\n\n")[0].Split("\r\n\r\n")[0], StringComparison.OrdinalIgnoreCase);
        Assert.Empty(read.Bcc);
        Assert.Equal("root@example.org", read.To.Mailboxes.Single().Address);
        Assert.Contains("ünï", read.Subject, StringComparison.Ordinal);
        Assert.Contains("ünï", read.TextBody, StringComparison.Ordinal);
        Assert.Equal("auto-generated", read.Headers["Auto-Submitted"]);
        Assert.All(content.ToArray(), value => Assert.True(value < 128));
    }

    [Fact]
    public void Without_a_sender_it_is_perb_and_the_nodes_mail_program_adds_the_domain()
    {
        using var message = MailText.Of(Message(), new NotifySection("mail", NotifyKind.Mail) { To = ["root"] });

        Assert.Equal("perb", message.From.Mailboxes.Single().Address);
    }

    [Fact]
    public void A_webhook_is_told_everything()
    {
        var body = Body(NotifyKind.Webhook);

        Assert.Equal(("alarm", "pve1", Hostile), ((string?)body["event"], (string?)body["node"], (string?)body["title"]));
        Assert.Equal(
            ("PERB-RPO-01", 100, "guest 100"),
            ((string?)body["raised"]![0]!["code"], (int)body["raised"]![0]!["guest"]!, (string?)body["raised"]![0]!["subject"]));
        Assert.Equal(AlarmCode.RpoMissed.WhatToDo, (string?)body["raised"]![0]!["whatToDo"]);
    }

    [Fact]
    public void A_template_is_filled_and_keeps_its_shape()
    {
        var template = new WebTemplate(JsonNode.Parse("""{ "{{title}}": 1, "a": [ "{{event}}: {{title}} ({{time}})", true, null, { "b": "{{node}}{{node}}" } ] }""")!);

        var body = Body(NotifyKind.Webhook, template);

        Assert.Equal(["{{title}}", "a"], body.AsObject().Select(member => member.Key));
        Assert.Equal($"alarm: {Hostile} (2026-11-20T12:00:00Z)", (string?)body["a"]![0]);
        Assert.Equal("pve1pve1", (string?)body["a"]![3]!["b"]);
    }

    [Fact]
    public void Ntfy_is_told_its_topic_in_the_body()
    {
        var (url, body) = Shape(NotifyKind.Ntfy, "https://ntfy.example.org/below/my%20topic");

        Assert.Equal("https://ntfy.example.org/below/", url.AbsoluteUri);
        Assert.Equal(("my topic", Hostile, 4), ((string?)body["topic"], (string?)body["title"], (int)body["priority"]!));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("ü漢")]
    [InlineData("🐘")]
    public void Ntfy_is_told_no_more_bytes_than_it_takes(string name)
    {
        var whole = Message() with { Text = string.Concat(Enumerable.Repeat(name, 3000)) };

        var text = (string)WebShape.Of(new NotifySection("x", NotifyKind.Ntfy), new WebAccess(new Uri("https://x/y"), false, [], null), whole).Body["message"]!;

        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(text), name == "x" ? 3000 : 3990, 4000);
        Assert.DoesNotContain('\uFFFD', text);
    }

    [Fact]
    public void Gotify_is_told_at_its_own_address()
    {
        var (url, body) = Shape(NotifyKind.Gotify, "https://gotify.example.org/x/");

        Assert.Equal("https://gotify.example.org/x/message", url.AbsoluteUri);
        Assert.Equal((Hostile, 8), ((string?)body["title"], (int)body["priority"]!));
    }

    [Fact]
    public void Discord_pings_nobody_and_formats_nothing()
    {
        var body = Body(NotifyKind.Discord);
        var content = (string)body["content"]!;

        Assert.Empty(body["allowed_mentions"]!["parse"]!.AsArray());
        Assert.Equal(6, content.Count(character => character == '`'));
        Assert.True(content.Length <= 2000);
    }

    [Fact]
    public void Slack_is_told_text_alone()
    {
        var text = (string)Body(NotifyKind.Slack)["text"]!;

        Assert.DoesNotContain('<', text);
        Assert.Contains("&lt;!channel&gt;", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_is_read_from_the_store_as_it_was_written() =>
        Assert.Equivalent(Message(), Notification.FromJson(Message().ToJson()), strict: true);

    private static JsonNode Body(NotifyKind kind, WebTemplate? template = null) => Shape(kind, "https://example.org/hook", template).Body;

    // As it is sent: through its bytes.
    private static (Uri Url, JsonNode Body) Shape(NotifyKind kind, string url, WebTemplate? template = null)
    {
        var (to, body) = WebShape.Of(new NotifySection("x", kind), new WebAccess(new Uri(url), false, [], template), Message());
        return (to, JsonNode.Parse(body.ToJsonString())!);
    }

    private static Notification Message() => new(
        NotificationKind.Alarm,
        Archives.Now,
        "pve1",
        Hostile,
        string.Concat(Enumerable.Repeat(Hostile + "\n", 200)),
        [NotifiedAlarm.Of(Alarm.Of(new Concern("k", AlarmCode.RpoMissed, "guest 100", 100, Hostile, Hostile, null, true), Archives.Now))],
        [],
        []);
}
