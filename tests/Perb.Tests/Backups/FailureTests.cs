using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Perb.ProxmoxClient;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;
using Perb.Transfer;
using Perb.Transfer.Manifests;
using Perb.Transfer.Rclone;
using Perb.Transfer.Sealing;
using Perb.Transfer.Signing;

namespace Perb.Tests.Backups;

public sealed class FailureTests
{
    private static readonly (Exception Exception, FailureKind Kind)[] Table =
    [
        (new SourceMissingException("/dump/a"), FailureKind.SourceMissing),
        (new SourceChangedException("/dump/a", "it grew"), FailureKind.Transient),
        (new SourceRefusedException("/dump/a", "a FIFO"), FailureKind.NeedsOperator),
        (new NameConflictException("x"), FailureKind.NeedsOperator),
        (new ConfigurationException("x"), FailureKind.NeedsOperator),
        (new CopyMismatchException("x"), FailureKind.Unexpected),
        (new StagingFullException("x"), FailureKind.Transient),
        (new RemoteVanishedException("x"), FailureKind.Transient),
        (new ManifestException("x"), FailureKind.NeedsOperator),
        (new SignerException("/etc/perb/signing.asc", "expired"), FailureKind.Transient),
        (new EncryptionException("x"), FailureKind.NeedsOperator),
        (new UnavailableException("x"), FailureKind.Transient),
        (new NotAuthorizedException("x"), FailureKind.NeedsOperator),
        (new ProxmoxException("x") { IsTransient = true }, FailureKind.Transient),
        (new IOException("disk full"), FailureKind.Transient),
        (new UnauthorizedAccessException("x"), FailureKind.Transient),
        (new SocketException(111), FailureKind.Transient),
        (new SqliteException("busy", 5), FailureKind.Transient),
        (new InvalidOperationException("x"), FailureKind.Unexpected),
        (new LeaseLostException("x", wasSkipped: false), FailureKind.Unexpected),
    ];

    public static TheoryData<string> Names => [.. Table.Select(row => row.Exception.GetType().Name)];

    public static TheoryData<RcloneFailure> RcloneKinds => [.. Enum.GetValues<RcloneFailure>()];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_exception_has_its_kind(string name)
    {
        var (exception, kind) = Table.Single(row => row.Exception.GetType().Name == name);
        var concernsAll = exception is StagingFullException or RemoteVanishedException;

        var failure = Failure.From(exception);

        Assert.Equal((kind, concernsAll), (failure.Kind, failure.ConcernsAll));
        Assert.Equal(exception is StagingFullException, failure.IsStaging);
        Assert.Contains(exception.Message, failure.Text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(RcloneKinds))]
    public void What_rclone_says_concerns_the_remote(RcloneFailure kind)
    {
        var exception = new RcloneException(kind, "refused");

        var failure = Failure.From(exception);

        Assert.True(failure.ConcernsAll);
        var lasting = kind == RcloneFailure.Unexpected ? FailureKind.Unexpected : FailureKind.NeedsOperator;
        Assert.Equal(exception.IsTransient ? FailureKind.Transient : lasting, failure.Kind);
    }

    [Fact]
    public void The_text_is_one_bounded_line_without_control_characters()
    {
        var text = Failure.From(new IOException($"a\nb\u001b[2J{new string('x', 5000)}")).Text;

        Assert.InRange(text.Length, 1, 310);
        Assert.DoesNotContain(text, char.IsControl);
    }

    [Fact]
    public void What_nobody_thought_of_is_told_by_its_type() =>
        Assert.Equal("FormatException: odd", Failure.From(new FormatException("odd")).Text);
}
