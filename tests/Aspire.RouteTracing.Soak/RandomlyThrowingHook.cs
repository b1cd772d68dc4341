using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.Soak;

internal sealed class RandomlyThrowingHook : IRouteTracingHook
{
    public void OnRequest(Activity activity, HttpRequest request) => Throw();

    public void OnResponse(Activity activity, HttpResponse response) => Throw();

    private static void Throw()
    {
        if (Random.Shared.Next(10) == 0)
        {
            throw new InvalidOperationException("A hook failed, as it does at times.");
        }
    }
}
