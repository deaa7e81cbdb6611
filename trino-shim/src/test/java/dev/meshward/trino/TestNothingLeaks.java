package dev.meshward.trino;

import com.google.protobuf.ByteString;
import dev.meshward.decision.v1.CheckAccessRequest;
import dev.meshward.decision.v1.DecideTableRequest;
import io.grpc.Status;
import io.opentelemetry.api.OpenTelemetry;
import io.trino.spi.TrinoException;
import io.trino.spi.connector.CatalogSchemaTableName;
import io.trino.spi.security.AccessDeniedException;
import io.trino.spi.security.SystemAccessControl;
import io.trino.spi.security.SystemSecurityContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import static dev.meshward.trino.AnsweringServer.allow;
import static dev.meshward.trino.AnsweringServer.clear;
import static dev.meshward.trino.AnsweringServer.masked;
import static dev.meshward.trino.AnsweringServer.rowFilters;
import static dev.meshward.trino.AnsweringServer.verdict;
import static dev.meshward.trino.AnsweringServer.with;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_BROKEN_ANSWER;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_BUSY;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_QUERY_NOT_KNOWN;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_REQUEST_REFUSED;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_REVISION_GONE;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_TIMEOUT;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_UNREACHABLE;
import static dev.meshward.trino.PluginUnderTest.COLUMNS;
import static dev.meshward.trino.PluginUnderTest.EMAIL;
import static dev.meshward.trino.PluginUnderTest.ID;
import static dev.meshward.trino.PluginUnderTest.JAY;
import static dev.meshward.trino.PluginUnderTest.TABLE;
import static dev.meshward.trino.PluginUnderTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * The promises of an outage. In each, a mask protects the column {@code email} as long as the server answers.
 */
final class TestNothingLeaks
{
    private static final CatalogSchemaTableName OTHER = new CatalogSchemaTableName("lake", "finance", "other");

    private PluginUnderTest plugin;

    @BeforeEach
    void start()
    {
        plugin = new PluginUnderTest();
        plugin.server.tables = request -> with(request, "email", masked("NULL")).setRowFilters(rowFilters("id = 1")).build();
    }

    @AfterEach
    void stop()
    {
        plugin.close();
    }

