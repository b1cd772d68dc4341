namespace Aspire.Hosting.RouteTracing.Variables;

internal static class ResourceLanguageExtensions
{
    extension(ResourceLanguage language)
    {
        public bool ReadsDotNetVariables => language is ResourceLanguage.DotNet or ResourceLanguage.Unknown;

        public bool ReadsExcludedUrls => language.ReadsDotNetVariables || language.ReadsPythonVariables;

        public bool ReadsPythonVariables => language is ResourceLanguage.Python or ResourceLanguage.Unknown;
    }
}
