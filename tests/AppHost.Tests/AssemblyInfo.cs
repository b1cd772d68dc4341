using AppHost.Tests;
using Xunit.Sdk;
using Xunit.v3;

// The AppHost starts once, and the tests take turns.
[assembly: AssemblyFixture(typeof(RunningAppHost))]
[assembly: Parallelization(Mode = ParallelMode.None)]
