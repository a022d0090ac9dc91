namespace Perb.Scheduler.Setup;

/// <summary>Setup cannot go on; the message says why and what to do. What was written until then is whole, and setup can be run again.</summary>
public sealed class SetupException(string message) : Exception(message);
