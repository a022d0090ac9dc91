namespace Perb.IntegrationTests.PowerLoss;

/// <summary>The audit itself: it passes what is right, and names what is missing.</summary>
public sealed class DurabilityAuditTests
{
    private static readonly string[] Right =
    [
        """7  pwrite64(5</s/100.enc.partial>, "...", 100, 0) = 100""",
        """7  fsync(5</s/100.enc.partial> <unfinished ...>""",
        """8  write(2<pipe:[1]>, "Sealing 100", 11) = 11""",
        """7  <... fsync resumed>) = 0""",
        """7  rename("/s/100.enc.partial", "/s/100.enc") = 0""",
        """7  fsync(6</s>) = 0""",
        """7  pwrite64(9</p/perb.db-wal>, "..sealed100.enc, 100 bytes", 4096, 56) = 4096""",
        """7  fdatasync(9</p/perb.db-wal>) = 0""",
        """12 execve("/usr/bin/rclone", ["rclone", "copyto", "--", "/s/100.enc", "r:100.enc"], 0x7ffd /* 20 vars */) = 0""",
        """7  pwrite64(9</p/perb.db-wal>, "..uploaded100.enc", 4096, 5056) = 4096""",
        """7  fdatasync(9</p/perb.db-wal>) = 0""",
        """7  pwrite64(9</p/perb.db-wal>, "..verified100.enc by hash", 4096, 10056) = 4096""",
        """7  fdatasync(9</p/perb.db-wal>) = 0""",
        """7  unlink("/s/100.enc") = 0""",
        """7  pwrite64(5</s/100.sums.partial>, "...", 100, 0) = 100""",
        """7  fsync(5</s/100.sums.partial>) = 0""",
        """7  rename("/s/100.sums.partial", "/s/100.sums") = 0""",
        """7  fsync(6</s>) = 0""",
        """13 execve("/usr/bin/rclone", ["rclone", "copyto", "--", "/s/100.sums", "r:100.sums"], 0x7ffd /* 20 vars */) = 0""",
        """7  pwrite64(9</p/perb.db-wal>, "..Zpublishedverified by hash", 4096, 20056) = 4096""",
        """7  fdatasync(9</p/perb.db-wal>) = 0""",
        """7  write(2<pipe:[1]>, "Published 100", 13) = 13""",
    ];

    [Fact]
    public void A_trace_in_which_everything_is_synced_has_no_fault()
    {
        var audit = DurabilityAudit.Of(Right);

        Assert.Empty(audit.Faults);
        Assert.Equal(9, audit.Checks);
    }

    [Theory]
    [InlineData(3, "/s/100.enc gets its name before its bytes are on the disk")]
    [InlineData(5, "/s/100.enc is spoken of before its name is on the disk")]
    [InlineData(7, "\"sealed100.enc\" is not on the disk when 100.enc is sent")]
    [InlineData(6, "\"sealed100.enc\" is not on the disk when 100.enc is sent")]
    [InlineData(9, "\"uploaded100.enc\" is not on the disk when the staged 100.enc is deleted")]
    [InlineData(15, "/s/100.sums gets its name before its bytes are on the disk")]
    [InlineData(17, "/s/100.sums is spoken of before its name is on the disk")]
    [InlineData(20, "\"Zpublished\" is not on the disk when it says so")]
    public void A_line_that_is_missing_is_a_fault(int line, string fault) =>
        Assert.Equal([fault], DurabilityAudit.Of([.. Right.Where((_, index) => index != line)]).Faults);

    [Fact]
    public void A_proof_that_is_not_synced_forbids_to_delete_and_to_publish()
    {
        string[] late = [.. Right[..12], Right[13], .. Right[14..19], Right[12], .. Right[19..]];

        Assert.Equal(
            ["\"verified100.enc\" is not on the disk when the staged 100.enc is deleted", "\"verified100.enc\" is not on the disk when the manifest is sent"],
            DurabilityAudit.Of(late).Faults);
    }

    [Theory]
    [InlineData("7  fsync(5</s/100.enc.partial> <unfinished ...>", "7  fsync(5</s/100.enc.partial>) = -1 EIO (Input/output error)")]
    [InlineData("7  <... fsync resumed>) = 0", "7  <... fsync resumed>) = -1 EIO (Input/output error)")]
    [InlineData("7  <... fsync resumed>) = 0", "7  +++ killed by SIGKILL +++")]
    public void A_sync_that_failed_is_none(string before, string after) => Assert.Equal(
        ["/s/100.enc gets its name before its bytes are on the disk"],
        DurabilityAudit.Of([.. Right.Select(line => line == before ? after : line)]).Faults);

    [Fact]
    public void Bytes_written_after_the_sync_are_not_on_the_disk() => Assert.Equal(
        ["/s/100.enc gets its name before its bytes are on the disk"],
        DurabilityAudit.Of([.. Right[..4], Right[0], .. Right[4..]]).Faults);

    [Fact]
    public void A_sync_that_began_before_the_record_was_written_proves_nothing()
    {
        string[] early =
        [
            .. Right[..6], "9  fdatasync(9</p/perb.db-wal> <unfinished ...>", Right[6], "9  <... fdatasync resumed>) = 0", .. Right[8..],
        ];

        Assert.Equal(["\"sealed100.enc\" is not on the disk when 100.enc is sent"], DurabilityAudit.Of(early).Faults);
    }
}
