using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Perb.ProxmoxClient;
using Perb.Scheduler.Configuration;
using Perb.Transfer.Sealing;

namespace Perb.Tests;

public sealed class ConventionTests
{
    private static readonly Assembly[] Ours = [typeof(PerbOptions).Assembly, typeof(SealingPlan).Assembly, typeof(ProxmoxApi).Assembly];

    private static readonly string[] EmptyWords = ["Manager", "Helper", "Helpers", "Utils", "Util", "Service", "Handler"];

    public static TheoryData<string> Assemblies => [.. Ours.Select(assembly => assembly.GetName().Name!)];

    [Fact]
    public void A_class_is_sealed_static_or_abstract_unless_something_derives_from_it()
    {
        var bases = Ours.SelectMany(assembly => assembly.GetTypes()).Select(type => type.BaseType).ToHashSet();

        Assert.DoesNotContain(Written(), type => type is { IsClass: true, IsSealed: false, IsAbstract: false } && !bases.Contains(type));
    }

    [Fact]
    public void Names_say_what_a_thing_is() =>
        Assert.DoesNotContain(Written(), type => EmptyWords.Any(word => type.Name.EndsWith(word, StringComparison.Ordinal)));

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Event_ids_are_unique(string name)
    {
        var messages = Ours.Single(assembly => assembly.GetName().Name == name).GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => (method.Name, Message: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(method => method.Message is not null)
            .ToList();

        Assert.Empty(messages.GroupBy(method => method.Message!.EventId).Where(group => group.Count() > 1).Select(group => group.Key));
        Assert.All(messages, method => Assert.True(method.Message!.EventId > 0, $"{method.Name} has no event id"));
    }

    private static IEnumerable<Type> Written() => Ours.SelectMany(assembly => assembly.GetTypes())
        .Where(type => !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
            && !type.IsDefined(typeof(System.CodeDom.Compiler.GeneratedCodeAttribute), inherit: false)
            && !type.Name.Contains('<', StringComparison.Ordinal)
            && type.Namespace?.StartsWith("Perb", StringComparison.Ordinal) == true);
}
