using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Tests.Store;
using Perb.Transfer.Keys;
using Perb.Transfer.Signing;

namespace Perb.Tests.Observability;

public sealed class KeyExpiryTests : IAsyncLifetime
{
    private TestStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await TestStore.OpenAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task A_key_is_shown_from_thirty_days_before_it_expires_and_in_other_words_afterwards()
    {
        var expiry = Of(Key("AAAA", _store.Time.GetUtcNow().AddDays(31)));

        Assert.Null(await TextAsync(expiry));
        _store.Time.Advance(TimeSpan.FromDays(2));
        Assert.Contains("/key.asc (offsite) expires on ", await TextAsync(expiry), StringComparison.Ordinal);
        _store.Time.Advance(TimeSpan.FromDays(30));
        Assert.Contains("/key.asc (offsite) expired on ", await TextAsync(expiry), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_never_expires_is_no_trouble() => Assert.Null(await TextAsync(Of(Key("AAAA", null))));

    [Fact]
    public async Task What_was_said_of_a_key_is_over_when_another_one_took_its_place()
    {
        Assert.NotNull(await TextAsync(Of(Key("AAAA", _store.Time.GetUtcNow()))));
        Assert.Null(await TextAsync(Of(Key("BBBB", null))));
    }

    private async Task<string?> TextAsync(KeyExpiry expiry)
    {
        await expiry.CheckAsync(TestStore.Stop);
        return (await _store.Status.TroublesAsync(TestStore.Stop)).SingleOrDefault()?.Text;
    }

    private KeyExpiry Of(params Recipient[] recipients) =>
        new(recipients, new ManifestSigning(null, TrustedSigners.Load([], null, _store.Time.GetUtcNow())), new Troubles(_store.Status, NullLogger<Troubles>.Instance), _store.Time);

    private static Recipient Key(string subkey, DateTimeOffset? expiresAt) =>
        new(null!) { File = "/key.asc", Fingerprint = "FFFF", SubkeyFingerprint = subkey, UserId = "offsite", ExpiresAt = expiresAt };
}
