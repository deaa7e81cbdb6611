package dev.meshward.trino;

import dev.meshward.trino.client.Asker;
import dev.meshward.trino.convert.Resources;
import io.trino.spi.QueryId;
import io.trino.spi.TrinoException;
import io.trino.spi.security.AccessDeniedException;
import io.trino.spi.security.Identity;

import java.security.Principal;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_BUSY;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_TIMEOUT;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_UNREACHABLE;
import static java.util.Objects.requireNonNull;

/**
 * The checks that come before a query or outside any: who one may be, whether a query may start, and other people's
 * queries. Operators are let through here while the decision server is away, or they could not mend it.
 */
final class IdentityChecks
{
    private static final Set<MeshwardErrorCode> OUTAGES = Set.of(MESHWARD_UNREACHABLE, MESHWARD_TIMEOUT, MESHWARD_BUSY);

    private final Askers askers;
    private final Checks checks;
    private final QueryStarts starts;
    private final LocalAnswers local;
    private final PluginIdentity plugin;

    IdentityChecks(Askers askers, Checks checks, QueryStarts starts, LocalAnswers local, PluginIdentity plugin)
    {
        this.askers = requireNonNull(askers, "askers is null");
        this.checks = requireNonNull(checks, "checks is null");
        this.starts = requireNonNull(starts, "starts is null");
        this.local = requireNonNull(local, "local is null");
        this.plugin = requireNonNull(plugin, "plugin is null");
    }

    void setUser(Optional<Principal> principal, String userName)
    {
        if (plugin.is(userName)) {
            AccessDeniedException.denySetUser(principal, userName);
        }
    }

    void impersonate(Identity identity, String userName)
    {
        if (plugin.is(userName)) {
            AccessDeniedException.denyImpersonateUser(identity.getUser(), userName);
        }
        checks.check(
                askers.asker(identity),
                "impersonate_user",
                Resources.user(userName),
                reason -> AccessDeniedException.denyImpersonateUser(identity.getUser(), userName, reason));
    }

    void executeQuery(Identity identity, QueryId queryId)
    {
        refusePlugin(identity);
        starts.started(queryId, identity);
        execute(identity, askers.asker(identity, queryId));
    }

    /** Releases 440 to 444: the query's id is told later. */
    void executeQuery(Identity identity)
    {
        refusePlugin(identity);
        execute(identity, askers.asker(identity));
        starts.executing(identity);
    }

    void readSystemInformation(Identity identity)
    {
        if (!local.isOperator(identity)) {
            checks.check(askers.asker(identity), "read_system_information", Resources.system(), AccessDeniedException::denyReadSystemInformationAccess);
        }
    }

    void query(Identity identity, Identity owner, String action, Consumer<String> denial)
    {
        if (!local.isOperator(identity)) {
            checks.check(askers.asker(identity), action, Resources.user(owner), denial);
        }
    }

    private void execute(Identity identity, Asker asker)
    {
        try {
            checks.check(asker, "execute_query", Resources.system(), AccessDeniedException::denyExecuteQuery);
        }
        catch (TrinoException e) {
            // No data is behind this: whatever the query reads is decided for itself, and fails during an outage.
            if (!local.isOperator(identity) || OUTAGES.stream().noneMatch(outage -> outage.toErrorCode().equals(e.getErrorCode()))) {
                throw e;
            }
        }
    }

    private void refusePlugin(Identity identity)
    {
        if (plugin.is(identity)) {
            AccessDeniedException.denyExecuteQuery("this user cannot run queries");
        }
    }
}
