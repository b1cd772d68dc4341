using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.Hooks;

/// <summary>The delegates of the settings, as a hook.</summary>
internal sealed class SettingsHook(Action<Activity, HttpRequest>? requestHook, Action<Activity, HttpResponse>? responseHook) : IRouteTracingHook
{
    public static SettingsHook? From(RouteTracingSettings settings)
        => settings is { RequestHook: null, ResponseHook: null } ? null : new SettingsHook(settings.RequestHook, settings.ResponseHook);

    public void OnRequest(Activity activity, HttpRequest request) => requestHook?.Invoke(activity, request);

    public void OnResponse(Activity activity, HttpResponse response) => responseHook?.Invoke(activity, response);
}
