using Perb.Simulation.Control;

return await CommandLine.Build().Parse(args).InvokeAsync();
