using Perb.Simulation;

namespace Perb.Tests.Simulation;

public sealed class TaskTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_list_is_in_order_of_completion_and_filters_by_start_time_and_status()
    {
        await using var node = await NodeUnderTest.StartAsync();
        var token = node.RootToken();
        Add("vzdump", "100", "OK", 0, 90);
        Add("vzdump", "", "WARNINGS: 1", 60, 120);
        Add("aptupdate", "", "OK", 30, 130);
        Add("vzdump", "", "job errors", 50, 140);
        Add("vzdump", "", "unexpected status", 55, 150);

        Assert.Equal(["unexpected status", "job errors", "OK", "WARNINGS: 1", "OK"], await StatusesAsync(""));
        Assert.Equal(["unexpected status", "job errors", "WARNINGS: 1"], await StatusesAsync("?errors=1&statusfilter=ok"));
        Assert.Equal(["WARNINGS: 1", "OK"], await StatusesAsync("?typefilter=vzdump&statusfilter=OK,warning"));
        Assert.Equal(["unexpected status"], await StatusesAsync("?statusfilter=unknown"));
        Assert.Equal(["OK"], await StatusesAsync("?vmid=100"));
        Assert.Equal(["unexpected status", "WARNINGS: 1"], await StatusesAsync($"?since={Noon.AddMinutes(55).ToUnixTimeSeconds()}"));
        Assert.Equal(["OK"], await StatusesAsync($"?until={Noon.ToUnixTimeSeconds()}"));
        Assert.Equal(["job errors", "OK"], await StatusesAsync("?start=1&limit=2"));

        void Add(string type, string id, string status, int start, int end) =>
            node.Node.Tasks.AddFinished(type, id, "root@pam!cli", status, Noon.AddMinutes(start), Noon.AddMinutes(end));

        async Task<IReadOnlyList<string>> StatusesAsync(string query) => (await node.GetAsync("nodes/pve1/tasks" + query, token)).Texts("status");
    }

    [Fact]
    public async Task A_limit_of_zero_is_nothing_for_the_list_and_the_total_is_absent_when_zero()
    {
        await using var node = await NodeUnderTest.StartAsync();
        var token = node.RootToken();
        node.Node.Tasks.AddFinished("vzdump", "", "root@pam", "OK", Noon, Noon);

        Assert.Equal("""{"data":[],"total":1}""", (await node.GetAsync("nodes/pve1/tasks?limit=0", token)).Body);
        Assert.Equal("""{"data":[]}""", (await node.GetAsync("nodes/pve1/tasks?since=9999999999", token)).Body);
    }

    [Fact]
    public async Task The_index_rotates_and_the_older_half_vanishes_at_the_second_time()
    {
        await using var node = await NodeUnderTest.StartAsync(options => options with { TaskIndexLimitBytes = 300 });
        var token = node.RootToken();
        for (var i = 0; i < 12; i++)
        {
            node.Node.Tasks.AddFinished("vzdump", $"{100 + i}", "root@pam", "OK", Noon.AddMinutes(i), Noon.AddMinutes(i));
        }

        var left = (await node.GetAsync("nodes/pve1/tasks", token)).Texts("id");

        Assert.Equal("111", left[0]);
        Assert.True(left.Count < 12, $"{left.Count} tasks are left.");
        Assert.True(File.Exists(Path.Combine(node.Node.Options.Directory, "tasks", "index.1")));
    }

    [Theory]
    [InlineData("UPID:pve1:0000ABCD:00012345:6B03A645:vzdump:102:root@pam:/log", 200, "OK")]
    [InlineData("UPID:pve1:0000ABCD:00012345:6B03A645:vzdump:102:root@pam:/status", 400, "Parameter verification failed.")]
    [InlineData("UPID:pve1:1/log", 400, "Parameter verification failed.")]
    [InlineData("UPID%3Apve1%3A0000ABCD%3A00012345%3A6B03A645%3A..%2F..%2Fx%3A102%3Aroot%40pam%3A/status", 501,
        "Method 'GET /nodes/pve1/tasks/UPID:pve1:0000ABCD:00012345:6B03A645:../../x:102:root@pam:/status' not implemented")]
    public async Task Unknown_and_malformed_task_names_end_in_these_ways(string path, int status, string reason)
    {
        await using var node = await NodeUnderTest.StartAsync();

        var answer = await node.GetAsync("nodes/pve1/tasks/" + path, node.RootToken());

        Assert.Equal((status, reason), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task The_log_of_an_unknown_task_is_an_object_with_200()
    {
        await using var node = await NodeUnderTest.StartAsync();

        var answer = await node.GetAsync("nodes/pve1/tasks/UPID:pve1:0000ABCD:00012345:6B03A645:vzdump:102:root@pam:/log", node.RootToken());

        Assert.Equal("""{"data":{"n":1,"t":"unable to open file - No such file or directory"},"total":1}""", answer.Body);
    }

    [Fact]
    public async Task A_restart_keeps_state_and_archives_what_was_running_as_unexpected()
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("perb-node-").FullName;
        var options = new SimulatedNodeOptions { Directory = directory, AuthenticationDelay = TimeSpan.Zero };
        string fingerprint;
        await using (var first = await SimulatedNode.StartAsync(options, TestContext.Current.CancellationToken))
        {
            first.CreateToken("perb@pve!node", NodeUnderTest.WatcherPrivileges);
            fingerprint = first.Fingerprint;
        }

        // As a power cut leaves it: listed as active, never archived.
        const string Lost = "UPID:pve1:0000ABCD:00012345:6B03A645:vzdump:102:root@pam:";
        await File.WriteAllTextAsync(Path.Combine(directory, "tasks", "active"), Lost + "\n", TestContext.Current.CancellationToken);

        await using (var second = await SimulatedNode.StartAsync(options, TestContext.Current.CancellationToken))
        {
            Assert.Equal(fingerprint, second.Fingerprint);
            Assert.Equal("perb@pve!node", Assert.Single(second.Access.Tokens).Id);
            Assert.Empty(second.Tasks.Running);
        }

        Assert.EndsWith(" unexpected status", (await File.ReadAllTextAsync(Path.Combine(directory, "tasks", "index"), TestContext.Current.CancellationToken)).TrimEnd(), StringComparison.Ordinal);
        System.IO.Directory.Delete(directory, recursive: true);
    }
}
