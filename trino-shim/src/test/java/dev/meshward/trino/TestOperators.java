package dev.meshward.trino;

import io.grpc.Status;
import io.trino.spi.connector.CatalogSchemaRoutineName;
import io.trino.spi.connector.CatalogSchemaTableName;
import io.trino.spi.security.AccessDeniedException;
import io.trino.spi.security.Identity;
import io.trino.spi.security.SystemSecurityContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_UNREACHABLE;
import static dev.meshward.trino.PluginUnderTest.COLUMNS;
import static dev.meshward.trino.PluginUnderTest.JAY;
import static dev.meshward.trino.PluginUnderTest.TABLE;
import static dev.meshward.trino.PluginUnderTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class TestOperators
{
    private static final Identity OPS = Identity.ofUser("ops");

    private PluginUnderTest plugin;

    @BeforeEach
    void start()
    {
        plugin = new PluginUnderTest(Map.of("meshward.operators", "ops"));
    }

    @AfterEach
    void stop()
    {
        plugin.close();
    }

    @Test
    void anOutageDoesNotBlindTheOperators()
    {
        plugin.server.close();
        plugin.control.checkCanReadSystemInformation(OPS);
        plugin.control.checkCanViewQueryOwnedBy(OPS, JAY);
        plugin.control.checkCanKillQueryOwnedBy(OPS, JAY);
        SystemSecurityContext context = plugin.startQuery(OPS);
        for (String name : Set.of("queries", "tasks", "nodes")) {
            CatalogSchemaTableName table = new CatalogSchemaTableName("system", "runtime", name);
            assertThat(plugin.control.getColumnMasks(context, table, COLUMNS)).isEmpty();
            assertThat(plugin.control.getRowFilters(context, table)).isEmpty();
            assertThat(plugin.control.canAccessCatalog(context, "system")).isTrue();
            plugin.control.checkCanSelectFromColumns(context, table, Optional.empty(), Set.of("id"));
        }
        plugin.control.checkCanExecuteProcedure(context, new CatalogSchemaRoutineName("system", "runtime", "kill_query"));
    }

    @Test
    void anOutageShowsNoDataToOperators()
    {
        plugin.server.close();
        SystemSecurityContext context = plugin.startQuery(OPS);
        assertFails(() -> plugin.control.getColumnMasks(context, TABLE, COLUMNS), MESHWARD_UNREACHABLE);
        assertFails(() -> plugin.control.checkCanSelectFromColumns(context, TABLE, Optional.empty(), Set.of("id")), MESHWARD_UNREACHABLE);
        assertFails(() -> plugin.control.canAccessCatalog(context, "lake"), MESHWARD_UNREACHABLE);
        assertFails(() -> plugin.control.checkCanWriteSystemInformation(OPS), MESHWARD_UNREACHABLE);
        assertFails(() -> plugin.control.checkCanImpersonateUser(OPS, "jay"), MESHWARD_UNREACHABLE);
    }

    @Test
    void stoppingAQueryIsDecidedForTheQueryAndNotForTheProcedure()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.server.accesses = request -> AnsweringServer.deny("not yours").build();
        plugin.control.checkCanExecuteProcedure(context, new CatalogSchemaRoutineName("system", "runtime", "kill_query"));
        assertThatThrownBy(() -> plugin.control.checkCanKillQueryOwnedBy(JAY, OPS)).isInstanceOf(AccessDeniedException.class);
        assertThatThrownBy(() -> plugin.control.checkCanExecuteProcedure(context, new CatalogSchemaRoutineName("lake", "runtime", "kill_query")))
                .isInstanceOf(AccessDeniedException.class);
    }

    @Test
    void othersAreBlindInAnOutage()
    {
        plugin.server.close();
        assertFails(() -> plugin.startQuery(JAY), MESHWARD_UNREACHABLE);
        assertFails(() -> plugin.control.checkCanReadSystemInformation(JAY), MESHWARD_UNREACHABLE);
        assertFails(() -> plugin.control.checkCanKillQueryOwnedBy(JAY, OPS), MESHWARD_UNREACHABLE);
    }

    @Test
    void anOperatorWhoMayNotExecuteIsDenied()
    {
        plugin.server.accesses = request -> AnsweringServer.deny("closed").build();
        assertThatThrownBy(() -> plugin.startQuery(OPS)).isInstanceOf(AccessDeniedException.class).hasMessageContaining("closed");
        plugin.server.accesses = request -> {
            throw Status.UNAUTHENTICATED.asRuntimeException();
        };
        assertFails(() -> plugin.startQuery(OPS), MeshwardErrorCode.MESHWARD_REQUEST_REFUSED);
    }
}
