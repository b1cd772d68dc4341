using Xunit.Sdk;
using Xunit.v3;

// Activity sources belong to the process, so a tracer provider exports the spans of every application that runs at the same time.
[assembly: Parallelization(Mode = ParallelMode.None)]
