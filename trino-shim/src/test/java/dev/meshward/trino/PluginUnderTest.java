package dev.meshward.trino;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Tracer;
import io.trino.spi.ErrorType;
import io.trino.spi.QueryId;
import io.trino.spi.TrinoException;
import io.trino.spi.connector.CatalogSchemaTableName;
import io.trino.spi.connector.ColumnSchema;
import io.trino.spi.security.AccessDeniedException;
import io.trino.spi.security.Identity;
import io.trino.spi.security.SystemAccessControl;
import io.trino.spi.security.SystemAccessControlFactory.SystemAccessControlContext;
import io.trino.spi.security.SystemSecurityContext;
import io.trino.spi.security.ViewExpression;
import io.trino.spi.type.Type;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

import static io.trino.spi.type.BigintType.BIGINT;
import static io.trino.spi.type.VarcharType.createVarcharType;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * The plugin as Trino loads it, asking an {@link AnsweringServer}.
 */
final class PluginUnderTest
        implements AutoCloseable
{
    static final Identity JAY = Identity.forUser("jay").withGroups(Set.of("finance")).build();
    static final Identity OWNER = Identity.forUser("owner").withGroups(Set.of("owners")).build();
    static final CatalogSchemaTableName TABLE = new CatalogSchemaTableName("lake", "finance", "transactions");
    static final ColumnSchema ID = column("id", BIGINT, false);
    static final ColumnSchema COUNTRY = column("country", createVarcharType(2), false);
    static final ColumnSchema EMAIL = column("email", createVarcharType(100), false);
    static final ColumnSchema PATH = column("$path", createVarcharType(500), true);
    static final List<ColumnSchema> COLUMNS = List.of(ID, COUNTRY, EMAIL, PATH);

    private static final AtomicInteger QUERIES = new AtomicInteger();

    static {
        // The first call of a process loads gRPC, which on a busy machine takes longer than the deadlines of the tests.
        try (AnsweringServer server = new AnsweringServer()) {
            SystemAccessControl first = create(Map.of("meshward.target", server.target(), "meshward.deadline", "1m"), OpenTelemetry.noop());
            first.checkCanReadSystemInformation(JAY);
            first.shutdown();
        }
    }

    final AnsweringServer server;
    final SystemAccessControl control;

    PluginUnderTest()
    {
        this(Map.of());
    }

    PluginUnderTest(Map<String, String> properties)
    {
        this(properties, OpenTelemetry.noop());
    }

    PluginUnderTest(Map<String, String> properties, OpenTelemetry openTelemetry)
    {
        server = new AnsweringServer();
        Map<String, String> all = new HashMap<>(Map.of("meshward.target", server.target(), "meshward.deadline", "1s"));
        all.putAll(properties);
        control = create(all, openTelemetry);
    }

    static SystemAccessControl create(Map<String, String> properties, OpenTelemetry openTelemetry)
    {
        return new MeshwardPlugin().getSystemAccessControlFactories().iterator().next().create(properties, new SystemAccessControlContext()
        {
            @Override
            public String getVersion()
            {
                return "483";
            }

            @Override
            public OpenTelemetry getOpenTelemetry()
            {
                return openTelemetry;
            }

            @Override
            public Tracer getTracer()
            {
                return openTelemetry.getTracer("test");
            }
        });
    }

    @Override
    public void close()
    {
        control.shutdown();
        server.close();
    }

    static ColumnSchema column(String name, Type type, boolean hidden)
    {
        return ColumnSchema.builder().setName(name).setType(type).setHidden(hidden).build();
    }

    static QueryId newQueryId()
    {
        return QueryId.valueOf("20261124_120000_%05d_abcde".formatted(QUERIES.incrementAndGet()));
    }

    /** A query that Trino has let start. */
    SystemSecurityContext startQuery(Identity identity)
    {
        QueryId queryId = newQueryId();
        control.checkCanExecuteQuery(identity, queryId);
        return context(identity, queryId);
    }

    static SystemSecurityContext context(Identity identity, QueryId queryId)
    {
        return new SystemSecurityContext(identity, queryId, Instant.parse("2026-11-24T12:00:00Z"));
    }

    /** The same query, in which Trino asks in another's name. */
    static SystemSecurityContext as(Identity identity, SystemSecurityContext context)
    {
        return context(identity, context.getQueryId());
    }

    /**
     * The calls of Trino 483 for a SELECT of some columns, in their order, with what Trino makes of them: the masks and
     * filters that it applies. A masked column whose check is denied loses its mask, as in Trino.
     */
    Selected select(SystemSecurityContext context, CatalogSchemaTableName table, List<ColumnSchema> columns, Set<String> selected)
    {
        Map<ColumnSchema, ViewExpression> masks = new HashMap<>(control.getColumnMasks(context, table, columns));
        for (ColumnSchema masked : List.copyOf(masks.keySet())) {
            try {
                checkSelect(context, table, Set.of(masked.getName()));
            }
            catch (AccessDeniedException e) {
                masks.remove(masked);
            }
        }
        List<ViewExpression> filters = control.getRowFilters(context, table);
        checkSelect(context, table, selected);
        return new Selected(masks, filters);
    }

    record Selected(Map<ColumnSchema, ViewExpression> masks, List<ViewExpression> filters) {}

    private void checkSelect(SystemSecurityContext context, CatalogSchemaTableName table, Set<String> columns)
    {
        if (!control.canAccessCatalog(context, table.getCatalogName())) {
            throw new AccessDeniedException("catalog");
        }
        control.checkCanSelectFromColumns(context, table, Optional.empty(), columns);
    }

    static void assertFails(ThrowingCallable call, MeshwardErrorCode code)
    {
        assertThatThrownBy(call).isInstanceOfSatisfying(TrinoException.class, e -> {
            assertThat(e).isNotInstanceOf(AccessDeniedException.class);
            assertThat(e.getErrorCode()).isEqualTo(code.toErrorCode());
            assertThat(e.getErrorCode().getType()).isIn(ErrorType.EXTERNAL, ErrorType.INSUFFICIENT_RESOURCES);
            assertThat(e.getCause()).isNull();
            assertThat(e.getMessage()).doesNotContain("127.0.0.1").doesNotContain("io.grpc");
        });
    }
}
