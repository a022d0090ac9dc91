using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace Perb.Scheduler.Observability;

/// <summary>
/// The console as a log with one live line beneath it: log lines go above the progress line, which is redrawn. Where the output is no
/// terminal there is no live line, only the log. A terminal that is gone (a closed ssh) stops nothing: the log file has it all.
/// </summary>
public sealed class TerminalLine(TextWriter output, bool isTerminal, ITextFormatter formatter) : ILogEventSink
{
    private const string EraseLine = "\r\e[K";

    private readonly Lock _writing = new();
    private string _live = "";

    public bool IsTerminal => isTerminal;

    public void Emit(LogEvent logEvent) => Redraw(() =>
    {
        formatter.Format(logEvent, output);
        return _live;
    });

    /// <summary>Replaces the live line; empty removes it.</summary>
    public void Show(string line)
    {
        if (isTerminal)
        {
            Redraw(() => line);
        }
    }

    private void Redraw(Func<string> above)
    {
        lock (_writing)
        {
            try
            {
                if (_live.Length > 0)
                {
                    output.Write(EraseLine);
                }

                _live = above();
                output.Write(_live);
                output.Flush();
            }
            catch (IOException)
            {
                // Nobody is left to tell.
            }
        }
    }
}
