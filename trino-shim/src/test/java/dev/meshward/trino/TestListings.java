package dev.meshward.trino;

import com.google.protobuf.ByteString;
import dev.meshward.decision.v1.FilterResourcesRequest;
import dev.meshward.decision.v1.FilterResourcesResponse;
import dev.meshward.decision.v1.SchemaTables;
import io.grpc.Status;
import io.trino.spi.connector.SchemaTableName;
import io.trino.spi.function.SchemaFunctionName;
import io.trino.spi.security.Identity;
import io.trino.spi.security.SystemSecurityContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import static dev.meshward.trino.AnsweringServer.keepAll;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_BROKEN_ANSWER;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_UNREACHABLE;
import static dev.meshward.trino.PluginUnderTest.JAY;
import static dev.meshward.trino.PluginUnderTest.OWNER;
import static dev.meshward.trino.PluginUnderTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

final class TestListings
{
    private PluginUnderTest plugin;
    private SystemSecurityContext context;

    @BeforeEach
    void start()
    {
        plugin = new PluginUnderTest(Map.of("meshward.operators", "ops"));
        context = plugin.startQuery(JAY);
        plugin.server.requests.clear();
    }

    @AfterEach
    void stop()
    {
        plugin.close();
    }

    @Test
    void nothingIsAskedForNothing()
    {
        assertThat(plugin.control.filterCatalogs(context, Set.of())).isEmpty();
        assertThat(plugin.control.filterSchemas(context, "lake", Set.of())).isEmpty();
        assertThat(plugin.control.filterTables(context, "lake", Set.of())).isEmpty();
        assertThat(plugin.control.filterColumns(context, "lake", Map.of())).isEmpty();
        assertThat(plugin.control.filterFunctions(context, "lake", Set.of())).isEmpty();
        assertThat(plugin.control.filterViewQueryOwnedBy(JAY, List.of())).isEmpty();
        assertThat(plugin.server.requests).isEmpty();
    }

    @Test
    void tablesGoGroupedBySchemaAndBitsAreInTheirOrder()
    {
        keepByName(Set.of("b1", "a2"));
        Set<SchemaTableName> tables = Set.of(table("b", "b1"), table("a", "a1"), table("a", "a2"), table("b", "b2"), table("information_schema", "tables"));
        assertThat(plugin.control.filterTables(context, "lake", tables))
                .containsExactlyInAnyOrder(table("b", "b1"), table("a", "a2"), table("information_schema", "tables"));
        FilterResourcesRequest request = plugin.server.asked(FilterResourcesRequest.class).getFirst();
        assertThat(request.getTables().getSchemasList()).containsExactly(
                SchemaTables.newBuilder().setSchema("a").addTables("a1").addTables("a2").build(),
                SchemaTables.newBuilder().setSchema("b").addTables("b1").addTables("b2").build());
        assertThat(request.getContext().getInvoker().getUser()).isEqualTo("jay");
    }

    @Test
    void manyNamesGoInSlicesAndComeBackInAnyOrder()
    {
        Set<SchemaTableName> tables = IntStream.range(0, 12_345).mapToObj(i -> table("s" + i % 7, "t" + i)).collect(Collectors.toSet());
        Set<String> kept = IntStream.range(0, 12_345).filter(i -> i % 3 == 0).mapToObj(i -> "t" + i).collect(Collectors.toSet());
        keepByName(kept);
        assertThat(plugin.control.filterTables(context, "lake", tables))
                .isEqualTo(tables.stream().filter(table -> kept.contains(table.getTableName())).collect(Collectors.toSet()));
        List<FilterResourcesRequest> slices = plugin.server.asked(FilterResourcesRequest.class);
        assertThat(slices).extracting(FilterResourcesRequest::getSlice).containsExactly(0, 1, 2);
        assertThat(slices).extracting(AnsweringServer::count).containsExactly(5000, 5000, 2345);
        assertThat(slices).extracting(FilterResourcesRequest::hasContext).containsExactly(true, false, false);
    }

    @Test
    void columnsAreFilteredInOneCallForAllTables()
    {
        plugin.server.slices = request -> {
            BitSet bits = new BitSet();
            bits.set(0);
            bits.set(2);
            return keepAll(request).setKept(ByteString.copyFrom(bits.toByteArray())).build();
        };
        // In order: a.t.x, a.t.y, b.u.x, b.u.y
        assertThat(plugin.control.filterColumns(context, "lake", Map.of(table("b", "u"), Set.of("y", "x"), table("a", "t"), Set.of("x", "y"))))
                .isEqualTo(Map.of(table("a", "t"), Set.of("x"), table("b", "u"), Set.of("x")));
        assertThat(plugin.server.asked(FilterResourcesRequest.class)).hasSize(1);
        assertThat(plugin.control.filterColumns(context, "lake", Map.of(table("information_schema", "t"), Set.of("x"))).get(table("information_schema", "t")))
                .containsExactly("x");
    }

