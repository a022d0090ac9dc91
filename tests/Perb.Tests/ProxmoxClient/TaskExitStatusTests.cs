using Perb.ProxmoxClient;

namespace Perb.Tests.ProxmoxClient;

public sealed class TaskExitStatusTests
{
    [Theory]
    [InlineData("OK", TaskExitKind.Ok, 0, true)]
    [InlineData("WARNINGS: 3", TaskExitKind.Warnings, 3, true)]
    [InlineData("unexpected status", TaskExitKind.Unknown, 0, false)]
    [InlineData("", TaskExitKind.Unknown, 0, false)]
    [InlineData(null, TaskExitKind.Unknown, 0, false)]
    [InlineData("job errors", TaskExitKind.Error, 0, false)]
    [InlineData("ok", TaskExitKind.Error, 0, false)]
    [InlineData("OK ", TaskExitKind.Error, 0, false)]
    [InlineData("WARNINGS: many", TaskExitKind.Error, 0, false)]
    [InlineData("WARNINGS: -1", TaskExitKind.Error, 0, false)]
    [InlineData("interrupted by signal", TaskExitKind.Error, 0, false)]
    public void An_end_is_classified_as_proxmox_does(string? text, TaskExitKind kind, int warnings, bool success)
    {
        var end = TaskExitStatus.Parse(text);

        Assert.Equal((kind, warnings, success), (end.Kind, end.Warnings, end.IsSuccess));
        Assert.Equal(text ?? "", end.Text);
    }
}
