namespace Perb.Scheduler;

/// <summary>How every command ends; a contract with scripts and with systemd (<c>RestartPreventExitStatus=78</c>).</summary>
public enum ExitCode
{
    Ok = 0,
    Failed = 1,
    Usage = 2,
    SomeBackupsFailed = 3,
    TryLater = 75,
    Configuration = 78,
}
