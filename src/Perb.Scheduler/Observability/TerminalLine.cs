using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace Perb.Scheduler.Observability;

/// <summary>
/// The console as a log with one live line beneath it: log lines go above the progress line, which is redrawn. Where the output is no
/// terminal there is no live line, only the log.
/// </summary>
public sealed class TerminalLine(TextWriter output, ITextFormatter formatter) : ILogEventSink
{
    private const string EraseLine = "\r\e[K";

    private readonly Lock _writing = new();
    private string _live = "";

    public bool IsTerminal { get; } = !(ReferenceEquals(output, Console.Out) ? Console.IsOutputRedirected : Console.IsErrorRedirected);

    public void Emit(LogEvent logEvent)
    {
        lock (_writing)
        {
            Erase();
            formatter.Format(logEvent, output);
            output.Write(_live);
            output.Flush();
        }
    }

    /// <summary>Replaces the live line; empty removes it.</summary>
    public void Show(string line)
    {
        if (!IsTerminal || line == _live)
        {
            return;
        }

        lock (_writing)
        {
            Erase();
            _live = line;
            output.Write(_live);
            output.Flush();
        }
    }

    private void Erase()
    {
        if (_live.Length > 0)
        {
            output.Write(EraseLine);
        }
    }
}
