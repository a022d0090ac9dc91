using System.Text.Json;
using Perb.ProxmoxClient;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.Transfer;

namespace Perb.Scheduler.Wishes;

/// <summary>
/// Carries out what commands asked for and records what became of it, each row in the order in which it was asked for. Cut between the two,
/// the wish is carried out once more. One of the places that catch everything: whoever waits for the outcome must get one.
/// </summary>
public sealed class OpenWishes(WishStore wishes, CarryOutWish carryOut, ILogger<OpenWishes> logger)
{
    public async Task CarryOutAsync(WishRow row, CancellationToken cancellationToken)
    {
        while (await wishes.NextAsync(row, cancellationToken) is var (id, argument))
        {
            await wishes.RecordAsync(id, await OutcomeOfAsync(argument, cancellationToken));
        }
    }

    private async Task<WishOutcome> OutcomeOfAsync(string argument, CancellationToken cancellationToken)
    {
        try
        {
            var wish = JsonSerializer.Deserialize(argument, WishJson.Default.Wish)!;
            var outcome = await carryOut.RunAsync(wish, cancellationToken);
            if (outcome.Faults.Count > 0)
            {
                logger.WishRefused(Printable.Clean(wish.InWords(), 300), Printable.Clean(string.Join("; ", outcome.Faults), 1000));
            }

            return outcome;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw; // it stays a wish
        }
        catch (ProxmoxException exception)
        {
            return WishOutcome.Refused(exception.IsTransient ? ExitCode.TryLater : ExitCode.Configuration, exception.Message);
        }
#pragma warning disable CA1031 // It is logged with its stack and told to whoever asked.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            logger.WishFailed(exception, Printable.Clean(argument, 300));
            return WishOutcome.Refused(
                ExitCode.Failed, $"{Printable.Clean($"{exception.GetType().Name}: {exception.Message}")}; the log of the service has more");
        }
    }
}
