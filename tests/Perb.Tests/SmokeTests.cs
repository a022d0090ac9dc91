namespace Perb.Tests;

public sealed class SmokeTests
{
    [Fact]
    public void A_thing_works() => Assert.Equal(2, 1 + 1);
}