    @Test
    void nothingLeaksWhenTheServerIsAbsent()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.server.close();
        assertNothingIsShown(plugin.control, context, MESHWARD_UNREACHABLE);
        assertFails(() -> plugin.startQuery(JAY), MESHWARD_UNREACHABLE);
    }

    @Test
    void nothingLeaksWhenTheServerIsSlowPastTheDeadline()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.server.tables = request -> null;
        plugin.server.slices = request -> {
            pause(3000);
            return null;
        };
        assertNothingIsShown(plugin.control, context, MESHWARD_TIMEOUT);
    }

    @Test
    void nothingLeaksWhenTheServerDiesMidQuery()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.select(context, TABLE, COLUMNS, Set.of("id", "email"));
        plugin.server.close();
        assertThat(plugin.control.getColumnMasks(context, TABLE, COLUMNS)).containsOnlyKeys(EMAIL);
        assertFails(() -> plugin.control.getColumnMasks(context, OTHER, COLUMNS), MESHWARD_UNREACHABLE);
    }

    @Test
    void nothingLeaksWhenTheServerRestarts()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        int port = plugin.server.port();
        plugin.server.close();
        try (AnsweringServer restarted = new AnsweringServer(port)) {
            restarted.tables = request -> {
                throw Status.FAILED_PRECONDITION.withDescription("pin not found").asRuntimeException();
            };
            assertFails(() -> plugin.control.getColumnMasks(context, TABLE, COLUMNS), MESHWARD_REVISION_GONE);
            assertThat(restarted.asked(DecideTableRequest.class).getFirst().getContext().getPin()).isEqualTo(AnsweringServer.PIN);
        }
    }

    @Test
    void aRestartWithinTheDeadlineFailsNoQuery()
            throws Exception
    {
        SystemAccessControl patient = PluginUnderTest.create(
                Map.of("meshward.target", plugin.server.target(), "meshward.deadline", "8s"),
                OpenTelemetry.noop());
        SystemSecurityContext context = PluginUnderTest.context(JAY, PluginUnderTest.newQueryId());
        patient.checkCanExecuteQuery(JAY, context.getQueryId());
        int port = plugin.server.port();
        plugin.server.close();
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            Future<?> masks = executor.submit(() -> patient.getColumnMasks(context, TABLE, COLUMNS));
            pause(500);
            try (AnsweringServer restarted = new AnsweringServer(port)) {
                masks.get();
                assertThat(restarted.asked(DecideTableRequest.class)).hasSize(1);
            }
        }
        patient.shutdown();
    }

    @Test
    void nothingLeaksWhenTheServerForgetsARevision()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.server.tables = request -> {
            throw Status.FAILED_PRECONDITION.asRuntimeException();
        };
        plugin.server.slices = request -> {
            throw Status.FAILED_PRECONDITION.asRuntimeException();
        };
        assertNothingIsShown(plugin.control, context, MESHWARD_REVISION_GONE);
    }

    @Test
    void nothingLeaksWhenTheServerHasNoDocuments()
    {
        plugin.server.accesses = request -> {
            throw Status.UNAVAILABLE.withDescription("no revision is loaded").asRuntimeException();
        };
        assertFails(() -> plugin.startQuery(JAY), MESHWARD_UNREACHABLE);
    }

    @Test
    void nothingLeaksWhenTheRevisionChangesMidQuery()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.server.tables = request -> clear(request).setPin(ByteString.copyFromUtf8("pin 8")).build();
        plugin.server.slices = request -> AnsweringServer.keepAll(request).setPin(ByteString.copyFromUtf8("pin 8")).build();
        assertNothingIsShown(plugin.control, context, MESHWARD_BROKEN_ANSWER);
    }

    @Test
    void everyRequestOfAQueryBearsThePinOfItsFirstAnswer()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.select(context, TABLE, COLUMNS, Set.of("id"));
        plugin.control.checkCanDropTable(context, TABLE);
        assertThat(plugin.server.asked(CheckAccessRequest.class).getFirst().getContext().getPin()).isEmpty();
        assertThat(plugin.server.asked(DecideTableRequest.class).getFirst().getContext().getPin()).isEqualTo(AnsweringServer.PIN);
        assertThat(plugin.server.asked(CheckAccessRequest.class).getLast().getContext().getPin()).isEqualTo(AnsweringServer.PIN);
    }

    @Test
    void twoFirstRequestsAtOnceAgreeOnOnePin()
            throws Exception
    {
        AtomicInteger revisions = new AtomicInteger();
        // An operator's query that started during an outage has no pin yet.
        PluginUnderTest operated = new PluginUnderTest(Map.of("meshward.operators", "jay", "meshward.deadline", "2s"));
        try (operated; ExecutorService executor = Executors.newFixedThreadPool(8)) {
            operated.server.accesses = request -> {
                throw Status.UNAVAILABLE.asRuntimeException();
            };
            SystemSecurityContext context = operated.startQuery(JAY);
            operated.server.tables = request -> {
                pause(100);
                ByteString pin = request.getContext().getPin();
                return clear(request).setPin(pin.isEmpty() ? ByteString.copyFromUtf8("pin " + revisions.incrementAndGet()) : pin).build();
            };
            List<Callable<Object>> calls = Stream.of("a", "b", "c", "d", "e", "f")
                    .map(name -> (Callable<Object>) () -> operated.control.getRowFilters(context, new CatalogSchemaTableName("lake", "finance", name)))
                    .toList();
            for (Future<Object> call : executor.invokeAll(calls)) {
                call.get();
            }
            assertThat(revisions).hasValue(1);
            assertThat(operated.server.asked(DecideTableRequest.class)).hasSize(6);
        }
    }

    @Test
    void oneTableIsAskedForOnceByManyThreads()
            throws Exception
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        try (ExecutorService executor = Executors.newFixedThreadPool(8)) {
            Callable<Object> call = () -> plugin.control.getColumnMasks(context, TABLE, COLUMNS);
            for (Future<Object> result : executor.invokeAll(List.of(call, call, call, call, call, call, call, call))) {
                result.get();
            }
        }
        assertThat(plugin.server.asked(DecideTableRequest.class)).hasSize(1);
    }

    @Test
    void theUnmaskRaceIsLostNowhere()
    {
        // After the masks, Trino checks each masked column, and drops the mask of one that is denied. A server that fails at
        // exactly that call, and answers again after it, must not look like a denial. On a branch, or for a column that was
        // not among those of the masks, the plugin has to ask at that call.
        Map<String, Optional<String>> checks = Map.of("email", Optional.of("audit"), "$path", Optional.empty());
        for (Status status : List.of(Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED, Status.PERMISSION_DENIED, Status.UNAUTHENTICATED, Status.INTERNAL, Status.FAILED_PRECONDITION)) {
            checks.forEach((column, branch) -> {
                var working = plugin.server.tables;
                SystemSecurityContext context = plugin.startQuery(JAY);
                assertThat(plugin.control.getColumnMasks(context, TABLE, List.of(ID, EMAIL))).containsOnlyKeys(EMAIL);
                plugin.server.tables = request -> {
                    throw status.asRuntimeException();
                };
                assertThatThrownBy(() -> plugin.control.checkCanSelectFromColumns(context, TABLE, branch, Set.of(column)))
                        .as("%s %s", status, column)
                        .isInstanceOf(TrinoException.class)
                        .isNotInstanceOf(AccessDeniedException.class);
                plugin.server.tables = working;
                // What is known needs no server and stays: the masked column's own check, and its mask.
                plugin.control.checkCanSelectFromColumns(context, TABLE, Optional.empty(), Set.of("email"));
                assertThat(plugin.control.getColumnMasks(context, TABLE, List.of(ID, EMAIL))).containsOnlyKeys(EMAIL);
            });
        }
    }

    @Test
    void theCatalogCheckBeforeAMaskedColumnNeedsNoServer()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.control.getColumnMasks(context, TABLE, COLUMNS);
        plugin.server.close();
        assertThat(plugin.select(context, TABLE, COLUMNS, Set.of("email")).masks()).containsOnlyKeys(EMAIL);
    }

    @Test
    void aDenialNeverTurnsIntoAnAllowWithinAQuery()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.server.tables = request -> with(request, "email", masked("NULL")).setRead(verdict(false, "no")).build();
        plugin.control.getColumnMasks(context, TABLE, List.of(ID, EMAIL));
        assertThatThrownBy(() -> plugin.control.checkCanSelectFromColumns(context, TABLE, Optional.empty(), Set.of("email")))
                .isInstanceOf(AccessDeniedException.class);
        plugin.server.tables = request -> clear(request).build();
        assertThatThrownBy(() -> plugin.control.checkCanSelectFromColumns(context, TABLE, Optional.empty(), Set.of("email")))
                .isInstanceOf(AccessDeniedException.class);
        assertFails(() -> plugin.control.checkCanSelectFromColumns(context, TABLE, Optional.empty(), Set.of("email", "$path")), MESHWARD_BROKEN_ANSWER);
    }

    @Test
    void nothingLeaksWhenThePluginIsShutDown()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.control.shutdown();
        assertNothingIsShown(plugin.control, context, MESHWARD_UNREACHABLE);
    }

    @Test
    void aCatalogThatWasDeniedStaysDeniedInTheQuery()
    {
        plugin.server.accesses = request -> request.getAction().equals("access_catalog") ? AnsweringServer.deny("no").build() : allow().build();
        SystemSecurityContext context = plugin.startQuery(JAY);
        assertThat(plugin.control.canAccessCatalog(context, "lake")).isFalse();
        plugin.control.getColumnMasks(context, TABLE, COLUMNS);
        assertThat(plugin.control.canAccessCatalog(context, "lake")).isFalse();
    }

    @Test
    void aRefusedCredentialIsNoDenial()
    {
        for (Status status : List.of(Status.UNAUTHENTICATED, Status.PERMISSION_DENIED, Status.INVALID_ARGUMENT)) {
            plugin.server.accesses = request -> {
                throw status.asRuntimeException();
            };
            assertFails(() -> plugin.startQuery(JAY), MESHWARD_REQUEST_REFUSED);
        }
    }

    @Test
    void onlyUnavailableIsTriedAgain()
    {
        AtomicInteger calls = new AtomicInteger();
        plugin.server.accesses = request -> {
            if (calls.incrementAndGet() < 3) {
                throw Status.UNAVAILABLE.asRuntimeException();
            }
            return allow().build();
        };
        SystemSecurityContext context = plugin.startQuery(JAY);
        assertThat(calls).hasValue(3);
        plugin.server.accesses = request -> {
            calls.incrementAndGet();
            throw Status.INTERNAL.asRuntimeException();
        };
        assertFails(() -> plugin.control.checkCanDropTable(context, TABLE), MESHWARD_BROKEN_ANSWER);
        assertThat(calls).hasValue(4);
    }

    @Test
    void aQueryWhoseStartWasNotSeenFails()
    {
        SystemSecurityContext unknown = PluginUnderTest.context(JAY, PluginUnderTest.newQueryId());
        assertNothingIsShown(plugin.control, unknown, MESHWARD_QUERY_NOT_KNOWN);
    }

    @Test
    void aFailureNamesTheQuery()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.server.close();
        assertThatThrownBy(() -> plugin.control.getRowFilters(context, TABLE)).hasMessageContaining(context.getQueryId().id());
    }

    @Test
    void aFailureIsNotRemembered()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        var working = plugin.server.tables;
        plugin.server.tables = request -> {
            throw Status.INTERNAL.asRuntimeException();
        };
        assertFails(() -> plugin.control.getColumnMasks(context, TABLE, COLUMNS), MESHWARD_BROKEN_ANSWER);
        plugin.server.tables = working;
        assertThat(plugin.control.getColumnMasks(context, TABLE, COLUMNS)).containsOnlyKeys(EMAIL);
    }

    @Test
    void tooManyRequestsAtOnceFailInsteadOfWaitingForEver()
            throws Exception
    {
        try (PluginUnderTest narrow = new PluginUnderTest(Map.of("meshward.max-concurrent-requests", "1", "meshward.deadline", "1s"));
                ExecutorService executor = Executors.newFixedThreadPool(4)) {
            SystemSecurityContext first = narrow.startQuery(JAY);
            SystemSecurityContext second = narrow.startQuery(JAY);
            narrow.server.tables = request -> null;
            Future<?> slow = executor.submit(() -> narrow.control.getRowFilters(first, TABLE));
            Future<?> next = executor.submit(() -> narrow.control.getRowFilters(second, TABLE));
            Future<?> last = executor.submit(() -> narrow.control.getRowFilters(second, OTHER));
            List<String> codes = Stream.of(slow, next, last).map(TestNothingLeaks::code).toList();
            assertThat(codes).contains(MESHWARD_TIMEOUT.name(), MESHWARD_BUSY.name());
        }
    }

    @Test
    void anInterruptedCheckFailsAndStaysInterrupted()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> plugin.control.getRowFilters(context, TABLE))
                .isInstanceOf(TrinoException.class)
                .isNotInstanceOf(AccessDeniedException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    private static void assertNothingIsShown(SystemAccessControl control, SystemSecurityContext context, MeshwardErrorCode code)
    {
        assertFails(() -> control.getColumnMasks(context, TABLE, COLUMNS), code);
        assertFails(() -> control.getRowFilters(context, TABLE), code);
        assertFails(() -> control.checkCanSelectFromColumns(context, TABLE, Optional.empty(), Set.of("email")), code);
        assertFails(() -> control.filterCatalogs(context, Set.of("lake")), code);
        assertFails(() -> control.filterTables(context, "lake", Set.of(TABLE.getSchemaTableName())), code);
        assertFails(() -> control.filterColumns(context, "lake", Map.of(TABLE.getSchemaTableName(), Set.of("id"))), code);
    }

    private static String code(Future<?> call)
    {
        try {
            call.get();
            return "none";
        }
        catch (Exception e) {
            return ((TrinoException) e.getCause()).getErrorCode().getName();
        }
    }

    private static void pause(long millis)
    {
        try {
            Thread.sleep(millis);
        }
        catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
