using Perb.Scheduler.Configuration;
using Perb.Scheduler.Notifying;

namespace Perb.Tests.Notifying;

/// <summary>The files that entries need: read at start, and refused with a line each.</summary>
public sealed class NotifierFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-notify-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Headers_are_lines_of_a_file()
    {
        var access = WebAccess.Read(
            new NotifySection("x", NotifyKind.Webhook) { Url = new Uri("https://example.org/a?b=c"), HeaderFile = Secret("Authorization: Bearer a b\nX-Key:1\n") },
            "k",
            "/etc/perb/appsettings.json");

        Assert.Equal([("Authorization", "Bearer a b"), ("X-Key", "1")], access.Headers);
        Assert.Equal("https://example.org/a", access.Shown);
    }

    [Fact]
    public void An_address_in_a_file_is_never_shown()
    {
        var access = WebAccess.Read(new NotifySection("x", NotifyKind.Slack) { UrlFile = Secret("https://hooks.example.org/T/B/s3cret\n") }, "k", "/x/y");

        Assert.Equal(("hooks.example.org", "https://hooks.example.org/T/B/s3cret"), (access.Shown, access.Url.AbsoluteUri));
    }

    [Theory]
    [InlineData(NotifyKind.Ntfy, "Authorization", "Bearer tk_1")]
    [InlineData(NotifyKind.Gotify, "X-Gotify-Key", "tk_1")]
    public void A_token_goes_where_its_kind_wants_it(NotifyKind kind, string name, string value) => Assert.Equal(
        [(name, value)],
        WebAccess.Read(new NotifySection("x", kind) { Url = new Uri("https://example.org/t"), TokenFile = Secret("tk_1\n") }, "k", "/x/y").Headers);

    [Fact]
    public void All_faults_of_all_entries_are_told_at_once()
    {
        var open = Secret("https://example.org/");
        File.SetUnixFileMode(open, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        NotifySection[] entries =
        [
            new("a", NotifyKind.Slack) { UrlFile = open },
            new("b", NotifyKind.Slack) { UrlFile = Secret("http://example.org/") },
            new("c", NotifyKind.Slack) { UrlFile = Path.Combine(_folder.FullName, "missing") },
            new("d", NotifyKind.Webhook) { Url = new Uri("https://example.org/"), HeaderFile = Secret("no header") },
            new("e", NotifyKind.Webhook) { Url = new Uri("https://example.org/"), TemplateFile = Secret("{ not json") },
            new("f", NotifyKind.Webhook) { Url = new Uri("https://example.org/"), CaFile = Secret("no certificate") },
            new("g", NotifyKind.Mail) { To = ["root"] },
        ];

        var faults = Assert.Throws<ConfigurationException>(() => Notifiers.Load(entries, "/x/y", TimeProvider.System)).Faults;

        Assert.Equal(
            [
                "Perb:Notify:0:UrlFile", "Perb:Notify:1:UrlFile", "Perb:Notify:2:UrlFile", "Perb:Notify:3:HeaderFile", "Perb:Notify:4:TemplateFile",
                "Perb:Notify:5:CaFile",
            ],
            faults.Select(fault => fault.Split(": ")[0]));
        Assert.All(faults, fault => Assert.DoesNotContain('\n', fault));
    }

    [Theory]
    [InlineData("NoNewPrivs:\t1\n", false, true)]
    [InlineData("NoNewPrivs:\t0\n", false, false)]
    [InlineData("NoNewPrivs:\t1\n", true, false)]
    [InlineData("", false, false)]
    public void A_sendmail_that_cannot_work_in_a_sandbox_is_not_run(string status, bool isRoot, bool isFault)
    {
        var (sendmail, postdrop) = (Secret("x"), Secret("y"));
        File.SetUnixFileMode(postdrop, UnixFileMode.SetGroup | UnixFileMode.UserRead | UnixFileMode.UserExecute);

        Assert.Equal(isFault, SendmailSandbox.FaultOf(sendmail, postdrop, status, isRoot) is not null);
        Assert.Null(SendmailSandbox.FaultOf(sendmail, Path.Combine(_folder.FullName, "none"), status, isRoot));
        File.SetUnixFileMode(sendmail, UnixFileMode.SetUser | UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.Equal(isFault, SendmailSandbox.FaultOf(sendmail, Path.Combine(_folder.FullName, "none"), status, isRoot) is not null);
    }

    private string Secret(string content)
    {
        var file = Path.Combine(_folder.FullName, Path.GetRandomFileName());
        File.WriteAllText(file, content);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }
}
