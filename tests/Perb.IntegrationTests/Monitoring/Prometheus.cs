using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using CliWrap;
using CliWrap.Buffered;
using Perb.IntegrationTests.Installation;
using Perb.TestKit;

namespace Perb.IntegrationTests.Monitoring;

/// <summary>The real Prometheus, as <c>./test</c> unpacks it into the git-ignored folder <c>artifacts</c>: scraping, and its tool.</summary>
internal sealed class Prometheus : IAsyncDisposable
{
    private static readonly string Folder = Repository.PathOf("artifacts", "prometheus", "usr", "bin");

    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _client;
    private readonly CommandTask<BufferedCommandResult> _running;

    private Prometheus(string folder, string configuration, int port)
    {
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        _running = new Command(Path.Combine(Folder, "prometheus"))
            .WithArguments([
                $"--config.file={configuration}", $"--storage.tsdb.path={folder}", $"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"])
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(_stop.Token);
    }

    public static void Require() => Assert.SkipUnless(
        File.Exists(Path.Combine(Folder, "promtool")), "Prometheus is not here: ./test unpacks it where apt can reach a mirror");

    public static async Task<(int ExitCode, string Output, string Errors)> PromtoolAsync(string input, params string[] arguments)
    {
        var ended = await new Command(Path.Combine(Folder, "promtool")).WithArguments(arguments)
            .WithStandardInputPipe(PipeSource.FromString(input))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(TestContext.Current.CancellationToken);
        return (ended.ExitCode, ended.StandardOutput, ended.StandardError);
    }

    /// <summary>Scrapes the page every second, with the secret of its file.</summary>
    public static Prometheus Start(PerbInstallation perb, Uri page, string rules)
    {
        var configuration = perb.WriteSecret("prometheus.yml", $$"""
            global: { scrape_interval: 1s, evaluation_interval: 1s }
            rule_files: [ "{{rules}}" ]
            scrape_configs:
              - job_name: perb
                scheme: {{page.Scheme}}
                authorization: { credentials_file: "{{perb.PathOf("page-token")}}" }
                tls_config: { ca_file: "{{perb.PathOf("page.pem")}}", server_name: pve1, insecure_skip_verify: true }
                static_configs: [ { targets: [ "{{page.Authority}}" ] } ]
            """);
        return new Prometheus(perb.FolderOf("prometheus"), configuration, FreePort());
    }

    /// <summary>How many series answer; a query that it does not understand fails.</summary>
    public async Task<int> CountAsync(string query) => (await AskAsync(query)).Count;

    /// <summary>The values that a label has in them.</summary>
    public async Task<IReadOnlyList<string>> ValuesAsync(string label, string query) =>
        [.. (await AskAsync(query)).Select(series => (string)series!["metric"]![label]!)];

    private async Task<JsonArray> AskAsync(string query)
    {
        Assert.False(_running.Task.IsCompleted, _running.Task.IsCompleted ? (await _running).StandardError : "");
        try
        {
            using var answer = await _client.GetAsync($"api/v1/query?query={Uri.EscapeDataString(query)}", TestContext.Current.CancellationToken);
            var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.NotEqual(HttpStatusCode.BadRequest, answer.StatusCode);
            return answer.IsSuccessStatusCode ? JsonNode.Parse(text)!["data"]!["result"]!.AsArray() : [];
        }
        catch (HttpRequestException)
        {
            return []; // it is starting
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)_running.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _client.Dispose();
        _stop.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
