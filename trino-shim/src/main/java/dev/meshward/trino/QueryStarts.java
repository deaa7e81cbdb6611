package dev.meshward.trino;

import dev.meshward.trino.client.Queries;
import dev.meshward.trino.client.Query;
import dev.meshward.trino.convert.Identities;
import io.trino.spi.QueryId;
import io.trino.spi.eventlistener.EventListener;
import io.trino.spi.eventlistener.QueryCompletedEvent;
import io.trino.spi.eventlistener.QueryCreatedEvent;
import io.trino.spi.resourcegroups.QueryType;
import io.trino.spi.security.Identity;

import java.util.Optional;

import static io.trino.spi.resourcegroups.QueryType.DESCRIBE;
import static io.trino.spi.resourcegroups.QueryType.EXPLAIN;
import static java.util.Locale.ENGLISH;
import static java.util.Objects.requireNonNull;

/**
 * Learns who starts a query, and when it has ended.
 *
 * <p>From release 445 on the check that a query may be executed says both who and which query. Before, it says only who;
 * the query's id comes later on the same thread, with the query's first check or with QueryCreated, and both are
 * before analysis.
 */
final class QueryStarts
        implements EventListener
{
    private final Identities identities;
    private final Queries queries;
    private final ThreadLocal<Identity> executing = new ThreadLocal<>();

    QueryStarts(Identities identities, Queries queries)
    {
        this.identities = requireNonNull(identities, "identities is null");
        this.queries = requireNonNull(queries, "queries is null");
    }

    void started(QueryId queryId, Identity invoker)
    {
        queries.start(queryId.getId(), identities.identity(invoker));
    }

    /** Somebody may execute a query whose id is not told yet. */
    void executing(Identity invoker)
    {
        executing.set(invoker);
    }

    /** The first check of a query whose id was not told: the identity is the one that was just let in on this thread. */
    Optional<Query> claim(String queryId, Identity identity)
    {
        Identity invoker = executing.get();
        if (invoker == null || !identities.identity(invoker).equals(identities.identity(identity))) {
            return Optional.empty();
        }
        executing.remove();
        return Optional.of(queries.start(queryId, identities.identity(invoker)));
    }

    @Override
    public void queryCreated(QueryCreatedEvent event)
    {
        Identity invoker = executing.get();
        executing.remove();
        String queryId = event.getMetadata().getQueryId();
        if (invoker != null && invoker.getUser().equals(event.getContext().getUser()) && queries.find(queryId).isEmpty()) {
            queries.start(queryId, identities.identity(invoker));
        }
        if (describes(event)) {
            queries.find(queryId).ifPresent(Query::describe);
        }
    }

    /**
     * EXPLAIN SHOW STATS prints the statistics as rows of its plan. The word cannot be written in another way, and an
     * EXPLAIN that has it elsewhere is none the worse.
     *
     * <p>FAIL-CLOSED: the text of EXECUTE IMMEDIATE is a string, in which every letter can be written by its code point. Only
     * a text that begins with EXPLAIN is the statement itself.
     */
    private static boolean describes(QueryCreatedEvent event)
    {
        Optional<QueryType> type = event.getContext().getQueryType();
        if (!type.equals(Optional.of(EXPLAIN))) {
            return type.equals(Optional.of(DESCRIBE));
        }
        String text = event.getMetadata().getQuery().strip().toUpperCase(ENGLISH);
        String prepared = event.getMetadata().getPreparedQuery().orElse("").strip().toUpperCase(ENGLISH);
        boolean isTold = text.startsWith("EXPLAIN") || prepared.startsWith("EXPLAIN");
        return !isTold || text.contains("STATS") || prepared.contains("STATS");
    }

    @Override
    public void queryCompleted(QueryCompletedEvent event)
    {
        queries.end(event.getMetadata().getQueryId());
    }
}
