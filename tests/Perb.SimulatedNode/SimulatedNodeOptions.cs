using Perb.Simulation.Vzdump;

namespace Perb.Simulation;

/// <summary>What a test or the program may choose about a simulated node.</summary>
public sealed record SimulatedNodeOptions
{
    /// <summary>The node's own files: certificates, state, task history. Made if missing.</summary>
    public required string Directory { get; init; }

    public string NodeName { get; init; } = "pve1";

    /// <summary>0 takes any free port.</summary>
    public int Port { get; init; }

    /// <summary>Archive names and logs carry node-local time; the API carries UTC seconds.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>What time it is on the node. Waits (the delay of a 401, faults) always take real time.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Proxmox delays every 401 to three seconds.</summary>
    public TimeSpan AuthenticationDelay { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Proxmox closes an idle connection after five seconds.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The <c>script:</c> line of /etc/vzdump.conf.</summary>
    public string? HookScript { get; init; }

    /// <summary>A file like /etc/vzdump.conf, read whenever a task starts, for its <c>script:</c> line alone; <see cref="HookScript"/> wins over it.</summary>
    public string? VzdumpConf { get; init; }

    /// <summary>Awaited between the steps of every vzdump run, so that a test can hold it there.</summary>
    public Func<VzdumpStep, Task>? Gate { get; init; }

    /// <summary>The task index is rotated when it grows beyond this (facts: PVE 3.2).</summary>
    public int TaskIndexLimitBytes { get; init; } = 50_000;
}
