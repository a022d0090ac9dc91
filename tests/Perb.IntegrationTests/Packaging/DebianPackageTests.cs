namespace Perb.IntegrationTests.Packaging;

/// <summary>The package as a file.</summary>
[Trait("Suite", "long")]
[Collection(OnePackage.Name)]
public sealed class DebianPackageTests(BuiltPackages packages)
{
    [Fact]
    public async Task Lintian_finds_no_error()
    {
        var package = await packages.CurrentAsync();
        var checkedBy = await BuiltPackages.TryRunAsync("lintian", "--allow-root", "--fail-on", "error", package);
        Assert.SkipWhen(checkedBy is null, "there is no lintian: ./test --all installs it");
        Assert.True(checkedBy.ExitCode == 0, checkedBy.Output + checkedBy.Errors);
    }

    [Fact]
    public async Task All_of_it_is_roots_and_nothing_is_for_others_to_write()
    {
        var lines = (await BuiltPackages.TryRunAsync("dpkg-deb", "--contents", await packages.CurrentAsync()))!.Ok().Output.TrimEnd().Split('\n');

        Assert.All(lines, line => Assert.Matches(@"\A(?:[-d]rw[-x]r-[-x]r-[-x]|lrwxrwxrwx) root/root ", line));
        Assert.DoesNotContain(lines, line => line.EndsWith(".pdb", StringComparison.Ordinal));
        Assert.All(
            (string[])["/usr/bin/perb -> ../lib/perb/perb", "/usr/lib/perb/vzdump-hook", "/usr/lib/systemd/system/perb.service", "/usr/share/man/man1/perb.1.gz"],
            file => Assert.Contains(lines, line => line.EndsWith(file, StringComparison.Ordinal)));

        // What would be configuration to dpkg, it would ask about at every upgrade; `perb setup` writes it.
        Assert.DoesNotContain(lines, line => line.Contains(" ./etc/", StringComparison.Ordinal));
    }
}
