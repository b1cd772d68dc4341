using System.Collections;
using System.Runtime.CompilerServices;

namespace Tests;

/// <summary>Removes the variables that would change what the tests measure, such as those that Aspire sets.</summary>
internal static class CleanEnvironment
{
    [ModuleInitializer]
    internal static void RemoveVariables()
    {
        foreach (var name in Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(variable => (string)variable.Key))
        {
            if (name.StartsWith("OTEL_", StringComparison.Ordinal) || name.StartsWith("Aspire__", StringComparison.OrdinalIgnoreCase))
            {
                Environment.SetEnvironmentVariable(name, null);
            }
        }
    }
}
