using CsCheck;
using Perb.Transfer.Hashing;

namespace Perb.Tests.Transfer;

public sealed class HashTests
{
    /// <summary>Computed by <c>rclone hashsum</c> (1.60) over <see cref="Pattern"/>.</summary>
    public static TheoryData<int, string, string> Vectors => new()
    {
        { 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "0000000000000000000000000000000000000000" },
        { 1, "1406e05881e299367766d313e26c05564ec91bf721d31726bd6e46e60689539a", "0000000000000000000000000100000000000000" },
        { 20, "0a9cd3ad649a09751250ca51f8bb9be007dcecd11ca698c884bb5fc10c18c19b", "2135f0bba9df8b10a8200638ec81119a40852d88" },
        { 159, "4539d7744778a744ef2695a861eacce1927219eb7df2efd6147eb96bf1bb2c8e", "d2ef87d2b8b80c844552cbd60ff81d07c556df39" },
        { 160, "4d356c559f18295a393814cc29b9f14bd2fd76c34cc8f7facd5e914aac4b1f8e", "d2ef87d2b8b80c844552cbd630f81d07c556ff32" },
        { 161, "860078fc1dbc11d8645c68d71a957afbde0ff8ce1dcf69ac3726b8158ace7f68", "b2ef87d2b8b80c844552cbd631f81d07c556ff32" },
        { 1000, "5d0f1da9086cf21e69d4cbae3a6dbd4a1fca5f8220b3dfe40b82c8c7fef1395c", "93a5e6f7b1375d07e9d2c992600f7fe10b1ccff8" },
        { 4194304, "577dc50b9f8c6707b4b0392df970edcb0cd379afa90b1d338b3bf41b09284e64", "e2bbcfd57df27eda116516c6c6d6adaa48fa4a63" },
        { 4194305, "694c107f9da1a9c139e55ac2345a9f26cf008ea4295b42ff8ce76424c36525ea", "e2bbcfd57df27eda116516c6c7d6adaa48fa4a63" },
        { 9000001, "a98a3526e0eb6270bc87557f7038cc976872ce3c2501273afb48c462c078681c", "46ed2b505a94a746a39ebac7b62fd2b4be062944" },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Dropbox_and_QuickXor_agree_with_rclone(int length, string dropbox, string quickXor)
    {
        var data = Pattern(length);
        Assert.Equal(dropbox, Hash(HashKind.Dropbox, data));
        Assert.Equal(quickXor, Hash(HashKind.QuickXor, data));
    }

    [Fact]
    public void The_platform_s_hashes_are_lower_case_hexadecimal()
    {
        var data = Pattern(1000);
        Assert.Equal("50a68f713de3043a0516f8b433d42e2efd4eeaad0cc64869be8fb9b8759b6f47", Hash(HashKind.Sha256, data));
        Assert.Equal("9188fd25ca27c2ecfe58d2506c646dba31be2954", Hash(HashKind.Sha1, data));
        Assert.Equal("125ea0f0b0d8ccdd88611a5439262eb5", Hash(HashKind.Md5, data));
    }

    [Fact]
    public void Where_the_data_is_cut_makes_no_difference() => Gen
        .Select(Gen.Int[0, 2000], Gen.Int[1, 400], Gen.Enum<HashKind>())
        .Sample((length, step, kind) =>
        {
            var data = Pattern(length);
            Assert.Equal(Hash(kind, data), Hash(kind, data, step));
        });

    [Fact]
    public void A_kind_that_was_not_asked_for_is_null()
    {
        using var pass = new DigestPass(HashKind.Md5);
        var digests = pass.Finish();
        Assert.NotNull(digests.Get(HashKind.Md5));
        Assert.NotNull(digests.Get(HashKind.Sha256));
        Assert.Null(digests.Get(HashKind.Sha1));
    }

    private static byte[] Pattern(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7 + (i >> 8) * 3))];

    private static string? Hash(HashKind kind, byte[] data, int step = int.MaxValue)
    {
        using var pass = new DigestPass(kind);
        foreach (var piece in data.Chunk(Math.Min(step, Math.Max(1, data.Length))))
        {
            pass.Append(piece);
        }

        return pass.Finish().Get(kind);
    }
}
