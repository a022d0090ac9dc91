using Perb.Transfer;

namespace Perb.Scheduler.Setup;

/// <summary>Asks on the terminal, a line for a line; or, unattended, takes every default and refuses what has none.</summary>
internal sealed class Questions(TextReader answers, TextWriter screen, bool isUnattended, CancellationToken stop)
{
    /// <param name="question">Without a question mark.</param>
    /// <param name="fallback">Taken for an empty answer; null: there is none.</param>
    /// <param name="option">What says it on the command line.</param>
    /// <exception cref="SetupException">There is no answer.</exception>
    /// <exception cref="OperationCanceledException">Ctrl-C.</exception>
    public string Text(string question, string? fallback, string option)
    {
        if (isUnattended)
        {
            return fallback ?? throw new SetupException($"{option} is missing: {question}");
        }

        while (true)
        {
            screen.Write($"{question}{(string.IsNullOrEmpty(fallback) ? "" : $" [{Printable.Clean(fallback)}]")}: ");
            screen.Flush();

            // Aside: a read of the terminal cannot be stopped, and nobody types Enter after Ctrl-C.
            var reading = Task.Run(answers.ReadLine, CancellationToken.None);
            reading.Wait(stop);
            var answer = reading.Result ?? throw new SetupException($"no answer to \"{question}\": {option} says it on the command line, with --yes nothing is asked");
            if (answer.Trim() is { Length: > 0 } given)
            {
                return given;
            }

            if (fallback is not null)
            {
                return fallback;
            }
        }
    }

    /// <summary>Asks until the answer is one that can be used: who mistypes one name should not begin anew.</summary>
    /// <param name="question">Without a question mark.</param>
    /// <param name="option">What says it on the command line.</param>
    /// <param name="faultOf">What is wrong with an answer; null: nothing.</param>
    /// <exception cref="SetupException">There is no answer.</exception>
    public string Text(string question, string option, Func<string, string?> faultOf)
    {
        while (true)
        {
            var answer = Text(question, fallback: null, option);
            if (faultOf(answer) is not { } fault)
            {
                return answer;
            }

            Say(fault);
        }
    }

    /// <exception cref="SetupException">There is no answer.</exception>
    public bool YesNo(string question, bool fallback, string option)
    {
        while (!isUnattended)
        {
            switch (Text($"{question} (y/n)", fallback ? "y" : "n", option).ToUpperInvariant())
            {
                case "Y" or "YES":
                    return true;
                case "N" or "NO":
                    return false;
            }
        }

        return fallback;
    }

    public void Say(string line = "") => screen.WriteLine(Printable.Clean(line, 2000));
}
