package dev.meshward.trino.client;

import dev.meshward.decision.v1.Identity;
import dev.meshward.trino.MeshwardErrorCode;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

import static java.util.Objects.requireNonNull;

/**
 * The queries that run. Bounded: the longest unused lose their answers first, and beyond that are forgotten whole.
 *
 * <p>FAIL-CLOSED: a query that is not here has no known invoker and no pin, and every check of it fails. It is never
 * begun anew, or one query could be answered by two revisions.
 */
public final class Queries
{
    private static final int STARTS_BETWEEN_COUNTS = 64;

    private final Clock clock;
    private final int mostQueries;
    private final int mostAnswers;
    private final Duration longestIdle;
    private final Map<String, Running> running = new LinkedHashMap<>(16, 0.75f, true);
    private long starts;

    public Queries()
    {
        this(Clock.systemUTC(), 50_000, 2_000_000, Duration.ofHours(24));
    }

    Queries(Clock clock, int mostQueries, int mostAnswers, Duration longestIdle)
    {
        this.clock = requireNonNull(clock, "clock is null");
        this.mostQueries = mostQueries;
        this.mostAnswers = mostAnswers;
        this.longestIdle = requireNonNull(longestIdle, "longestIdle is null");
    }

    /** A query starts. Its invoker is whom the first word about it names. */
    public synchronized Query start(String queryId, Identity invoker)
    {
        Running entry = running.computeIfAbsent(queryId, id -> new Running(new Query(id, invoker)));
        entry.lastUsed = clock.instant();
        trim();
        return entry.query;
    }

    /** A query that was started; fails when it is not known. */
    public Query require(String queryId)
    {
        return find(queryId).orElseThrow(() -> Failures.failure(
                MeshwardErrorCode.MESHWARD_QUERY_NOT_KNOWN,
                Optional.of(queryId),
                "it is not known who started this query, so nothing is shown"));
    }

    /** A query that was started. */
    public synchronized Optional<Query> find(String queryId)
    {
        Running entry = running.get(queryId);
        if (entry == null) {
            return Optional.empty();
        }
        entry.lastUsed = clock.instant();
        return Optional.of(entry.query);
    }

    /** A query has ended, and nothing more will be asked for it. */
    public synchronized void end(String queryId)
    {
        running.remove(queryId);
    }

    synchronized int size()
    {
        return running.size();
    }

    private void trim()
    {
        Instant oldest = clock.instant().minus(longestIdle);
        Iterator<Running> eldest = running.values().iterator();
        while (eldest.hasNext()) {
            Running entry = eldest.next();
            if (running.size() <= mostQueries && !entry.lastUsed.isBefore(oldest)) {
                break;
            }
            eldest.remove();
        }
        starts++;
        if (starts % STARTS_BETWEEN_COUNTS == 0) {
            trimAnswers();
        }
    }

    private void trimAnswers()
    {
        long kept = running.values().stream().mapToLong(entry -> entry.query.kept()).sum();
        for (Running entry : running.values()) {
            if (kept <= mostAnswers) {
                return;
            }
            kept -= entry.query.kept();
            entry.query.forgetAnswers();
        }
    }

    private static final class Running
    {
        private final Query query;
        private Instant lastUsed;

        private Running(Query query)
        {
            this.query = query;
            lastUsed = Instant.EPOCH;
        }
    }
}
