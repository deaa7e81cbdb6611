package dev.meshward.trino.client;

import com.google.protobuf.ByteString;
import dev.meshward.decision.v1.CheckAccessRequest;
import dev.meshward.decision.v1.CheckAccessResponse;
import dev.meshward.decision.v1.Expression;
import dev.meshward.decision.v1.FunctionResource;
import dev.meshward.decision.v1.Identity;
import dev.meshward.decision.v1.TableColumns;
import dev.meshward.decision.v1.TableName;
import dev.meshward.decision.v1.Verdict;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_INTERRUPTED;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_TIMEOUT;
import static java.util.Objects.requireNonNull;

/**
 * What one query has been told, so that it is told the same until it ends: who started it, the pin, and the answers.
 *
 * <p>INVARIANT: once a pin is set it never changes, and every answer kept here bears it. The answers may be forgotten
 * (they are asked for again with the pin), the pin and the invoker may not: a query that lost them fails.
 */
public final class Query
{
    /** More answers than this are not kept but asked for again. */
    private static final int MOST_KEPT = 20_000;

    private final String id;
    private final Identity invoker;
    private final ReentrantLock firstAnswer = new ReentrantLock();
    private volatile ByteString pin = ByteString.EMPTY;
    private volatile boolean describes;

    private final Map<TableKey, TableMemo> tables = new ConcurrentHashMap<>();
    private final Map<CheckAccessRequest, CheckAccessResponse> accesses = new ConcurrentHashMap<>();
    private final Map<NameKey, Verdict> catalogs = new ConcurrentHashMap<>();
    private final Map<NameKey, Boolean> listed = new ConcurrentHashMap<>();
    private final Map<TableName, Set<String>> pluginReads = new ConcurrentHashMap<>();
    private final Set<FunctionResource> pluginExecutes = ConcurrentHashMap.newKeySet();

    Query(String id, Identity invoker)
    {
        this.id = requireNonNull(id, "id is null");
        this.invoker = requireNonNull(invoker, "invoker is null");
    }

    public String id()
    {
        return id;
    }

    /** It shows what things are like (SHOW, DESCRIBE), and no rows. */
    public void describe()
    {
        describes = true;
    }

    /** Whether it shows what things are like, and no rows. Known before its analysis. */
    public boolean describes()
    {
        return describes;
    }

    /** Who started the query. */
    public Identity invoker()
    {
        return invoker;
    }

    /**
     * Asks with the query's pin, and sees that the answer bears it. As long as there is none, one request at a time is
     * under way: answers to two first requests could come from two revisions.
     */
    <T> T agree(Duration patience, Function<ByteString, T> ask, Function<T, ByteString> pinOf)
    {
        if (pin.isEmpty()) {
            lock(firstAnswer, patience);
            try {
                if (pin.isEmpty()) {
                    T answer = ask.apply(ByteString.EMPTY);
                    ByteString first = pinOf.apply(answer);
                    if (first.isEmpty()) {
                        throw Failures.broken(Optional.of(id), "it has no pin");
                    }
                    pin = first;
                    return answer;
                }
            }
            finally {
                firstAnswer.unlock();
            }
        }
        T answer = ask.apply(pin);
        if (!pinOf.apply(answer).equals(pin)) {
            throw Failures.broken(Optional.of(id), "its pin is not the query's");
        }
        return answer;
    }

    /** Waits for another thread of the same query that asks the same. */
    void lock(ReentrantLock lock, Duration patience)
    {
        try {
            if (!lock.tryLock(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                throw Failures.failure(MESHWARD_TIMEOUT, Optional.of(id), "another check of this query is still waiting for its decision");
            }
        }
        catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Failures.failure(MESHWARD_INTERRUPTED, Optional.of(id), "cancelled while waiting for a decision");
        }
    }

    /** What is known of one table; kept for the next check unless the query has very many. */
    TableMemo table(TableKey key)
    {
        if (tables.size() >= MOST_KEPT) {
            return tables.getOrDefault(key, new TableMemo());
        }
        return tables.computeIfAbsent(key, ignored -> new TableMemo());
    }

    /** The last decision about a table, if there is one. */
    public Optional<TableDecision> known(TableKey key)
    {
        return Optional.ofNullable(tables.get(key)).flatMap(TableMemo::decision);
    }

    Optional<CheckAccessResponse> access(CheckAccessRequest request)
    {
        return Optional.ofNullable(accesses.get(request));
    }

    CheckAccessResponse keepAccess(CheckAccessRequest request, CheckAccessResponse response)
    {
        if (accesses.size() >= MOST_KEPT) {
            return response;
        }
        CheckAccessResponse earlier = accesses.putIfAbsent(request, response);
        return earlier == null ? response : earlier;
    }

    /** Whether a catalog may be used, where an answer has said so. */
    public Optional<Verdict> catalog(Identity identity, String catalog)
    {
        return Optional.ofNullable(catalogs.get(new NameKey(identity, "catalog", List.of(catalog))));
    }

    /** Keeps what an answer says of a catalog. The first word stays: a denial must not become an allow within a query. */
    public Verdict keepCatalog(Identity identity, String catalog, Verdict verdict)
    {
        Verdict earlier = catalogs.putIfAbsent(new NameKey(identity, "catalog", List.of(catalog)), verdict);
        return earlier == null ? verdict : earlier;
    }

    /** Whether a catalog or schema is listed, where an answer has said so. */
    public Optional<Boolean> listed(Identity identity, String kind, List<String> name)
    {
        return Optional.ofNullable(listed.get(new NameKey(identity, kind, name)));
    }

    /** Keeps whether a catalog or schema is listed. */
    public void keepListed(Identity identity, String kind, List<String> name, boolean kept)
    {
        if (listed.size() < MOST_KEPT) {
            listed.putIfAbsent(new NameKey(identity, kind, name), kept);
        }
    }

    /** Lets the plugin's own identity read and execute what an expression needs, in this query only. */
    void allow(Expression expression)
    {
        pluginExecutes.addAll(expression.getExecutesList());
        for (TableColumns reads : expression.getReadsList()) {
            pluginReads.computeIfAbsent(reads.getTable(), ignored -> ConcurrentHashMap.newKeySet()).addAll(reads.getColumnsList());
        }
    }

    /** The columns of a table that expressions of this query read as the plugin; empty when none reads it. */
    public Optional<Set<String>> pluginReads(TableName table)
    {
        return Optional.ofNullable(pluginReads.get(table));
    }

    /** Whether an expression of this query executes the function as the plugin. */
    public boolean pluginExecutes(FunctionResource function)
    {
        return pluginExecutes.contains(function);
    }

    /** Whether an expression of this query reads a table or executes a function of the catalog as the plugin. */
    public boolean pluginUsesCatalog(String catalog)
    {
        return pluginReads.keySet().stream().anyMatch(table -> table.getCatalog().equals(catalog)) ||
                pluginExecutes.stream().anyMatch(function -> function.getCatalog().equals(catalog));
    }

    /** How many answers are kept. */
    int kept()
    {
        return tables.values().stream().mapToInt(TableMemo::weight).sum() + accesses.size() + listed.size();
    }

    /** Drops the answers and keeps the pin. */
    void forgetAnswers()
    {
        tables.clear();
        accesses.clear();
        catalogs.clear();
        listed.clear();
    }

    private record NameKey(Identity identity, String kind, List<String> name) {}
}
