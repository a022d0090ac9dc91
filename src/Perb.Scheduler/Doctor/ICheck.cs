namespace Perb.Scheduler.Doctor;

/// <summary>Looks at one thing that backups depend on, for real.</summary>
internal interface ICheck
{
    /// <summary>What is looked at, where the look itself fails.</summary>
    string Subject { get; }

    /// <summary>What to do where the look itself fails.</summary>
    string Fix { get; }

    /// <summary>May throw whatever the parts throw that it asks: <see cref="Examination"/> makes a finding of that.</summary>
    /// <param name="say">Takes each finding as it comes.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    Task RunAsync(Action<Finding> say, CancellationToken cancellationToken);
}
