package dev.meshward.trino;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.meshward.decision.v1.AllRows;
import dev.meshward.decision.v1.CheckAccessRequest;
import dev.meshward.decision.v1.CheckAccessResponse;
import dev.meshward.decision.v1.ClearColumn;
import dev.meshward.decision.v1.ColumnDecision;
import dev.meshward.decision.v1.DecideTableRequest;
import dev.meshward.decision.v1.DecideTableResponse;
import dev.meshward.decision.v1.DecisionServiceGrpc.DecisionServiceImplBase;
import dev.meshward.decision.v1.Effect;
import dev.meshward.decision.v1.Expression;
import dev.meshward.decision.v1.FilterResourcesRequest;
import dev.meshward.decision.v1.FilterResourcesResponse;
import dev.meshward.decision.v1.HiddenColumn;
import dev.meshward.decision.v1.RowFilters;
import dev.meshward.decision.v1.Verdict;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.grpc.stub.StreamObserver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * A real gRPC server on a loopback port that answers as a test says, and remembers what it was asked.
 */
public final class AnsweringServer
        implements AutoCloseable
{
    static final ByteString PIN = ByteString.copyFromUtf8("pin 7");

    private final Server server;
    final List<Message> requests = new CopyOnWriteArrayList<>();
    final List<Metadata> headers = new CopyOnWriteArrayList<>();
    volatile Function<DecideTableRequest, DecideTableResponse> tables = request -> clear(request).build();
    volatile Function<CheckAccessRequest, CheckAccessResponse> accesses = request -> allow().build();
    volatile Function<FilterResourcesRequest, FilterResourcesResponse> slices = request -> keepAll(request).build();

    AnsweringServer()
    {
        this(0);
    }

    AnsweringServer(int port)
    {
        this(NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", port)));
    }

    private AnsweringServer(NettyServerBuilder builder)
    {
        try {
            server = builder
                    .addService(service())
                    .intercept(new Headers())
                    .build()
                    .start();
        }
        catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static AnsweringServer onSocket(Path socket)
    {
        EventLoopGroup group = new EpollEventLoopGroup(2);
        return new AnsweringServer(NettyServerBuilder.forAddress(new DomainSocketAddress(socket.toFile()))
                .channelType(EpollServerDomainSocketChannel.class)
                .bossEventLoopGroup(group)
                .workerEventLoopGroup(group));
    }

    /** The answers, for a server of another make. */
    BindableService service()
    {
        return new Service();
    }

    int port()
    {
        return server.getPort();
    }

    String target()
    {
        return "dns:///127.0.0.1:" + port();
    }

    <T extends Message> List<T> asked(Class<T> type)
    {
        return requests.stream().filter(type::isInstance).map(type::cast).toList();
    }

    /** Ends at once: calls under way are cut off. */
    @Override
    public void close()
    {
        server.shutdownNow();
        try {
            server.awaitTermination(5, TimeUnit.SECONDS);
        }
        catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void await()
            throws InterruptedException
    {
        server.awaitTermination();
    }

    static Verdict verdict(boolean allowed, String reason)
    {
        return Verdict.newBuilder().setEffect(allowed ? Effect.EFFECT_ALLOW : Effect.EFFECT_DENY).setReason(reason).build();
    }

    static CheckAccessResponse.Builder allow()
    {
        return CheckAccessResponse.newBuilder().setPin(PIN).setVerdict(verdict(true, ""));
    }

    static CheckAccessResponse.Builder deny(String reason)
    {
        return CheckAccessResponse.newBuilder().setPin(PIN).setVerdict(verdict(false, reason));
    }

    /** Everything of the table is shown. */
    static DecideTableResponse.Builder clear(DecideTableRequest request)
    {
        DecideTableResponse.Builder answer = DecideTableResponse.newBuilder()
                .setPin(PIN)
                .setCatalog(verdict(true, ""))
                .setRead(verdict(true, ""))
                .setShare(verdict(true, ""))
                .setAllRows(AllRows.getDefaultInstance());
        request.getColumnsList().forEach(column -> answer.addColumns(clearColumn()));
        return answer;
    }

    /** Everything of the table is shown but what becomes of one column. */
    static DecideTableResponse.Builder with(DecideTableRequest request, String column, ColumnDecision decision)
    {
        DecideTableResponse.Builder answer = clear(request);
        for (int i = 0; i < request.getColumnsCount(); i++) {
            if (request.getColumns(i).getName().equals(column)) {
                answer.setColumns(i, decision);
            }
        }
        return answer;
    }

    static ColumnDecision clearColumn()
    {
        return ColumnDecision.newBuilder().setClear(ClearColumn.getDefaultInstance()).build();
    }

    static ColumnDecision masked(String sql)
    {
        return ColumnDecision.newBuilder().setMask(Expression.newBuilder().setSql(sql)).build();
    }

    static ColumnDecision hidden(String reason)
    {
        return ColumnDecision.newBuilder().setHidden(HiddenColumn.newBuilder().setReason(reason)).build();
    }

    static RowFilters rowFilters(String... filters)
    {
        RowFilters.Builder builder = RowFilters.newBuilder();
        for (String filter : filters) {
            builder.addFilters(Expression.newBuilder().setSql(filter));
        }
        return builder.build();
    }

    static FilterResourcesResponse.Builder keepAll(FilterResourcesRequest request)
    {
        int count = count(request);
        byte[] kept = new byte[(count + 7) / 8];
        for (int bit = 0; bit < count; bit++) {
            kept[bit / 8] |= (byte) (1 << (bit % 8));
        }
        return FilterResourcesResponse.newBuilder()
                .setSlice(request.getSlice())
                .setCount(count)
                .setKept(ByteString.copyFrom(kept))
                .setPin(PIN);
    }

    static int count(FilterResourcesRequest request)
    {
        return switch (request.getResourcesCase()) {
            case CATALOGS -> request.getCatalogs().getCatalogsCount();
            case SCHEMAS -> request.getSchemas().getSchemasCount();
            case TABLES -> request.getTables().getSchemasList().stream().mapToInt(schema -> schema.getTablesCount()).sum();
            case COLUMNS -> request.getColumns().getSchemasList().stream()
                    .flatMap(schema -> schema.getTablesList().stream())
                    .mapToInt(table -> table.getColumnsCount())
                    .sum();
            case FUNCTIONS -> request.getFunctions().getSchemasList().stream().mapToInt(schema -> schema.getFunctionsCount()).sum();
            case QUERY_OWNERS -> request.getQueryOwners().getOwnersCount();
            case RESOURCES_NOT_SET -> 0;
        };
    }

    private final class Service
            extends DecisionServiceImplBase
    {
        @Override
        public void decideTable(DecideTableRequest request, StreamObserver<DecideTableResponse> observer)
        {
            answer(request, tables, observer);
        }

        @Override
        public void checkAccess(CheckAccessRequest request, StreamObserver<CheckAccessResponse> observer)
        {
            answer(request, accesses, observer);
        }

        @Override
        public StreamObserver<FilterResourcesRequest> filterResources(StreamObserver<FilterResourcesResponse> observer)
        {
            return new StreamObserver<>()
            {
                private boolean failed;

                @Override
                public void onNext(FilterResourcesRequest request)
                {
                    requests.add(request);
                    try {
                        FilterResourcesResponse response = slices.apply(request);
                        if (response != null) {
                            observer.onNext(response);
                        }
                    }
                    catch (StatusRuntimeException e) {
                        failed = true;
                        observer.onError(e);
                    }
                }

                @Override
                public void onError(Throwable failure) {}

                @Override
                public void onCompleted()
                {
                    if (!failed) {
                        observer.onCompleted();
                    }
                }
            };
        }

        private <Q extends Message, A> void answer(Q request, Function<Q, A> answers, StreamObserver<A> observer)
        {
            requests.add(request);
            try {
                A answer = answers.apply(request);
                if (answer != null) {
                    observer.onNext(answer);
                    observer.onCompleted();
                }
                // No answer at all: the caller's deadline ends the call.
            }
            catch (StatusRuntimeException e) {
                observer.onError(e);
            }
        }
    }

    private final class Headers
            implements ServerInterceptor
    {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata metadata, ServerCallHandler<Q, A> next)
        {
            headers.add(metadata);
            return next.startCall(call, metadata);
        }
    }
}
