package dev.meshward.trino.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import dev.meshward.decision.v1.CheckAccessRequest;
import dev.meshward.decision.v1.CheckAccessResponse;
import dev.meshward.decision.v1.Column;
import dev.meshward.decision.v1.DecideTableRequest;
import dev.meshward.decision.v1.DecideTableResponse;
import dev.meshward.decision.v1.DecisionServiceGrpc;
import dev.meshward.decision.v1.FilterResourcesRequest;
import dev.meshward.decision.v1.RequestContext;
import dev.meshward.trino.MeshwardConfig;

import java.time.Duration;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

import static io.grpc.stub.ClientCalls.blockingUnaryCall;
import static java.util.Objects.requireNonNull;

/**
 * Asks the decision server, or answers from what the query has been told before.
 */
public final class DecisionClient
{
    private static final String PLUGIN_VERSION = Optional.ofNullable(DecisionClient.class.getPackage().getImplementationVersion()).orElse("development");

    private final Duration deadline;
    private final Connection connection;
    private final Calls calls;
    private final String cluster;
    private final String trinoVersion;

    public DecisionClient(MeshwardConfig config, Connection connection, String trinoVersion)
    {
        deadline = config.deadline();
        this.connection = requireNonNull(connection, "connection is null");
        calls = new Calls(config, connection);
        cluster = config.cluster();
        this.trinoVersion = requireNonNull(trinoVersion, "trinoVersion is null");
    }

    /** Asks for one action. The request needs no context. */
    public CheckAccessResponse checkAccess(Asker asker, CheckAccessRequest question)
    {
        CheckAccessRequest key = question.toBuilder()
                .setContext(RequestContext.newBuilder().setIdentity(asker.identity()))
                .build();
        Optional<CheckAccessResponse> known = asker.query().flatMap(query -> query.access(key));
        if (known.isPresent()) {
            return known.get();
        }
        AnswerCheck check = new AnswerCheck(asker.queryId());
        CheckAccessResponse answer = agree(
                asker,
                pin -> check.check(calls.call(asker.queryId(), (channel, options) -> blockingUnaryCall(
                        channel,
                        DecisionServiceGrpc.getCheckAccessMethod(),
                        options,
                        question.toBuilder().setContext(context(asker, pin)).build()))),
                CheckAccessResponse::getPin);
        return asker.query().map(query -> query.keepAccess(key, answer)).orElse(answer);
    }

    /** Asks about one table, for these columns and all that were asked for before. */
    public TableDecision decideTable(Query query, Asker asker, TableKey key, Collection<Column> columns)
    {
        TableMemo memo = query.table(key);
        Optional<TableDecision> known = memo.decision().filter(decision -> decision.covers(columns));
        if (known.isPresent()) {
            return known.get();
        }
        query.lock(memo.asking(), deadline);
        try {
            Optional<TableDecision> earlier = memo.decision();
            if (earlier.isPresent() && earlier.get().covers(columns)) {
                return earlier.get();
            }
            TableDecision decision = askTable(query, asker, key, union(columns, earlier));
            // FAIL-CLOSED: Trino skips the mask of a column that was denied; an allow after a denial would show it.
            earlier.flatMap(before -> before.loosenedBy(decision)).ifPresent(how -> {
                throw Failures.broken(asker.queryId(), how);
            });
            memo.keep(decision);
            return decision;
        }
        finally {
            memo.asking().unlock();
        }
    }

    private TableDecision askTable(Query query, Asker asker, TableKey key, List<Column> columns)
    {
        DecideTableRequest.Builder question = DecideTableRequest.newBuilder()
                .setTable(key.table())
                .addAllColumns(columns);
        key.branch().ifPresent(question::setBranch);
        AnswerCheck check = new AnswerCheck(asker.queryId());
        DecideTableResponse answer = agree(
                asker,
                pin -> {
                    DecideTableRequest request = question.setContext(context(asker, pin)).build();
                    return check.check(request, calls.call(asker.queryId(), (channel, options) -> blockingUnaryCall(
                            channel,
                            DecisionServiceGrpc.getDecideTableMethod(),
                            options,
                            request)));
                },
                DecideTableResponse::getPin);
        query.keepCatalog(key.identity(), key.table().getCatalog(), answer.getCatalog());
        answer.getColumnsList().forEach(column -> query.allow(column.getMask()));
        answer.getRowFilters().getFiltersList().forEach(query::allow);
        return TableDecision.of(columns, answer);
    }

    /** Asks which names of each slice may be listed; the slices need neither number nor context. */
    public List<BitSet> filter(Asker asker, List<FilterResourcesRequest> slices, List<Integer> counts)
    {
        FilterCall.Answer answer = agree(
                asker,
                pin -> calls.call(asker.queryId(), (channel, options) ->
                        new FilterCall(new AnswerCheck(asker.queryId()), slices, counts).run(channel, options, context(asker, pin))),
                FilterCall.Answer::pin);
        return answer.kept();
    }

    /** Ends all calls and lets go of the connections. */
    public void close()
    {
        connection.close();
    }

    private <T> T agree(Asker asker, Function<ByteString, T> ask, Function<T, ByteString> pinOf)
    {
        return asker.query().isPresent() ? asker.query().get().agree(deadline, ask, pinOf) : ask.apply(ByteString.EMPTY);
    }

    private RequestContext context(Asker asker, ByteString pin)
    {
        RequestContext.Builder context = RequestContext.newBuilder()
                .setIdentity(asker.identity())
                .setCluster(cluster)
                .setTrinoVersion(trinoVersion)
                .setPluginVersion(PLUGIN_VERSION)
                .addAllSupportedFeatures(AnswerCheck.FEATURES)
                .setPin(pin);
        asker.query().ifPresent(query -> context.setQueryId(query.id()).setInvoker(query.invoker()));
        asker.queryStart().ifPresent(start -> context.setQueryStart(
                Timestamp.newBuilder().setSeconds(start.getEpochSecond()).setNanos(start.getNano())));
        return context.build();
    }

    /** The columns of this check, then those of earlier ones: so the answer that is kept only ever covers more. */
    private static List<Column> union(Collection<Column> columns, Optional<TableDecision> earlier)
    {
        Map<String, Column> union = new LinkedHashMap<>();
        columns.forEach(column -> union.put(column.getName(), column));
        earlier.ifPresent(decision -> decision.columns().forEach((name, column) ->
                union.merge(name, column, (asked, known) -> asked.getType().isEmpty() ? known : asked)));
        return List.copyOf(union.values());
    }
}
