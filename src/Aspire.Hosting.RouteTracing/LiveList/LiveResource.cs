using System.Collections.Concurrent;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.Hosting.RouteTracing.Variables;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.LiveList;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>The list of a resource in run mode, which can be edited while the resource runs.</summary>
internal sealed class LiveResource(
    IResource resource,
    AppExclusions app,
    LiveListFolder folder,
    ResourceNotificationService notifications,
    ResourceLoggerService loggers,
    TimeProvider time)
    : IResourceAnnotation
{
    private const string EditedSource = "the list edited in this run";

    // A service that passes its health check has started. Without a health check, it may still be starting.
    private static readonly TimeSpan ReadTimeoutWithHealthCheck = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(30);

    private readonly Lock _editing = new();
    private readonly ConcurrentDictionary<string, string?> _states = new(StringComparer.Ordinal);
    private volatile IReadOnlyList<ListedUrl> _declared = app.GetList(resource);
    private volatile IReadOnlyList<ListedUrl>? _edited;
    private volatile IReadOnlyList<ListedUrl>? _started;
    private volatile string[] _secretSources = [];
    private ExcludedUrlsProperty? _property;
    private bool _keepsUnreadVariables;
    private long _runningSince;

    public string Name => resource.Name;

    /// <summary>Gets what follows "not read" in messages: the service and a question.</summary>
    public string ByService => $"by '{Name}': does it call AddRouteTracing()?";

    public TimeProvider Time => time;

    public Language Language { get; } = Language.Of(resource);

    /// <summary>Gets whether the resource reads a list at all.</summary>
    public bool IsRead => Language.ReadsExcludedUrls;

    public bool IsEdited => _edited is not null;

    /// <summary>Gets the edited list, or else the list that code and variables declare.</summary>
    public IReadOnlyList<ListedUrl> Current => _edited ?? _declared;

    /// <summary>
    /// Gets the list that was current when the variables were last set, or <see langword="null"/> if they have not been set yet.
    /// </summary>
    public IReadOnlyList<ListedUrl>? Started => _started;

    /// <summary>Gets the patterns that edits added to the list.</summary>
    public IReadOnlyList<string> Added => [.. Current.Where(url => url.Source == EditedSource).Select(url => url.Pattern)];

    /// <summary>Gets the arguments of the command that edits the list. Each is replaced while others read them.</summary>
    public InteractionInput[] EditInputs { get; } = new InteractionInput[Commands.EditInputCount];

    public bool IsContainer => resource.IsContainer();

    // A container can't read the AppHost's files, and other executables may not read them. A persistent resource would be recreated in the
    // next run, because the name of the folder differs.
    public bool Reports { get; } = Language.Of(resource) == Language.DotNet && !resource.IsContainer() && !IsPersistent(resource);

    /// <summary>Gets the property that shows the list.</summary>
    public ExcludedUrlsProperty Property =>
        LazyInitializer.EnsureInitialized(ref _property, () => new ExcludedUrlsProperty(resource, this, app, notifications, loggers));

    /// <summary>Gets whether the service reads the list from the AppHost's file.</summary>
    public bool FollowsFile { get; private set; }

    /// <summary>Gets whether .NET's variable has a secret as its value, which stays as it is.</summary>
    public bool KeepsSecret { get; private set; }

    /// <summary>Gets the names of the running instances: of the replicas, or of the resource itself.</summary>
    public IReadOnlyList<string> RunningInstances =>
        [.. _states.Where(instance => instance.Value == KnownResourceStates.Running).Select(instance => instance.Key)];

    /// <summary>
    /// Gets whether Aspire has published a state of the resource. Before, a resource that was added during BeforeStart has no instance, and
    /// a property would be that of another one.
    /// </summary>
    public bool IsKnown => !_states.IsEmpty;

    /// <summary>Returns whether an instance is in a state.</summary>
    public bool HasInstanceIn(string state) => _states.Values.Contains(state);

    public IReadOnlyList<ServiceStatus> ReadStatuses() => Reports ? ServiceStatuses.Read(folder.GetPath(Name)) : [];

    /// <summary>Counts the running instances.</summary>
    public int CountRunning() => _states.Values.Count(state => state == KnownResourceStates.Running);

    /// <summary>Counts the processes: those that report, or the running instances if there are more.</summary>
    public int CountProcesses(IReadOnlyList<ServiceStatus> statuses) =>
        Math.Max(CountProcesses(statuses, _ => true), CountRunning());

    /// <summary>Counts the processes whose applications all meet a condition.</summary>
    public static int CountProcesses(IReadOnlyList<ServiceStatus> statuses, Func<ServiceStatus, bool> condition) =>
        statuses.GroupBy(status => status.ProcessId).Count(process => process.All(condition));

    /// <summary>Returns whether an application applies the whole current list.</summary>
    public bool IsCurrentIn(ServiceStatus status) => status.Enabled && IsReadBy(status) && !FindMissing(status).Any();

    /// <summary>Returns whether an application has read the current list, or reads its list only at startup.</summary>
    public bool IsReadBy(ServiceStatus status) =>
        !FollowsFile || status.FileItems?.SequenceEqual(Current.Select(url => url.Pattern), StringComparer.Ordinal) == true;

    /// <summary>
    /// Finds what an application doesn't apply of the current list: items that it disabled, or that its settings delegates removed.
    /// </summary>
    public IEnumerable<ListedUrl> FindMissing(ServiceStatus status) =>
        Current.ExceptBy(status.Items.Select(item => item.Pattern), url => url.Pattern, StringComparer.Ordinal);

    /// <summary>Returns whether the service has been running longer than the first report takes.</summary>
    public bool IsReportOverdue()
    {
        var timeout = resource.HasAnnotationOfType<HealthCheckAnnotation>() ? ReadTimeoutWithHealthCheck : ReadTimeout;
        return CountRunning() > 0 && _runningSince != 0 && time.GetElapsedTime(_runningSince) > timeout;
    }

    /// <summary>Updates the state of an instance.</summary>
    public void Update(ResourceEvent state)
    {
        _states[state.ResourceId] = state.Snapshot.State?.Text;
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
    /// Adds the lists in the variables to the declared list. If the list was edited, empties the variables, because the edited list
    /// replaces them. A secret in .NET's variable stays its whole value if possible, because Aspire hides only such a secret. Adds warnings
    /// about items that were ignored.
    /// </summary>
    /// <returns>The list to write into the variables.</returns>
    public async Task<IReadOnlyList<ListedUrl>> PrepareAsync(
        IReadOnlyList<ListedUrl> list, Dictionary<string, object> variables, List<string> warnings, CancellationToken cancellationToken)
    {
        _secretSources = [.. variables.Where(variable => IsSecret(variable.Value)).Select(variable => ToSource(variable.Key))];
        var users = new List<ListedUrl>();
        string[] names = [.. variables.Keys.Where(name => VariableNames.IsExcludedUrls(name, Language))];
        foreach (var name in names)
        {
            var isSecret = IsSecret(variables[name]);
            var text = variables[name] as string;
            if (variables[name] is IValueProvider provider)
            {
                text = await provider.GetValueAsync(cancellationToken).ConfigureAwait(false) ?? "";
                variables[name] = isSecret && name == VariableNames.DotNetExcludedUrls ? provider : text;
            }

            // The user's own file replaces the variable.
            if (name != VariableNames.DotNetExcludedUrls || !variables.ContainsKey(VariableNames.ExclusionsFile))
            {
                users.AddRange(Parse(name, text, isSecret, warnings));
            }
        }

        lock (_editing)
        {
            IReadOnlyList<ListedUrl> declared = Distinct(users.Concat(list));
            if (_keepsUnreadVariables)
            {
                _edited = Distinct(declared.ExceptBy(_declared.Select(url => url.Pattern), url => url.Pattern).Concat(_edited!));
            }

            (_declared, _keepsUnreadVariables) = (declared, false);
            _started = Current;
            ListedUrl[] secrets = [.. users.Where(url => url is { IsSecret: true, Source: VariableNames.DotNetExcludedUrls })];
            KeepsSecret = variables.GetValueOrDefault(VariableNames.DotNetExcludedUrls) is IValueProvider
                && (Reports || secrets.All(Current.Contains));
            foreach (var name in IsEdited ? names : [])
            {
                variables[name] = KeepsSecret && name == VariableNames.DotNetExcludedUrls ? variables[name] : "";
            }

            return [.. (_edited ?? list).Except(KeepsSecret ? secrets : [])];
        }
    }

    /// <summary>
    /// Writes the list for the service that reads it while it runs, and sets the variables that name the file and the folder of the
    /// statuses. Adds a warning if the list can't be written.
    /// </summary>
    /// <returns>Whether the service reads the file.</returns>
    public bool Follow(Dictionary<string, object> variables, List<string> warnings)
    {
        if (Reports)
        {
            try
            {
                lock (_editing)
                {
                    folder.WriteList(Name, Current.Select(url => url.Pattern));
                }

                FollowsFile = variables.TryAdd(VariableNames.ExclusionsFile, folder.GetListPath(Name));
                variables.TryAdd(VariableNames.StatusFolder, folder.GetPath(Name));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                FollowsFile = false;
                warnings.Add($"The excluded URLs of '{Name}' can't be edited while it runs: {exception.Message}");
            }
        }

        return FollowsFile;
    }

    /// <summary>Returns the warnings about the patterns of a valid list that the resource wouldn't receive.</summary>
    /// <exception cref="InvalidOperationException">The list is too long.</exception>
    public IReadOnlyList<string> FindWarnings(IReadOnlyList<ListedUrl> list)
    {
        var writer = new ExclusionVariables(Name, Language, app.Carriers, new Dictionary<string, object>());
        writer.Write(list);
        return writer.Warnings;
    }

    /// <summary>
    /// Returns why the list can't be replaced by these valid patterns: it would be too long, or Python doesn't support a new one.
    /// </summary>
    public IReadOnlyList<string> FindObstacles(IReadOnlyList<string> patterns)
    {
        try
        {
            // Throws an exception if the whole list is too long.
            var list = GetUrls(patterns);
            _ = FindWarnings(list);
            return Language == Language.Python ? FindWarnings([.. list.Except(Current)]) : [];
        }
        catch (InvalidOperationException exception)
        {
            return [exception.Message];
        }
    }

    /// <summary>
    /// Replaces the list, or returns to the declared one. If the service's file can't be written, the list stays as it was.
    /// </summary>
    /// <param name="patterns">The list, or <see langword="null"/> for the declared one.</param>
    /// <param name="replacesAll">Whether the edited list replaces the lists in the variables, too.</param>
    /// <returns>Whether the list changed.</returns>
    /// <exception cref="IOException">The file can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file can't be written.</exception>
    public bool Edit(IReadOnlyList<string>? patterns, bool replacesAll)
    {
        lock (_editing)
        {
            // Before the first start, the lists in the variables are not known yet.
            var (edited, hasUnreadVariables) = (patterns is null ? null : GetUrls(patterns), _started is null);
            if (edited is null ? !IsEdited : edited.SequenceEqual(Current) && !(replacesAll && hasUnreadVariables))
            {
                return false;
            }

            if (Reports)
            {
                folder.WriteList(Name, (edited ?? _declared).Select(url => url.Pattern));
            }

            _keepsUnreadVariables = edited is not null && !replacesAll && hasUnreadVariables && (!IsEdited || _keepsUnreadVariables);
            _edited = edited;
            return true;
        }
    }

    /// <summary>Returns the AppHost's entry for an item that a service reports, or else the item with the service's source.</summary>
    public ListedUrl Find(ServiceStatus.Item item) =>
        Current.Concat(_declared).FirstOrDefault(url => url.Pattern == item.Pattern)
            ?? new ListedUrl(item.Pattern, item.Source, _secretSources.Contains(item.Source, StringComparer.OrdinalIgnoreCase));

    /// <summary>Hides secrets in a problem that the service reports, which names the item and its source.</summary>
    public string Mask(string problem) =>
        Array.Find(_secretSources, source => problem.Contains($" of {source}", StringComparison.OrdinalIgnoreCase)) is { } secretSource
            ? $"An item of {secretSource} has a problem, which the service logs."
            : Current.Concat(_declared).Where(url => url.IsSecret).Aggregate(
                problem, (masked, url) => masked.Replace(url.Pattern, url.Display, StringComparison.Ordinal));

    private IReadOnlyList<ListedUrl> GetUrls(IReadOnlyList<string> patterns)
    {
        var known = Distinct(Current.Concat(_declared)).ToDictionary(url => url.Pattern, StringComparer.Ordinal);
        return
        [
            .. patterns.Distinct(StringComparer.Ordinal)
                .Select(pattern => known.GetValueOrDefault(pattern) ?? new ListedUrl(pattern, EditedSource)),
        ];
    }

    private IEnumerable<ListedUrl> Parse(string variable, string? text, bool isSecret, List<string> warnings)
    {
        if (variable != VariableNames.DotNetExcludedUrls)
        {
            return ExclusionVariables.ParsePython(text).Select(pattern => new ListedUrl(pattern, variable, isSecret));
        }

        // A service ignores a file that has an invalid item.
        var urls = ExclusionListFormat.Parse(text, out _)
            .Select(pattern => new ListedUrl(pattern, variable, isSecret))
            .ToLookup(url => ExclusionPattern.Validate(url.Pattern, out _));
        warnings.AddRange(urls[false].Select(
            url => $"The item '{url.Display}' of {variable} in '{Name}' is not a valid regular expression and was ignored."));
        return urls[true];
    }

    private static ListedUrl[] Distinct(IEnumerable<ListedUrl> urls) => [.. urls.DistinctBy(url => url.Pattern, StringComparer.Ordinal)];

    // A service names the configuration key, which has a colon for each two underscores, and no index of an array.
    private static string ToSource(string variable) =>
        (variable.StartsWith(VariableNames.SettingsExcludedUrls, StringComparison.OrdinalIgnoreCase)
            ? VariableNames.SettingsExcludedUrls
            : variable).Replace("__", ":", StringComparison.Ordinal);

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
