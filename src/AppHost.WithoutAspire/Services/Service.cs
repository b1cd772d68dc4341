namespace AppHost.WithoutAspire.Services;

/// <param name="Name">The name that other services and the telemetry know it by.</param>
/// <param name="Assembly">The simple name of its assembly.</param>
/// <param name="References">The names of the services that it calls.</param>
/// <param name="ExcludedUrls">What <c>WithExcludedUrls</c> says of it.</param>
internal sealed record Service(string Name, string Assembly, IReadOnlyList<string> References, IReadOnlyList<string> ExcludedUrls);
