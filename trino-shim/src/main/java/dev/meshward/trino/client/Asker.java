package dev.meshward.trino.client;

import dev.meshward.decision.v1.Identity;

import java.time.Instant;
import java.util.Optional;

import static java.util.Objects.requireNonNull;

/**
 * Who asks, and in which query.
 *
 * @param identity whom Trino names for the check; inside a definer view that is the view's owner
 * @param query the query; empty where Trino asks outside one
 * @param queryStart when the query started, where the check says so
 */
public record Asker(Identity identity, Optional<Query> query, Optional<Instant> queryStart)
{
    public Asker
    {
        requireNonNull(identity, "identity is null");
        requireNonNull(query, "query is null");
        requireNonNull(queryStart, "queryStart is null");
    }

    Optional<String> queryId()
    {
        return query.map(Query::id);
    }
}
