package dev.meshward.trino;

import dev.meshward.decision.v1.AllRows;
import dev.meshward.decision.v1.ColumnDecision;
import dev.meshward.decision.v1.DecideTableResponse;
import dev.meshward.decision.v1.DecisionServiceGrpc;
import dev.meshward.decision.v1.Effect;
import dev.meshward.decision.v1.Expression;
import dev.meshward.decision.v1.FunctionResource;
import dev.meshward.decision.v1.RowFilters;
import dev.meshward.decision.v1.TableColumns;
import dev.meshward.decision.v1.Verdict;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.opentelemetry.api.OpenTelemetry;
import io.trino.spi.TrinoException;
import io.trino.spi.security.SystemAccessControl;
import io.trino.spi.security.SystemSecurityContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.function.UnaryOperator;

import static dev.meshward.trino.AnsweringServer.allow;
import static dev.meshward.trino.AnsweringServer.clear;
import static dev.meshward.trino.AnsweringServer.masked;
import static dev.meshward.trino.AnsweringServer.rowFilters;
import static dev.meshward.trino.AnsweringServer.verdict;
import static dev.meshward.trino.AnsweringServer.with;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_BROKEN_ANSWER;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_PLUGIN_TOO_OLD;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_REQUEST_REFUSED;
import static dev.meshward.trino.PluginUnderTest.COLUMNS;
import static dev.meshward.trino.PluginUnderTest.JAY;
import static dev.meshward.trino.PluginUnderTest.TABLE;
import static dev.meshward.trino.PluginUnderTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Answers that the contract does not allow, each of which a careless reader would take for "every row" or "no mask".
 */
final class TestBrokenAnswers
{
    private static final MethodDescriptor.Marshaller<byte[]> BYTES = new MethodDescriptor.Marshaller<>()
    {
        @Override
        public InputStream stream(byte[] value)
        {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream)
        {
            try {
                return stream.readAllBytes();
            }
            catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    };

    private PluginUnderTest plugin;

    @BeforeEach
    void start()
    {
        plugin = new PluginUnderTest();
    }

    @AfterEach
    void stop()
    {
        plugin.close();
    }

    @Test
    void nothingLeaksWhenTheServerAnswersGarbageOrPartialAnswers()
    {
        assertBroken("nothing", answer -> answer.clear().setPin(AnsweringServer.PIN));
        assertBroken("no pin", DecideTableResponse.Builder::clearPin);
        assertBroken("no catalog verdict", DecideTableResponse.Builder::clearCatalog);
        assertBroken("no read verdict", DecideTableResponse.Builder::clearRead);
        assertBroken("no share verdict", DecideTableResponse.Builder::clearShare);
        assertBroken("unspecified effect", answer -> answer.setRead(Verdict.newBuilder().setEffect(Effect.EFFECT_UNSPECIFIED)));
        assertBroken("unknown effect", answer -> answer.setRead(Verdict.newBuilder().setEffectValue(77)));
        assertBroken("no columns", DecideTableResponse.Builder::clearColumns);
        assertBroken("one column too few", answer -> answer.removeColumns(0));
        assertBroken("one column too many", answer -> answer.addColumns(AnsweringServer.clearColumn()));
        assertBroken("an undecided column", answer -> answer.setColumns(0, ColumnDecision.getDefaultInstance()));
        assertBroken("an empty mask", answer -> answer.setColumns(0, masked(" ")));
        assertBroken("no rows", answer -> answer.clearRows());
        assertBroken("no filters", answer -> answer.setRowFilters(RowFilters.getDefaultInstance()));
        assertBroken("an empty filter", answer -> answer.setRowFilters(rowFilters("id = 1", "")));
        assertBroken("reads without the plugin", answer -> answer.setRowFilters(RowFilters.newBuilder()
                .addFilters(Expression.newBuilder().setSql("TRUE").addReads(TableColumns.getDefaultInstance()))));
        assertBroken("functions without the plugin", answer -> answer.setColumns(0, ColumnDecision.newBuilder()
                .setMask(Expression.newBuilder().setSql("NULL").addExecutes(FunctionResource.getDefaultInstance()))
                .build()));
    }

    @Test
    void nothingLeaksWhenTheServerAnswersBytesThatAreNoMessage()
            throws Exception
    {
        MethodDescriptor<byte[], byte[]> method = DecisionServiceGrpc.getDecideTableMethod().toBuilder(BYTES, BYTES).build();
        Server garbage = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                .addService(ServerServiceDefinition.builder(DecisionServiceGrpc.SERVICE_NAME)
                        .addMethod(method, ServerCalls.asyncUnaryCall((request, observer) -> {
                            observer.onNext(new byte[] {(byte) 0xff, (byte) 0xff, 7, 1});
                            observer.onCompleted();
                        }))
                        .build())
                .build()
                .start();
        SystemAccessControl control = PluginUnderTest.create(Map.of("meshward.target", "127.0.0.1:" + garbage.getPort(), "meshward.operators", "jay"), OpenTelemetry.noop());
        SystemSecurityContext context = PluginUnderTest.context(JAY, PluginUnderTest.newQueryId());
        assertFails(() -> control.checkCanExecuteQuery(JAY, context.getQueryId()), MESHWARD_REQUEST_REFUSED);
        assertFails(() -> control.getColumnMasks(context, TABLE, COLUMNS), MESHWARD_BROKEN_ANSWER);
        control.shutdown();
        garbage.shutdownNow();
    }

    @Test
    void anAnswerThatNeedsAnUnknownFeatureFailsTheQuery()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.server.tables = request -> clear(request).addRequiredFeatures("keyed-masks").addRequiredFeatures("row-limits").build();
        assertFails(() -> plugin.control.getColumnMasks(context, TABLE, COLUMNS), MESHWARD_PLUGIN_TOO_OLD);
        plugin.server.accesses = request -> allow().addRequiredFeatures("row-limits").build();
        assertFails(() -> plugin.control.checkCanDropTable(context, TABLE), MESHWARD_PLUGIN_TOO_OLD);
    }

    @Test
    void anAccessWithoutAVerdictFailsTheQuery()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.server.accesses = request -> allow().clearVerdict().build();
        assertFails(() -> plugin.control.checkCanDropTable(context, TABLE), MESHWARD_BROKEN_ANSWER);
    }

    private void assertBroken(String what, UnaryOperator<DecideTableResponse.Builder> spoil)
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.server.tables = request -> spoil.apply(clear(request).setAllRows(AllRows.getDefaultInstance())).build();
        try {
            plugin.control.getColumnMasks(context, TABLE, COLUMNS);
        }
        catch (TrinoException e) {
            assertThat(e.getErrorCode()).as(what).isEqualTo(MESHWARD_BROKEN_ANSWER.toErrorCode());
            return;
        }
        throw new AssertionError("an answer with " + what + " was used");
    }
}
