using Perb.Scheduler.Notifying;
using Perb.Tests.Discovery;

namespace Perb.Tests.Notifying;

public sealed class PingRulesTests
{
    // s: all safe, u: not; i: idle, b: shipping. A look every quarter of an hour, an interval of an hour.
    [Theory]
    [InlineData("si si si si si si si si si", "Success . . . Success . . . Success")]
    [InlineData("ui ui ui ui ui ui", "Fail . . . . .")]
    [InlineData("si ui ui si si", "Success Fail . Success .")]
    [InlineData("si sb sb si si", "Success Start . Success .")]
    [InlineData("si sb sb sb sb sb si", "Success Start . . Success . Success")]
    [InlineData("si ub ui si", "Success Fail . Success")]
    [InlineData("ub ub sb si", "Fail . Success Success")]
    public void Success_is_signalled_only_while_every_guest_is_safe(string looks, string expected)
    {
        var (state, now, signals) = (PingState.None, Archives.Now, new List<string>());
        foreach (var look in looks.Split(' '))
        {
            var signal = PingRules.Next(state, look[0] == 's', look[1] == 'b', TimeSpan.FromHours(1), now);
            state = PingRules.After(state, signal, look[1] == 'b', now);
            signals.Add(signal?.ToString() ?? ".");
            now += TimeSpan.FromMinutes(15);
        }

        Assert.Equal(expected, string.Join(' ', signals));
    }
}
