using System.Text;
using CsCheck;
using Perb.Scheduler.Discovery;

namespace Perb.Tests.Discovery;

public sealed class HookSpoolEventTests
{
    private const string Whole = """
        perb-hook 1
        phase=log-end
        mode=snapshot
        vmid=100
        storeid=local
        dumpdir=/var/lib/vz/dump
        vmtype=qemu
        hostname=web=1
        target=/var/lib/vz/dump/vzdump-qemu-100-2026_11_20-02_00_01.vma.zst
        logfile=/var/lib/vz/dump/vzdump-qemu-100-2026_11_20-02_00_01.log
        pid=4711
        started=123456
        boot=0e447a64-663f-4ec2-b2bb-fc5cc4415708
        uptime=1234.56
        end

        """;

    [Fact]
    public void A_whole_event_is_read()
    {
        Assert.True(HookSpoolEvent.TryParse(Encoding.UTF8.GetBytes(Whole), out var found, out _));

        Assert.Equal("log-end", found.Phase);
        Assert.Equal(new VzdumpWorker(4711, 123456), found.Worker);
        Assert.Equal("snapshot", found.Mode);
        Assert.Equal(100, found.Guest);
        Assert.Equal("qemu", found.GuestType);
        Assert.Equal("web=1", found.HostName);
        Assert.Equal("local", found.Storage);
        Assert.Equal("/var/lib/vz/dump", found.DumpDirectory);
        Assert.Equal("/var/lib/vz/dump/vzdump-qemu-100-2026_11_20-02_00_01.vma.zst", found.Target);
        Assert.Equal("/var/lib/vz/dump/vzdump-qemu-100-2026_11_20-02_00_01.log", found.LogFile);
        Assert.Empty(found.Refused);
    }

    [Fact]
    public void What_vzdump_did_not_say_is_absent()
    {
        Assert.True(HookSpoolEvent.TryParse("perb-hook 1\nphase=job-end\nrefused=target hostname\npid=1\nend\n"u8, out var found, out _));

        Assert.Equal(new VzdumpWorker(1, null), found.Worker);
        Assert.Null(found.Guest);
        Assert.Null(found.Target);
        Assert.Equal(["target", "hostname"], found.Refused);
    }

    [Theory]
    [InlineData("", "whole event")]
    [InlineData("perb-hook 1\nphase=job-end\npid=1\n", "whole event")]
    [InlineData("perb-hook 1\nphase=job-end\npid=1\nend", "whole event")]
    [InlineData("perb-hook 1\nphase=job-end\npid=1\nend\n\n", "whole event")]
    [InlineData("perb-hook 2\nphase=job-end\npid=1\nend\n", "whole event")]
    [InlineData(" perb-hook 1\nphase=job-end\npid=1\nend\n", "whole event")]
    [InlineData("perb-hook 1\r\nphase=job-end\r\npid=1\r\nend\r\n", "whole event")]
    [InlineData("perb-hook 1\nphase=job-end\npid=1\nphase=log-end\nend\n", "does not write")]
    [InlineData("perb-hook 1\nphase=job-end\npid=1\nend\nend\n", "does not write")]
    [InlineData("perb-hook 1\nphase=job-end\npid=1\nother=1\nend\n", "does not write")]
    [InlineData("perb-hook 1\nphase=job-end\npid=1\n=1\nend\n", "does not write")]
    [InlineData("perb-hook 1\nphase=job-end\npid=1\n\nend\n", "does not write")]
    [InlineData("perb-hook 1\nphase=job-end\npid=1\nmode=\nend\n", "does not write")]
    [InlineData("perb-hook 1\nphase=job-end\npid=1\nmode=a\tb\nend\n", "does not write")]
    [InlineData("perb-hook 1\nphase=job-end\npid=1\nmode=\0\nend\n", "does not write")]
    [InlineData("perb-hook 1\npid=1\nend\n", "no phase")]
    [InlineData("perb-hook 1\nphase=job-end\nend\n", "number")]
    [InlineData("perb-hook 1\nphase=job-end\npid=-1\nend\n", "number")]
    [InlineData("perb-hook 1\nphase=job-end\npid=99999999999999999999\nend\n", "number")]
    [InlineData("perb-hook 1\nphase=log-end\npid=1\nvmid= 100\nend\n", "number")]
    public void Anything_else_is_refused_with_a_reason(string text, string reason)
    {
        Assert.False(HookSpoolEvent.TryParse(Encoding.UTF8.GetBytes(text), out _, out var fault));
        Assert.Contains(reason, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_beginning_of_an_event_is_refused() => Assert.All(
        Enumerable.Range(0, Whole.Length),
        length => Assert.False(HookSpoolEvent.TryParse(Encoding.UTF8.GetBytes(Whole[..length]), out _, out _)));

    [Fact]
    public void Any_bytes_are_read_or_refused() => Gen.Byte.Array.Sample(bytes =>
    {
        byte[] content = [.. "perb-hook 1\nphase=log-end\npid=1\nhostname="u8, .. bytes, .. "\nend\n"u8];
        var isRead = HookSpoolEvent.TryParse(content, out var found, out var fault);
        return isRead ? found.Phase == "log-end" && found.Target is null : fault.Length > 0;
    });
}