    @Test
    void trinosOwnSchemasStayListed()
    {
        plugin.server.slices = request -> keepAll(request).clearKept().build();
        assertThat(plugin.control.filterCatalogs(context, Set.of("system", "lake"))).containsExactly("system");
        assertThat(plugin.control.filterSchemas(context, "lake", Set.of("finance", "information_schema"))).containsExactly("information_schema");
        assertThat(plugin.control.filterSchemas(context, "system", Set.of("jdbc", "runtime", "odd"))).containsExactlyInAnyOrder("jdbc", "runtime");
        assertThat(plugin.control.filterFunctions(context, "system", Set.of(new SchemaFunctionName("builtin", "abs")))).hasSize(1);
    }

    @Test
    void theSameCatalogsAreAskedForOnceInAQuery()
    {
        keepByName(Set.of("lake"));
        for (int i = 0; i < 3; i++) {
            assertThat(plugin.control.filterCatalogs(context, Set.of("lake"))).containsExactly("lake");
            assertThat(plugin.control.filterCatalogs(context, Set.of("lake", "closed"))).containsExactly("lake");
        }
        assertThat(plugin.server.asked(FilterResourcesRequest.class)).hasSize(2);
    }

    @Test
    void ownersOfQueriesAreFilteredOutsideAnyQuery()
    {
        plugin.server.slices = request -> keepAll(request).setKept(ByteString.copyFrom(new byte[] {2})).build();
        Identity second = Identity.ofUser("second");
        assertThat(plugin.control.filterViewQueryOwnedBy(JAY, List.of(OWNER, second))).containsExactly(second);
        FilterResourcesRequest request = plugin.server.asked(FilterResourcesRequest.class).getFirst();
        assertThat(request.getContext().hasInvoker()).isFalse();
        assertThat(request.getContext().getQueryId()).isEmpty();
        assertThat(plugin.control.filterViewQueryOwnedBy(Identity.ofUser("ops"), List.of(OWNER, second))).hasSize(2);
    }

    @Test
    void aListingThatIsNotWholeFailsTheQuery()
    {
        check(request -> keepAll(request).setCount(1).build());
        check(request -> keepAll(request).setKept(ByteString.copyFrom(new byte[] {7, 0})).build());
        check(request -> keepAll(request).setKept(ByteString.copyFrom(new byte[] {8})).build());
        check(request -> keepAll(request).setSlice(1).build());
        check(request -> keepAll(request).clearPin().build());
        check(request -> null);
        check(request -> {
            throw Status.DATA_LOSS.asRuntimeException();
        });
    }

    @Test
    void aSliceThatIsMissingOrAnsweredTwiceFailsTheQuery()
    {
        Set<String> schemas = IntStream.range(0, 6000).mapToObj(i -> "s" + i).collect(Collectors.toSet());
        plugin.server.slices = request -> request.getSlice() == 0 ? keepAll(request).build() : null;
        assertFails(() -> plugin.control.filterSchemas(context, "lake", schemas), MESHWARD_BROKEN_ANSWER);
        plugin.server.slices = request -> keepAll(request).setSlice(0).build();
        assertFails(() -> plugin.control.filterSchemas(context, "lake", schemas), MESHWARD_BROKEN_ANSWER);
        plugin.server.slices = request -> keepAll(request).setPin(ByteString.copyFromUtf8("pin " + request.getSlice())).build();
        assertFails(() -> plugin.control.filterSchemas(context, "lake", schemas), MESHWARD_BROKEN_ANSWER);
    }

    @Test
    void aListingIsNeverEmptyBecauseTheServerIsGone()
    {
        plugin.server.close();
        assertFails(() -> plugin.control.filterTables(context, "lake", Set.of(table("a", "t"))), MESHWARD_UNREACHABLE);
        assertFails(() -> plugin.control.filterViewQueryOwnedBy(JAY, List.of(OWNER)), MESHWARD_UNREACHABLE);
    }

    private void check(Function<FilterResourcesRequest, FilterResourcesResponse> answer)
    {
        plugin.server.slices = answer;
        assertFails(() -> plugin.control.filterSchemas(context, "lake", Set.of("a", "b", "c")), MESHWARD_BROKEN_ANSWER);
    }

    private void keepByName(Set<String> kept)
    {
        plugin.server.slices = request -> {
            List<String> names = switch (request.getResourcesCase()) {
                case CATALOGS -> request.getCatalogs().getCatalogsList();
                case TABLES -> request.getTables().getSchemasList().stream().flatMap(schema -> schema.getTablesList().stream()).toList();
                default -> throw new AssertionError(request);
            };
            BitSet bits = new BitSet();
            for (int i = 0; i < names.size(); i++) {
                bits.set(i, kept.contains(names.get(i)));
            }
            return keepAll(request).setKept(ByteString.copyFrom(bits.toByteArray())).build();
        };
    }

    private static SchemaTableName table(String schema, String table)
    {
        return new SchemaTableName(schema, table);
    }
}
