using System.Net;
using Microsoft.Extensions.Time.Testing;
using Perb.Scheduler.StatusPage;
using Perb.Tests.Configuration;
using Perb.Tests.Discovery;

namespace Perb.Tests.StatusPage;

/// <summary>Who may look at the page: names, secrets, cookies, and those who guess.</summary>
public sealed class AccessTests
{
    private static readonly IPAddress Someone = IPAddress.Parse("192.0.2.7");

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST.", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("[::1]", true)]
    [InlineData("192.0.2.7", true)] // an address is no name that somebody could give to another
    [InlineData("pve1", true)]
    [InlineData("machine", true)]
    [InlineData("perb.example.org", true)]
    [InlineData("evil.example.org", false)]
    [InlineData("pve1.evil.example.org", false)]
    [InlineData("", false)]
    public void The_page_is_only_asked_for_by_names_that_are_its_own(string host, bool isOwn) => Assert.Equal(
        isOwn, new HostNames(Some.Options("\"Proxmox\": { \"Node\": \"pve1\" }, \"Status\": { \"Hosts\": [ \"perb.example.org\" ] }"), "machine").Contains(host));

    [Theory]
    [InlineData("0123456789abcdef", true)]
    [InlineData("0123456789abcdeF", false)]
    [InlineData("0123456789abcde", false)]
    [InlineData("0123456789abcdef0", false)]
    [InlineData("", false)]
    public void Only_the_token_itself_opens(string candidate, bool opens) => Assert.Equal(opens, Secrets().IsToken(candidate));

    [Fact]
    public void Where_no_token_is_asked_for_none_is_right() => Assert.False(new PageSecrets(null, null, _time).IsToken(""));

    [Fact]
    public void A_cookie_serves_until_its_time_is_over_and_only_where_it_was_made()
    {
        var secrets = Secrets();
        var cookie = secrets.NewCookie();

        Assert.True(secrets.IsCookie(cookie));
        Assert.False(Secrets().IsCookie(cookie));
        _time.Advance(PageSecrets.Session);
        Assert.False(secrets.IsCookie(cookie));
    }

    [Fact]
    public void A_cookie_that_was_changed_anywhere_is_none()
    {
        var secrets = Secrets();
        var cookie = secrets.NewCookie();

        Assert.All(
            Enumerable.Range(0, cookie.Length - 1), // the last character carries two bits that mean nothing
            index => Assert.False(secrets.IsCookie(cookie[..index] + (cookie[index] == 'A' ? 'B' : 'A') + cookie[(index + 1)..])));
        Assert.All((string[])["", "A", cookie[1..], cookie + "AAAA", new string('A', 5000), "ä", "=", "%"], text => Assert.False(secrets.IsCookie(text)));
    }

    [Fact]
    public void Who_guesses_wrong_too_often_waits_longer_each_time()
    {
        var wrong = new WrongSecrets(_time);
        for (var time = 1; time < WrongSecrets.FreeTries; time++)
        {
            Assert.Equal((time, TimeSpan.Zero), wrong.Count(Someone));
        }

        Assert.Null(wrong.PauseOf(Someone));
        Assert.Equal([1, 2, 4, 8, 15, 15], Enumerable.Range(0, 6).Select(_ => wrong.Count(Someone).Pause.TotalMinutes));
        Assert.Equal(TimeSpan.FromMinutes(15), wrong.PauseOf(Someone));
        Assert.Null(wrong.PauseOf(IPAddress.Parse("192.0.2.8")));
        _time.Advance(TimeSpan.FromMinutes(15));
        Assert.Null(wrong.PauseOf(Someone));
    }

    [Fact]
    public void A_clock_that_is_set_back_keeps_nobody_out_for_longer()
    {
        var clock = new JumpingClock { Wall = Archives.Now.AddYears(1) };
        var wrong = new WrongSecrets(clock);
        for (var time = 0; time < WrongSecrets.FreeTries; time++)
        {
            wrong.Count(Someone);
        }

        (clock.Wall, clock.Steady) = (Archives.Now, TimeSpan.FromMinutes(1));

        Assert.Null(wrong.PauseOf(Someone));
    }

    [Fact]
    public void The_right_secret_or_a_quarter_of_an_hour_of_peace_makes_good()
    {
        var wrong = new WrongSecrets(_time);
        wrong.Count(Someone);
        wrong.Forget(Someone);
        Assert.Equal(1, wrong.Count(Someone).Times);
        _time.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal(1, wrong.Count(Someone).Times);
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("192.0.2.7", "::ffff:192.0.2.7", true)]
    public void Of_ipv6_the_network_counts(string one, string other, bool isSame)
    {
        var wrong = new WrongSecrets(_time);
        for (var time = 0; time < WrongSecrets.FreeTries; time++)
        {
            wrong.Count(IPAddress.Parse(one));
        }

        Assert.Equal(isSame, wrong.PauseOf(IPAddress.Parse(other)) is not null);
    }

    [Fact]
    public void Guessers_from_everywhere_do_not_use_up_memory_and_the_worst_stay_known()
    {
        var wrong = new WrongSecrets(_time);
        for (var time = 0; time < WrongSecrets.FreeTries + 3; time++)
        {
            wrong.Count(Someone);
        }

        for (var other = 0; other < 5000; other++)
        {
            wrong.Count(new IPAddress([10, (byte)(other >> 16), (byte)(other >> 8), (byte)other]));
        }

        Assert.NotNull(wrong.PauseOf(Someone));
    }

    private PageSecrets Secrets() => new("0123456789abcdef", null, _time);
}
