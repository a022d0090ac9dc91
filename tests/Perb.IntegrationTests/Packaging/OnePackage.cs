namespace Perb.IntegrationTests.Packaging;

/// <summary>The tests that need the package share one, built once, and boot one node at a time.</summary>
[CollectionDefinition(Name)]
public sealed class OnePackage : ICollectionFixture<BuiltPackages>, ICollectionFixture<NodeImage>
{
    public const string Name = "one package";
}
