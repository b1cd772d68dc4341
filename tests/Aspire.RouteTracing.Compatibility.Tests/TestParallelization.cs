using Xunit.Sdk;
using Xunit.v3;

// Activity sources are the process's: a tracer provider exports the spans of every application that runs beside its own.
[assembly: Parallelization(Mode = ParallelMode.None)]
