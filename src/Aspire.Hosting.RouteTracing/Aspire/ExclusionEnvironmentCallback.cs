using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>The callback that gives a resource its variables, and its place among the callbacks of others.</summary>
/// <remarks>
/// Callbacks run in the order of their annotations, and a later one overwrites what an earlier one set. So this one has to be the last. Its place may
/// change only until it ran: Aspire keeps the result of each annotation, and one that runs after others were kept sees none of their variables
/// (https://github.com/microsoft/aspire/blob/v13.5.2/src/Aspire.Hosting/ApplicationModel/EnvironmentCallbackAnnotation.cs).
/// </remarks>
internal sealed class ExclusionEnvironmentCallback : IResourceAnnotation
{
    private readonly IResource _resource;
    private readonly ApplicationExclusions _application;
    private readonly EnvironmentCallbackAnnotation _callback;
    private bool _ran;

    private ExclusionEnvironmentCallback(IResource resource, ApplicationExclusions application)
    {
        _resource = resource;
        _application = application;
        _callback = new EnvironmentCallbackAnnotation(SetVariables);
    }

    public static ExclusionEnvironmentCallback AddTo(IResource resource, ApplicationExclusions application)
    {
        if (!resource.TryGetLastAnnotation<ExclusionEnvironmentCallback>(out var callback))
        {
            callback = new ExclusionEnvironmentCallback(resource, application);
            resource.Annotations.Add(callback);
            resource.Annotations.Add(callback._callback);
        }

        return callback;
    }

    /// <summary>Puts the callback behind those of others, unless it ran already.</summary>
    public void MoveToEnd()
    {
        if (!_ran && _resource.Annotations.Remove(_callback))
        {
            _resource.Annotations.Add(_callback);
        }
    }

    public static ResourceLanguage LanguageOf(IResource resource) => ResourceLanguages.Of(resource.GetType(), (resource as ExecutableResource)?.Command);

    private void SetVariables(EnvironmentCallbackContext context)
    {
        _ran = true;
        var variables = context.EnvironmentVariables;
        var language = LanguageOf(_resource);
        var (patterns, _) = _application.Of(_resource);

        var texts = variables.Where(variable => variable.Value is string).ToDictionary(variable => variable.Key, variable => (string)variable.Value);
        foreach (var (name, text) in ExclusionEnvironment.Decide(language, patterns, texts, context.ExecutionContext.IsPublishMode).Variables)
        {
            variables[name] = variables.TryGetValue(name, out var value) && value is not string ? Join(value, text) : text;
        }

        if (language is ResourceLanguage.DotNet or ResourceLanguage.Unknown && _resource.HasAnnotationOfType<OtlpExporterAnnotation>())
        {
            variables.TryAdd(ExclusionVariables.Key, _application.Key);
        }
    }

    // The application's own value is known only when the resource starts: a parameter, or an expression.
    private static ReferenceExpression Join(object value, string text)
    {
        var expression = new ReferenceExpressionBuilder();
        switch (value)
        {
            case ReferenceExpression reference:
                expression.Append($"{reference}");
                break;
            case ParameterResource parameter:
                expression.Append($"{parameter}");
                break;
            case IValueProvider provider and IManifestExpressionProvider:
                expression.AppendValueProvider(provider);
                break;
            default:
                expression.AppendLiteral(value.ToString() ?? "");
                break;
        }

        expression.AppendLiteral(",");
        expression.AppendLiteral(text);
        return expression.Build();
    }
}
