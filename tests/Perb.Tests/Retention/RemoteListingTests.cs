using Perb.Scheduler.Remotes;
using Perb.Scheduler.Store;
using Perb.Transfer.Hashing;
using Perb.Transfer.Rclone;

namespace Perb.Tests.Retention;

/// <summary>What a listing must show of a copy before anything of its guest is removed.</summary>
public sealed class RemoteListingTests
{
    private static readonly StoredBackup Copy = new(
        1, 100, "x", DateTimeOffset.UnixEpoch, IsVerified: true, WasPublished: true, IsSigned: true, ManifestBytes: 10, PlannedVolumes: 2, [("x.1", 5), ("x.2", 6)]);

    [Theory]
    [InlineData("x.1=5 x.2=6 x.sums=10 x.sums.sig=1", true)]
    [InlineData("x.1=-1 x.2=-1 x.sums=-1 x.sums.sig=-1", true)] // a remote that does not tell sizes
    [InlineData("x.2=6 x.sums=10 x.sums.sig=1", false)]
    [InlineData("x.1=4 x.2=6 x.sums=10 x.sums.sig=1", false)]
    [InlineData("x.1=5 x.2=6 x.sums=11 x.sums.sig=1", false)]
    [InlineData("x.1=5 x.2=6 x.sums.sig=1", false)]
    [InlineData("x.1=5 x.2=6 x.sums=10", false)]
    [InlineData("x.1=5 x.1=5 x.2=6 x.sums=10 x.sums.sig=1", false)] // two files of one name, as Google Drive may have them
    [InlineData("", false)]
    public void A_copy_is_whole_where_all_that_is_recorded_of_it_is_listed_once(string listing, bool isWhole) =>
        Assert.Equal(isWhole, Copy.IsWholeIn(Listing(listing), asksForSigners: true));

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void A_signature_is_needed_where_signatures_are_asked_for(bool asksForSigners, bool isWhole) =>
        Assert.Equal(isWhole, Copy.IsWholeIn(Listing("x.1=5 x.2=6 x.sums=10"), asksForSigners));

    private static RemoteListing Listing(string text) => RemoteListing.Of(text
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(file => file.Split('='))
        .Select(file => new RemoteFile(file[0], long.Parse(file[1]), null, new Dictionary<HashKind, string>())));
}
