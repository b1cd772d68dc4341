using System.Diagnostics.CodeAnalysis;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.Hosting.RouteTracing.Variables;
using Aspire.RouteTracing;
using Aspire.RouteTracing.LiveList;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>The list of a resource in run mode, which can be edited while the resource runs.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore needs no disposal, because its wait handle isn't used.")]
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

    private readonly Lock _editing = new();
    private readonly bool _canOpenFolder = Language.Of(resource) == Language.DotNet && !resource.IsContainer() && !IsPersistent(resource);
    private volatile IReadOnlyList<ListedUrl> _declared = app.GetList(resource);
    private volatile IReadOnlyList<ListedUrl>? _edited;
    private volatile IReadOnlyList<ListedUrl>? _listAtStart;
    private volatile IReadOnlyList<string> _secretSources = [];
    private volatile bool _isFolderUnusable;
    private volatile string? _writeProblem;
    private bool _replacesAll;

    public string Name => resource.Name;

    /// <summary>Gets the end of messages about a list that was never read: <c>by 'orders': does it call AddRouteTracing()?</c></summary>
    public string ByService => $"by '{Name}': does it call AddRouteTracing()?";

    public TimeProvider Time => time;

    public Language Language { get; } = Language.Of(resource);

    public bool IsEdited => _edited is not null;

    /// <summary>Gets the edited list, or else the list that code and variables declare.</summary>
    public IReadOnlyList<ListedUrl> Current => _edited ?? _declared;

    /// <summary>
    /// Gets the list that was current when the variables were last set, or <see langword="null"/> if they have not been set yet.
    /// </summary>
    public IReadOnlyList<ListedUrl>? ListAtStart => _listAtStart;

    /// <summary>Gets the patterns that edits added to the list.</summary>
    public IReadOnlyList<string> Added => [.. Current.Where(url => url.Source == EditedSource).Select(url => url.Pattern)];

    /// <summary>Gets the arguments of the command that edits the list. Each is replaced while others read them.</summary>
    public InteractionInput[] EditInputs => LazyInitializer.EnsureInitialized(ref field, () => Commands.CreateEditInputs(this));

    public IResource Resource => resource;

    public ResourceInstances Instances { get; } = new(resource, notifications, time);

    /// <summary>
    /// Gets whether the service can report its list. Containers can't open the AppHost's folder, and other executables don't know it. A
    /// persistent resource would be recreated in each run, because the folder's name changes. A service whose list couldn't be written
    /// doesn't know the folder either.
    /// </summary>
    public bool CanReport => _canOpenFolder && !_isFolderUnusable;

    /// <summary>Gets the property that shows the list.</summary>
    public ExcludedUrlsProperty Property =>
        LazyInitializer.EnsureInitialized(ref field, () => new ExcludedUrlsProperty(this, app, notifications, loggers));

    /// <summary>Gets whether the service reads the list from the AppHost's file.</summary>
    public bool FollowsFile { get; private set; }

    /// <summary>Gets why a list that is gone can't be written again, or <see langword="null"/>.</summary>
    public string? WriteProblem => _writeProblem;

    /// <summary>Gets a lock for restarts that let the resource read its list.</summary>
    public SemaphoreSlim RestartLock { get; } = new(1);

    /// <summary>Reads what the service reports, and remembers that it does.</summary>
    public IReadOnlyList<ServiceStatus> ReadStatuses()
    {
        var statuses = CanReport && folder.IsIntact(Name) ? ServiceStatuses.Read(folder.GetPath(Name)) : [];
        if (statuses.Count > 0)
        {
            Instances.OnReport();
        }

        return statuses;
    }

    /// <summary>Counts the processes: those that report, or the running instances if there are more.</summary>
    public int CountProcesses(IReadOnlyList<ServiceStatus> statuses) =>
        Math.Max(statuses.CountProcesses(_ => true), Instances.Running.Count);

    /// <summary>Returns whether an application applies the whole current list.</summary>
    public bool IsCurrentIn(ServiceStatus status) => status.Enabled && IsReadBy(status) && FindMissing([status]).Count == 0;

    /// <summary>Returns whether an application has read the current list, or reads its list only at startup.</summary>
    public bool IsReadBy(ServiceStatus status) =>
        !FollowsFile || status.FileItems?.SequenceEqual(Current.Select(url => url.Pattern), StringComparer.Ordinal) == true;

    /// <summary>
    /// Finds the items of the current list that applications have read but don't apply, because they disabled them, or their settings
    /// delegates removed them.
    /// </summary>
    public IReadOnlyList<ListedUrl> FindMissing(IEnumerable<ServiceStatus> statuses) =>
        [
            .. statuses.Where(IsReadBy)
                .SelectMany(status =>
                    Current.ExceptBy(status.Items.Select(item => item.Pattern), url => url.Pattern, StringComparer.Ordinal))
                .Distinct(),
        ];

    /// <summary>
    /// Adds the lists in the variables to the declared list, and writes the list for a service that reads it while it runs. If the list
    /// was edited, empties the variables, because the edited list replaces them. A secret in .NET's variable is left unchanged. Adds
    /// warnings.
    /// </summary>
    /// <returns>The list to write into the variables.</returns>
    public async Task<IReadOnlyList<ListedUrl>> PrepareAsync(
        IReadOnlyList<ListedUrl> list, EnvironmentCallbackContext context, List<string> warnings)
    {
        var variables = context.EnvironmentVariables;
        var users = await UserLists.ReadAsync(resource, context, warnings).ConfigureAwait(false);
        lock (_editing)
        {
            // A service can still report items of a former secret.
            _secretSources = [.. _secretSources.Union(users.SecretSources, StringComparer.Ordinal)];

            // .NET's items are first: the first of two equal patterns is kept, and Python's form of it follows from .NET's.
            IReadOnlyList<ListedUrl> declared =
                Distinct(users.Urls.Concat(list).OrderBy(url => url.IsForPython && Language.ReadsDotNetVariables));
            if (IsEdited && !_replacesAll)
            {
                // Before the first start, the lists in the variables are not known.
                var added = declared.ExceptBy(_declared.Select(url => url.Pattern), url => url.Pattern, StringComparer.Ordinal);
                _edited = Distinct(added.Concat(_edited!));
            }

            _declared = declared;
            _listAtStart = Current;
            FollowsFile = TryWriteFile(variables, warnings);
            var keepsSecret = KeepsSecret(variables, users.Urls, warnings);
            foreach (var name in IsEdited ? users.Names : [])
            {
                variables[name] = keepsSecret && name == VariableNames.DotNetExcludedUrls ? variables[name] : "";
            }

            // If a secret stays in the variable, only the file has the list, because an edit can't change variables of a running service.
            return keepsSecret && FollowsFile ? [] : [.. (_edited ?? list).Where(url => !IsDotNetSecret(url))];
        }
    }

    /// <summary>Returns the warnings about the patterns of a valid list that the resource wouldn't receive.</summary>
    /// <exception cref="InvalidOperationException">The list is too long.</exception>
    public IReadOnlyList<string> FindWarnings(IReadOnlyList<ListedUrl> list) =>
        new ExclusionVariables(resource, app.Carriers, [], hasUsersFile: false).Write(list);

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
    /// Changes the list, or returns to the declared one. If it can't be changed, it stays as it was.
    /// </summary>
    /// <param name="change">Returns the new list from the current one. <see langword="null"/> for the declared list.</param>
    /// <param name="replacesAll">Whether the edited list also replaces items that will be declared, such as those of variables.</param>
    /// <returns>Whether the list changed.</returns>
    /// <exception cref="InvalidOperationException">
    /// The list would be too long, because others edited it, or variables grew, after it was validated.
    /// </exception>
    /// <exception cref="IOException">The file can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file can't be written.</exception>
    public bool Edit(Func<IReadOnlyList<ListedUrl>, IReadOnlyList<string>>? change, bool replacesAll)
    {
        lock (_editing)
        {
            var edited = change is null ? null : GetUrls(change(Current));
            var isSame = edited is null ? !IsEdited : edited.SequenceEqual(Current);

            // Before the first start, variables can still add items, so replacing the list by the same items is an edit, too.
            if (isSame && !(replacesAll && _listAtStart is null))
            {
                _replacesAll |= replacesAll && IsEdited;
                return false;
            }

            if (edited is not null)
            {
                // Throws an exception if the list is too long.
                _ = FindWarnings(edited);
            }

            if (FollowsFile)
            {
                folder.WriteList(Name, [.. (edited ?? _declared).Select(url => url.Pattern)]);
            }

            _replacesAll = edited is not null && (replacesAll || _replacesAll);
            _edited = edited;
            return true;
        }
    }

    /// <summary>
    /// Writes the list again if it is gone, because systems delete old temporary files. Sets <see cref="WriteProblem"/>.
    /// </summary>
    public void RestoreFile()
    {
        lock (_editing)
        {
            _writeProblem = null;

            // A service with a list file of its own reports beside the AppHost's file, too.
            if (_listAtStart is null || !CanReport || folder.HasList(Name))
            {
                return;
            }

            try
            {
                folder.WriteList(Name, [.. Current.Select(url => url.Pattern)]);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                _writeProblem = DescribeUnwritable(exception);
            }
        }
    }

    /// <summary>Finds the items that the service has from sources of its own, such as a file that the user names.</summary>
    public IEnumerable<ServiceStatus.Item> FindOwnItems() =>
        ReadStatuses().SelectMany(status => status.Items)
            .Where(item => !FollowsFile || item.Source != ConfigurationKeys.ExclusionsFile)
            .ExceptBy(Current.Select(url => url.Pattern), item => item.Pattern, StringComparer.Ordinal);

    /// <summary>Returns the AppHost's entry for each item that a service reports, or else the item with the service's source.</summary>
    public IEnumerable<ListedUrl> ToListed(IEnumerable<ServiceStatus.Item> items)
    {
        var known = GetKnown();
        return items.Select(item => known.GetValueOrDefault(item.Pattern)
            ?? new ListedUrl(item.Pattern, item.Source, _secretSources.Contains(item.Source, StringComparer.OrdinalIgnoreCase)));
    }

    // Without the file, the secret must stay complete, because removing a part would show the rest.
    private bool KeepsSecret(Dictionary<string, object> variables, IEnumerable<ListedUrl> users, List<string> warnings)
    {
        if (variables.GetValueOrDefault(VariableNames.DotNetExcludedUrls) is not IValueProvider)
        {
            return false;
        }

        var secrets = users.Where(IsDotNetSecret).ToLookup(secret => Current.Any(url => url.Pattern == secret.Pattern));
        if (!FollowsFile && secrets[true].Any() && secrets[false].Any())
        {
            warnings.Add(
                $"'{Name}' still excludes all patterns of the secret in {VariableNames.DotNetExcludedUrls}, because a part of a secret "
                + "can't be removed. To remove all of it, replace the list.");
        }

        return FollowsFile || secrets[true].Any();
    }

    private static bool IsDotNetSecret(ListedUrl url) => url is { IsSecret: true, Source: VariableNames.DotNetExcludedUrls };

    // Writes the file, and names it and the folder of the statuses in the variables.
    private bool TryWriteFile(Dictionary<string, object> variables, List<string> warnings)
    {
        if (!_canOpenFolder)
        {
            return false;
        }

        try
        {
            folder.WriteList(Name, [.. Current.Select(url => url.Pattern)]);
            _isFolderUnusable = false;
            variables.TryAdd(VariableNames.StatusFolder, folder.GetPath(Name));
            return variables.TryAdd(VariableNames.ExclusionsFile, folder.GetListPath(Name));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _isFolderUnusable = true;
            warnings.Add(DescribeUnwritable(exception));
            return false;
        }
    }

    private string DescribeUnwritable(Exception exception) =>
        $"The excluded URLs of '{Name}' can't be edited while it runs: {exception.Message}";

    private IReadOnlyList<ListedUrl> GetUrls(IReadOnlyList<string> patterns)
    {
        var known = GetKnown();
        return
        [
            .. patterns.Distinct(StringComparer.Ordinal)
                .Select(pattern => known.GetValueOrDefault(pattern) ?? new ListedUrl(pattern, EditedSource)),
        ];
    }

    private Dictionary<string, ListedUrl> GetKnown() =>
        Distinct(Current.Concat(_declared)).ToDictionary(url => url.Pattern, StringComparer.Ordinal);

    private static ListedUrl[] Distinct(IEnumerable<ListedUrl> urls) => [.. urls.DistinctBy(url => url.Pattern, StringComparer.Ordinal)];

    // A resource that has the lifetime of another one is treated as persistent.
    private static bool IsPersistent(IResource resource) =>
#pragma warning disable ASPIREPERSISTENCE001 // Read where it is present; nothing here asks the user to opt in.
        resource.TryGetLastAnnotation<PersistenceAnnotation>(out var persistence) && persistence.Mode is not PersistenceMode.Session;
#pragma warning restore ASPIREPERSISTENCE001
}
