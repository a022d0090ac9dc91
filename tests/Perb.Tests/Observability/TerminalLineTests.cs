using Perb.Scheduler.Observability;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Parsing;

namespace Perb.Tests.Observability;

public sealed class TerminalLineTests : IDisposable
{
    private readonly StringWriter _output = new();

    public void Dispose() => _output.Dispose();

    [Fact]
    public void A_log_line_goes_above_the_live_line()
    {
        var terminal = new TerminalLine(_output, isTerminal: true, new TextOnly());

        terminal.Show("50 %");
        terminal.Emit(Said("Published\n"));
        terminal.Show("");

        Assert.Equal("50 %\r\e[KPublished\n50 %\r\e[K", _output.ToString());
    }

    [Fact]
    public void Where_there_is_no_terminal_there_is_only_the_log()
    {
        var terminal = new TerminalLine(_output, isTerminal: false, new TextOnly());

        terminal.Show("50 %");
        terminal.Emit(Said("Published\n"));

        Assert.Equal("Published\n", _output.ToString());
    }

    [Fact]
    public void A_terminal_that_is_gone_stops_nothing()
    {
        using var gone = new Gone();
        var terminal = new TerminalLine(gone, isTerminal: true, new TextOnly());

        terminal.Show("50 %");
        terminal.Emit(Said("Published\n"));
        terminal.Show("");

        Assert.True(gone.Refused >= 3);
    }

    private static LogEvent Said(string text) => new(
        DateTimeOffset.UnixEpoch, LogEventLevel.Information, null, new MessageTemplate([new TextToken(text)]), []);

    private sealed class TextOnly : ITextFormatter
    {
        public void Format(LogEvent logEvent, TextWriter output) => output.Write(logEvent.MessageTemplate.Text);
    }

    private sealed class Gone : StringWriter
    {
        public int Refused { get; private set; }

        public override void Write(string? value)
        {
            Refused++;
            throw new IOException("Input/output error");
        }
    }
}
