using System.Globalization;
using CsCheck;
using Perb.ProxmoxClient;
using Perb.TestKit;

namespace Perb.Tests.ProxmoxClient;

public sealed class UpidTests
{
    /// <summary>Verdicts and fields of pve-common's own decoder, run on these lines.</summary>
    public static TheoryData<string, string, string> Vectors()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var line in File.ReadLines(Repository.PathOf("tests", "Perb.TestKit", "Samples", "upids.txt")).Skip(1))
        {
            var parts = line.Split('\t');
            data.Add(parts[0], parts[1], parts[2]);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Upids_are_read_as_proxmox_reads_them(string verdict, string text, string fields)
    {
        var valid = Upid.TryParse(text, out var upid);

        Assert.Equal(verdict == "valid", valid);
        if (upid is not null)
        {
            Assert.Equal(text, upid.ToString());
            Assert.Equal(
                fields[..fields.IndexOf(" file=", StringComparison.Ordinal)],
                $"node={upid.Node} pid={upid.Pid} pstart={upid.ProcessStart} starttime={upid.StartedAt.ToUnixTimeSeconds()} "
                + $"type={upid.Type} id={upid.Id} user={upid.User}");
        }
    }

    [Fact]
    public void The_vectors_hold_both_verdicts()
    {
        var verdicts = Vectors().Select(row => row.Data.Item1).ToLookup(verdict => verdict);
        Assert.True(verdicts["valid"].Count() >= 5 && verdicts["invalid"].Count() >= 10);
    }

    [Fact]
    public void A_line_break_after_the_last_colon_is_not_part_of_a_upid() =>
        Assert.False(Upid.TryParse("UPID:pve1:00001092:0012AB34:65F43F35:vzdump:100:root@pam:\n", out _));

    [Fact]
    public void Parse_says_what_it_was_given()
    {
        var failure = Assert.Throws<FormatException>(() => Upid.Parse("non\x1b[31msense"));
        Assert.Equal("'non[31msense' is not a UPID", failure.Message);
    }

    [Fact]
    public void Every_field_survives_the_round_trip() =>
        Gen.Select(Gen.UInt, Gen.Long[0, 0xFFFFFFFFF], Gen.UInt, Gen.Int[100, 999_999_999]).Sample((pid, start, time, vmId) =>
        {
            var text = $"UPID:pve-1:{pid:X8}:{start:X8}:{time:X8}:vzdump:{vmId}:root@pam!x:";
            var upid = Upid.Parse(text);
            return upid == Upid.Parse(text) && upid.Pid == pid && upid.ProcessStart == start
                && upid.StartedAt.ToUnixTimeSeconds() == time && upid.Id == vmId.ToString(CultureInfo.InvariantCulture);
        });
}
