package dev.meshward.trino;

import dev.meshward.trino.client.Asker;
import dev.meshward.trino.client.Queries;
import dev.meshward.trino.client.Query;
import dev.meshward.trino.convert.Identities;
import io.trino.spi.QueryId;
import io.trino.spi.security.Identity;
import io.trino.spi.security.SystemSecurityContext;

import java.util.Optional;

import static java.util.Objects.requireNonNull;

/**
 * Tells from Trino's words who asks, and in which query.
 */
final class Askers
{
    private final Identities identities;
    private final Queries queries;
    private final QueryStarts starts;
    private final PluginIdentity plugin;

    Askers(Identities identities, Queries queries, QueryStarts starts, PluginIdentity plugin)
    {
        this.identities = requireNonNull(identities, "identities is null");
        this.queries = requireNonNull(queries, "queries is null");
        this.starts = requireNonNull(starts, "starts is null");
        this.plugin = requireNonNull(plugin, "plugin is null");
    }

    /** A check within a query. */
    Asker asker(SystemSecurityContext context)
    {
        refusePlugin(context.getIdentity(), Optional.of(context.getQueryId().getId()));
        Query query = query(context);
        return new Asker(identities.identity(context.getIdentity()), Optional.of(query), Optional.of(context.getQueryStart()));
    }

    /** A check within a query that names no more than its id. */
    Asker asker(Identity identity, QueryId queryId)
    {
        refusePlugin(identity, Optional.of(queryId.getId()));
        return new Asker(identities.identity(identity), Optional.of(queries.require(queryId.getId())), Optional.empty());
    }

    /** A check outside any query. */
    Asker asker(Identity identity)
    {
        refusePlugin(identity, Optional.empty());
        return new Asker(identities.identity(identity), Optional.empty(), Optional.empty());
    }

    /** The query of a check. */
    Query query(SystemSecurityContext context)
    {
        String queryId = context.getQueryId().getId();
        return queries.find(queryId)
                .or(() -> starts.claim(queryId, context.getIdentity()))
                .orElseGet(() -> queries.require(queryId));
    }

    private void refusePlugin(Identity identity, Optional<String> queryId)
    {
        if (plugin.is(identity)) {
            throw PluginIdentity.reachesTooFar(queryId);
        }
    }
}
