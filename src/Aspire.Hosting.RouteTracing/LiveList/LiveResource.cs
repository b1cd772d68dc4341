using System.Collections.Concurrent;
using System.Diagnostics;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.Hosting.RouteTracing.Variables;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.LiveList;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>The list of a resource in a run. It can be seen, tested and edited in the dashboard and from the command line.</summary>
internal sealed class LiveResource(
    IResource resource, AppExclusions app, LiveListFolder folder, ResourceNotificationService notifications, TimeProvider time)
    : IResourceAnnotation
{
    private const string PropertyName = "aspire.route_tracing.excluded_urls";
    private const string EditedSource = "the list edited in this run";

    private static readonly TimeSpan ConfirmationTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ConfirmationInterval = TimeSpan.FromMilliseconds(50);

    // A service that answers its health check has started; another one may still be starting.
    private static readonly TimeSpan ReadTimeoutWithHealthCheck = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(30);

    private readonly Lock _editing = new();
    private readonly ConcurrentDictionary<string, bool> _instances = new(StringComparer.Ordinal);
    private volatile IReadOnlyList<ListedUrl> _declared = app.GetList(resource);
    private volatile IReadOnlyList<ListedUrl>? _edited;
    private bool _hasReadVariables;
    private bool _keepsUnreadVariables;
    private bool _followsFile;
    private long _runningSince;
    private bool _isShownAsUnread;
    private string? _shown;

    public string Name => resource.Name;

    public Language Language { get; } = Language.Of(resource);

    /// <summary>Gets whether the resource reads a list at all.</summary>
    public bool IsRead => Language.ReadsExcludedUrls;

    public bool IsEdited => _edited is not null;

    /// <summary>Gets the list: what code and variables declare, or what it was edited to.</summary>
    public IReadOnlyList<ListedUrl> Current => _edited ?? _declared;

    /// <summary>Gets the arguments of the command that edits the list. Each is replaced while others read them.</summary>
    public InteractionInput[] EditInputs { get; } = new InteractionInput[Commands.EditInputCount];

    // A container doesn't see the AppHost's files, and other executables may not read them. A persistent resource would be created again in
    // the next run, whose folder has another name.
    public bool Reports { get; } = Language.Of(resource) == Language.DotNet && !resource.IsContainer() && !IsPersistent(resource);

    public IReadOnlyList<ServiceStatus> ReadStatuses() => Reports ? ServiceStatuses.Read(folder.GetPath(Name)) : [];

    /// <summary>Counts the running instances.</summary>
    public int CountRunning() => _instances.IsEmpty
        ? notifications.TryGetCurrentState(Name, out var state) && IsRunning(state) ? 1 : 0
        : _instances.Values.Count(isRunning => isRunning);

    /// <summary>Notes the state of an instance.</summary>
    public void Update(ResourceEvent state)
    {
        _instances[state.ResourceId] = IsRunning(state);
        if (CountRunning() == 0)
        {
            _runningSince = 0;
        }
        else if (_runningSince == 0 && state.Snapshot.HealthStatus is HealthStatus.Healthy)
        {
            _runningSince = time.GetTimestamp();
        }
    }

    /// <summary>
    /// Adds the lists that the variables hold to the declared list, and empties them if the list was edited, because the edited list
    /// replaces them.
    /// </summary>
    /// <returns>The list to write into the variables.</returns>
    public async Task<IReadOnlyList<ListedUrl>> PrepareAsync(
        IReadOnlyList<ListedUrl> list, Dictionary<string, object> variables, CancellationToken cancellationToken)
    {
        var users = new List<ListedUrl>();
        foreach (var name in variables.Keys.Where(name => VariableNames.IsExcludedUrls(name, Language)).ToArray())
        {
            var isSecret = IsSecret(variables[name]);
            if (variables[name] is IValueProvider provider)
            {
                variables[name] = await provider.GetValueAsync(cancellationToken).ConfigureAwait(false) ?? "";
            }

            // A file that the user names replaces the variable.
            if (name != VariableNames.DotNetExcludedUrls || !variables.ContainsKey(VariableNames.ExclusionsFile))
            {
                users.AddRange(Parse(name, variables[name] as string, isSecret));
            }

            if (IsEdited)
            {
                variables[name] = "";
            }
        }

        lock (_editing)
        {
            IReadOnlyList<ListedUrl> declared = Distinct(users.Concat(list));
            if (_keepsUnreadVariables)
            {
                _edited = Distinct(declared.ExceptBy(_declared.Select(url => url.Pattern), url => url.Pattern).Concat(_edited!));
            }

            (_declared, _hasReadVariables, _keepsUnreadVariables) = (declared, true, false);
            return _edited ?? list;
        }
    }

    /// <summary>
    /// Writes the list for the service that reads it while it runs, and sets the variables that name the file and the folder of the
    /// statuses.
    /// </summary>
    public Task FollowAsync(Dictionary<string, object> variables)
    {
        if (Reports)
        {
            try
            {
                folder.WriteList(Name, Current.Select(url => url.Pattern));
                _followsFile = variables.TryAdd(VariableNames.ExclusionsFile, folder.GetListPath(Name));
                variables.TryAdd(VariableNames.StatusFolder, folder.GetPath(Name));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                _followsFile = false;
                app.Warn(resource, [$"The excluded URLs of '{Name}' can't be edited while it runs: {exception.Message}"]);
            }
        }

        return ShowAsync();
    }

    /// <summary>Returns why the resource can't be given a list of valid patterns, or <see langword="null"/>.</summary>
    public string? FindObstacle(IReadOnlyList<string> patterns)
    {
        try
        {
            new ExclusionVariables(Name, Language, app.Carriers, new Dictionary<string, object>()).Write(GetUrls(patterns));
            return null;
        }
        catch (InvalidOperationException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>
    /// Replaces the list, or returns to the declared one. If the service's file can't be written, the list stays as it was.
    /// </summary>
    /// <param name="patterns">The list, or <see langword="null"/> for the declared one.</param>
    /// <param name="replacesAll">Whether nothing of the list is kept, also not what the variables hold.</param>
    /// <exception cref="IOException">The file can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file can't be written.</exception>
    public void Edit(IReadOnlyList<string>? patterns, bool replacesAll)
    {
        lock (_editing)
        {
            var edited = patterns is null ? null : GetUrls(patterns);
            if (Reports)
            {
                folder.WriteList(Name, (edited ?? _declared).Select(url => url.Pattern));
            }

            // Before the first start, the lists in the variables are not known yet.
            _keepsUnreadVariables = edited is not null && !replacesAll && !_hasReadVariables && (!IsEdited || _keepsUnreadVariables);
            _edited = edited;
        }
    }

    /// <summary>
    /// Waits until the running processes use the list, restarts the resource if it reads the list only at startup, and answers what was
    /// seen.
    /// </summary>
    public async Task<(bool Success, string Text)> ApplyAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var (success, text) = await ConfirmAsync(services, cancellationToken).ConfigureAwait(false);
        await ShowAsync().ConfigureAwait(false);
        return (success, $"{Describe(Current)} {text}");
    }

    /// <summary>Describes a list in a sentence.</summary>
    public string Describe(IReadOnlyList<ListedUrl> list) =>
        list.Count == 0 ? $"'{Name}' excludes no URL." : $"'{Name}' excludes {Join(list)}.";

    /// <summary>Publishes the list and its state as a property, and as the arguments of the command that edits it.</summary>
    public async Task ShowAsync()
    {
        var text = GetState();
        if (Interlocked.Exchange(ref _shown, text) == text)
        {
            return;
        }

        Commands.SetEditInputs(this);
        var property = new ResourcePropertySnapshot(PropertyName, text) { DisplayName = "Excluded URLs", IsHighlighted = true };
        await notifications.PublishUpdateAsync(
            resource,
            snapshot => snapshot with { Properties = [.. snapshot.Properties.Where(present => present.Name != PropertyName), property] })
            .ConfigureAwait(false);
    }

    /// <summary>Warns once if the service doesn't read its list.</summary>
    public void WarnIfUnread()
    {
        // Only a resource with an endpoint receives requests.
        if (!_isShownAsUnread && IsUnread() && resource.Annotations.OfType<EndpointAnnotation>().Any())
        {
            _isShownAsUnread = true;
            app.Show(resource, $"The excluded URLs are not read by '{Name}': does it call AddRouteTracing()?");
        }
    }

    // The dashboard cuts off a long value, so the state comes first.
    private string GetState()
    {
        var warnings = app.GetWarnings().Where(warning => warning.Resource == resource).Select(warning => warning.Text);
        return string.Join(' ', [.. IsEdited ? ["Edited in this run."] : Array.Empty<string>(), GetStateOfList(), .. warnings]);
    }

    private string GetStateOfList()
    {
        var list = Join(Current);
        if (!IsRead || (Current.Count == 0 && !Reports))
        {
            return "None.";
        }

        if (!Reports)
        {
            return $"Read at startup: {list}.";
        }

        if (CountRunning() == 0)
        {
            return $"Not running: {list}.";
        }

        var statuses = ReadStatuses();
        if (statuses.Count == 0)
        {
            return IsUnread() ? $"Not read by '{Name}': does it call AddRouteTracing()? {list}." : $"Not read yet: {list}.";
        }

        var following = statuses.Where(UsesCurrentList).ToArray();
        var items = Join([.. following.Append(statuses[0]).First().Items.Select(Find)]);
        return statuses.Any(status => !status.Enabled) ? "Route tracing is disabled in the service."
            : following.Length == statuses.Count ? $"In force: {items}."
            : following.Length == 0 ? $"Another list is in force: {items}."
            : $"In force in {following.Length} of {statuses.Count} processes: {items}.";
    }

    private static string Join(IReadOnlyList<ListedUrl> list) =>
        list.Count == 0 ? "none" : string.Join(", ", list.Select(url => url.Display));

    /// <summary>Finds what the AppHost knows of an item that a service reports.</summary>
    public ListedUrl Find(ServiceStatus.Item item) =>
        Current.Concat(_declared).FirstOrDefault(url => url.Pattern == item.Pattern) ?? new ListedUrl(item.Pattern, item.Source);

    private async Task<(bool Success, string Text)> ConfirmAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var running = CountRunning();
        if (running == 0)
        {
            return (true, $"'{Name}' isn't running and reads the list when it starts.");
        }

        if (!_followsFile)
        {
            return await RestartAsync(services, cancellationToken).ConfigureAwait(false);
        }

        var started = Stopwatch.GetTimestamp();
        var statuses = ReadStatuses();
        while (statuses.Count(UsesCurrentList) < running && Stopwatch.GetElapsedTime(started) < ConfirmationTimeout)
        {
            await Task.Delay(ConfirmationInterval, cancellationToken).ConfigureAwait(false);
            statuses = ReadStatuses();
        }

        var confirmed = statuses.Count(UsesCurrentList);
        return (confirmed, statuses.Count) switch
        {
            (_, 0) when Current.Count == 0 => (true, "The service hasn't read it."),
            (_, 0) => (false, $"This is the AppHost's list, not read by '{Name}': does it call AddRouteTracing()?"),
            _ when statuses.Any(status => !status.Enabled) => (false, "Route tracing is disabled in the service, so it excludes nothing."),
            _ when confirmed >= running && running == 1 => (true, "The service has confirmed it."),
            _ when confirmed >= running => (true, $"All {running} processes have confirmed it."),
            _ => (
                false,
                $"This is the AppHost's list; {confirmed} of {running} processes confirmed it within "
                + $"{ConfirmationTimeout.TotalSeconds} seconds."),
        };
    }

    private async Task<(bool Success, string Text)> RestartAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var commands = services.GetRequiredService<ResourceCommandService>();
        var instances = _instances.Where(instance => instance.Value).Select(instance => instance.Key).DefaultIfEmpty(Name).ToArray();
        foreach (var instance in instances)
        {
            var restart = await commands.ExecuteCommandAsync(instance, KnownResourceCommands.RestartCommand, cancellationToken)
                .ConfigureAwait(false);
            if (!restart.Success)
            {
                return (false, $"It reads the list only at startup and couldn't be restarted: {restart.Message}");
            }
        }

        return (true, "It was restarted because it reads the list only at startup.");
    }

    private bool UsesCurrentList(ServiceStatus status) =>
        status.Enabled
            && (!_followsFile || status.FileItems?.SequenceEqual(Current.Select(url => url.Pattern), StringComparer.Ordinal) == true);

    private bool IsUnread()
    {
        var timeout = resource.HasAnnotationOfType<HealthCheckAnnotation>() ? ReadTimeoutWithHealthCheck : ReadTimeout;
        return Reports && Current.Count > 0 && _runningSince != 0 && time.GetElapsedTime(_runningSince) > timeout
            && ReadStatuses().Count == 0;
    }

    private IReadOnlyList<ListedUrl> GetUrls(IReadOnlyList<string> patterns)
    {
        var known = Distinct(Current.Concat(_declared)).ToDictionary(url => url.Pattern, StringComparer.Ordinal);
        return
        [
            .. patterns.Distinct(StringComparer.Ordinal)
                .Select(pattern => known.GetValueOrDefault(pattern) ?? new ListedUrl(pattern, EditedSource)),
        ];
    }

    private IEnumerable<ListedUrl> Parse(string variable, string? text, bool isSecret)
    {
        if (variable != VariableNames.DotNetExcludedUrls)
        {
            return ExclusionVariables.ParsePython(text).Select(pattern => new ListedUrl(pattern, variable, isSecret));
        }

        // A service ignores a file that has an invalid item.
        var urls = ExclusionListFormat.Parse(text, out _)
            .Select(pattern => new ListedUrl(pattern, variable, isSecret))
            .ToLookup(url => ExclusionPattern.Validate(url.Pattern, out _));
        app.Warn(
            resource,
            urls[false].Select(
                url => $"The item '{url.Display}' of {variable} in '{Name}' is not a valid regular expression and was ignored."));
        return urls[true];
    }

    private static ListedUrl[] Distinct(IEnumerable<ListedUrl> urls) => [.. urls.DistinctBy(url => url.Pattern, StringComparer.Ordinal)];

    private static bool IsRunning(ResourceEvent state) => state.Snapshot.State?.Text == KnownResourceStates.Running;

    private static bool IsSecret(object value) => value switch
    {
        string or EndpointReference or EndpointReferenceExpression => false,
        ParameterResource parameter => parameter.Secret,
        ReferenceExpression expression => expression.ValueProviders.Any(IsSecret),
        _ => true,
    };

    /// <summary>Mirrors Aspire's internal persistence check, which isn't public.</summary>
    private static bool IsPersistent(IResource resource)
    {
#pragma warning disable ASPIREPERSISTENCE001 // Read where it is present; nothing here asks the user to opt in.
        var asked = new HashSet<IResource>();
        while (resource.TryGetLastAnnotation<PersistenceAnnotation>(out var persistence))
        {
            if (persistence is not { Mode: PersistenceMode.Resource, SourceResource: { } source } || !asked.Add(resource))
            {
                return persistence.Mode is PersistenceMode.Persistent or PersistenceMode.ParentProcess;
            }

            resource = source;
        }
#pragma warning restore ASPIREPERSISTENCE001

        return resource.TryGetLastAnnotation<ContainerLifetimeAnnotation>(out var container)
            && container.Lifetime == ContainerLifetime.Persistent;
    }
}
