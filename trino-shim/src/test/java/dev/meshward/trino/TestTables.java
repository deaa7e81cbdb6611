package dev.meshward.trino;

import dev.meshward.decision.v1.CheckAccessRequest;
import dev.meshward.decision.v1.Column;
import dev.meshward.decision.v1.DecideTableRequest;
import dev.meshward.trino.PluginUnderTest.Selected;
import io.trino.spi.connector.CatalogSchemaTableName;
import io.trino.spi.connector.ColumnSchema;
import io.trino.spi.connector.SchemaTableName;
import io.trino.spi.security.AccessDeniedException;
import io.trino.spi.security.Identity;
import io.trino.spi.security.SystemSecurityContext;
import io.trino.spi.security.ViewExpression;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import static dev.meshward.trino.AnsweringServer.clear;
import static dev.meshward.trino.AnsweringServer.hidden;
import static dev.meshward.trino.AnsweringServer.masked;
import static dev.meshward.trino.AnsweringServer.rowFilters;
import static dev.meshward.trino.AnsweringServer.verdict;
import static dev.meshward.trino.AnsweringServer.with;
import static dev.meshward.trino.PluginUnderTest.COLUMNS;
import static dev.meshward.trino.PluginUnderTest.COUNTRY;
import static dev.meshward.trino.PluginUnderTest.EMAIL;
import static dev.meshward.trino.PluginUnderTest.ID;
import static dev.meshward.trino.PluginUnderTest.JAY;
import static dev.meshward.trino.PluginUnderTest.OWNER;
import static dev.meshward.trino.PluginUnderTest.PATH;
import static dev.meshward.trino.PluginUnderTest.TABLE;
import static io.trino.spi.type.BigintType.BIGINT;
import static io.trino.spi.type.VarcharType.createVarcharType;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class TestTables
{
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
    void aSelectOfOneTableCostsTwoCallsHoweverManyColumnsAreMasked()
    {
        List<ColumnSchema> columns = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            columns.add(PluginUnderTest.column("c" + i, BIGINT, false));
        }
        plugin.server.tables = request -> {
            var answer = clear(request);
            for (int i = 0; i < request.getColumnsCount(); i++) {
                answer.setColumns(i, masked("CAST(NULL AS bigint)"));
            }
            return answer.setRowFilters(rowFilters("c1 > 0")).build();
        };
        SystemSecurityContext context = plugin.startQuery(JAY);
        Selected selected = plugin.select(context, TABLE, columns, Set.of("c0", "c199"));
        assertThat(selected.masks()).hasSize(200);
        assertThat(selected.filters()).hasSize(1);
        assertThat(plugin.server.requests).hasSize(2);
    }

    @Test
    void aJoinOfSeveralTablesCostsOneCallMoreThanTables()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        for (String name : List.of("a", "b", "c", "a")) {
            plugin.select(context, new CatalogSchemaTableName("lake", "finance", name), COLUMNS, Set.of("id"));
        }
        assertThat(plugin.server.requests).hasSize(1 + 3);
    }

    @Test
    void aSelectOfAllColumnsThatHidesSomeCostsTwoCalls()
    {
        plugin.server.tables = request -> with(request, "email", hidden("no")).build();
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.control.getColumnMasks(context, TABLE, COLUMNS);
        SchemaTableName name = TABLE.getSchemaTableName();
        assertThat(plugin.control.filterCatalogs(context, Set.of("lake"))).containsExactly("lake");
        assertThat(plugin.control.filterTables(context, "lake", Set.of(name))).containsExactly(name);
        assertThat(plugin.control.filterColumns(context, "lake", Map.of(name, Set.of("id", "email", "country"))).get(name))
                .containsExactlyInAnyOrder("id", "country");
        plugin.control.checkCanSelectFromColumns(context, TABLE, Optional.empty(), Set.of("id", "country"));
        assertThat(plugin.server.requests).hasSize(2);
    }

    @Test
    void aTableThatMayNotBeReadIsListedOnlyWhereTheServerSaysSo()
    {
        plugin.server.tables = request -> clear(request).setRead(verdict(false, "no")).build();
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.control.getColumnMasks(context, TABLE, COLUMNS);
        plugin.server.slices = request -> AnsweringServer.keepAll(request).clearKept().build();
        SchemaTableName name = TABLE.getSchemaTableName();
        assertThat(plugin.control.filterTables(context, "lake", Set.of(name))).isEmpty();
        assertThat(plugin.control.filterColumns(context, "lake", Map.of(name, Set.of("id"))).get(name)).isEmpty();
    }

    @Test
    void masksAreKeyedByTheColumnsThatTrinoGave()
    {
        plugin.server.tables = request -> with(request, "email", masked("CAST('x' AS varchar(100))")).build();
        Map<ColumnSchema, ViewExpression> masks = plugin.control.getColumnMasks(plugin.startQuery(JAY), TABLE, COLUMNS);
        assertThat(masks).containsOnlyKeys(EMAIL);
        ViewExpression mask = masks.get(EMAIL);
        assertThat(mask.getExpression()).isEqualTo("CAST('x' AS varchar(100))");
        assertThat(mask.getCatalog()).contains("lake");
        assertThat(mask.getSchema()).contains("finance");
        assertThat(mask.getSecurityIdentity()).isEmpty();
    }

    @Test
    void everyColumnIsSentWithItsTypeAndWhetherItIsHidden()
    {
        plugin.control.getColumnMasks(plugin.startQuery(JAY), TABLE, COLUMNS);
        DecideTableRequest request = plugin.server.asked(DecideTableRequest.class).getFirst();
        assertThat(request.getColumnsList()).containsExactly(
                Column.newBuilder().setName("id").setType("bigint").build(),
                Column.newBuilder().setName("country").setType("varchar(2)").build(),
                Column.newBuilder().setName("email").setType("varchar(100)").build(),
                Column.newBuilder().setName("$path").setType("varchar(500)").setHidden(true).build());
        assertThat(request.getContext().getTrinoVersion()).isEqualTo("483");
        assertThat(request.getContext().getQueryStart().getSeconds()).isEqualTo(1795521600);
    }

    @Test
    void everyFilterIsAnExpressionOfItsOwn()
    {
        plugin.server.tables = request -> clear(request).setRowFilters(rowFilters("a = 1 OR b = 2", "c = 3")).build();
        assertThat(plugin.control.getRowFilters(plugin.startQuery(JAY), TABLE))
                .extracting(ViewExpression::getExpression)
                .containsExactly("a = 1 OR b = 2", "c = 3");
    }

    @Test
    void noRowsIsTheFilterFalse()
    {
        plugin.server.tables = request -> clear(request).setNoRows(dev.meshward.decision.v1.NoRows.getDefaultInstance()).build();
        assertThat(plugin.control.getRowFilters(plugin.startQuery(JAY), TABLE))
                .extracting(ViewExpression::getExpression)
                .containsExactly("FALSE");
    }

    @Test
    void theDenialOfAHiddenColumnNamesOnlyHiddenColumnsAndSaysWhy()
    {
        plugin.server.tables = request -> with(request, "email", hidden("personal data is for payroll")).build();
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.control.getColumnMasks(context, TABLE, COLUMNS);
        assertThatThrownBy(() -> plugin.control.checkCanSelectFromColumns(context, TABLE, Optional.empty(), Set.of("id", "email", "country")))
                .isInstanceOf(AccessDeniedException.class)
                .hasMessageContaining("[email]")
                .hasMessageContaining("personal data is for payroll")
                .hasMessageNotContaining("country");
        plugin.control.checkCanSelectFromColumns(context, TABLE, Optional.empty(), Set.of("id", "country"));
    }

    @Test
    void aTableThatMayNotBeReadKeepsItsMasksAndFilters()
    {
        plugin.server.tables = request -> with(request, "email", masked("NULL"))
                .setRead(verdict(false, "not for you"))
                .setRowFilters(rowFilters("id = 1"))
                .build();
        SystemSecurityContext context = plugin.startQuery(JAY);
        assertThat(plugin.control.getColumnMasks(context, TABLE, COLUMNS)).containsOnlyKeys(EMAIL);
        assertThat(plugin.control.getRowFilters(context, TABLE)).hasSize(1);
        assertThatThrownBy(() -> plugin.control.checkCanSelectFromColumns(context, TABLE, Optional.empty(), Set.of()))
                .isInstanceOf(AccessDeniedException.class)
                .hasMessageContaining("not for you");
    }

    @Test
    void sharingAndReadingAreTwoVerdicts()
    {
        plugin.server.tables = request -> clear(request).setShare(verdict(false, "nobody shares this")).build();
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.control.checkCanSelectFromColumns(context, TABLE, Optional.empty(), Set.of("id"));
        assertThatThrownBy(() -> plugin.control.checkCanCreateViewWithSelectFromColumns(context, TABLE, Optional.empty(), Set.of("id")))
                .isInstanceOf(AccessDeniedException.class)
                .hasMessageContaining("nobody shares this");
    }

    @Test
    void theCatalogIsAnsweredFromTheTable()
    {
        plugin.server.tables = request -> clear(request).setCatalog(verdict(false, "")).build();
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.control.getColumnMasks(context, TABLE, COLUMNS);
        assertThat(plugin.control.canAccessCatalog(context, "lake")).isFalse();
        assertThat(plugin.control.canAccessCatalog(context, "other")).isTrue();
        assertThat(plugin.control.canAccessCatalog(context, "other")).isTrue();
        assertThat(plugin.server.asked(CheckAccessRequest.class)).extracting(CheckAccessRequest::getAction)
                .containsExactly("execute_query", "access_catalog");
    }

    @Test
    void anIdentityWithOtherCredentialsHasADecisionOfItsOwn()
    {
        plugin.server.tables = request -> request.getContext().getIdentity().getExtraCredentialsMap().getOrDefault("purpose", "").equals("fraud")
                ? clear(request).build()
                : with(request, "email", masked("NULL")).build();
        Identity fraud = Identity.from(JAY).withExtraCredentials(Map.of("purpose", "fraud", "password", "secret")).build();
        assertThat(fraud).isEqualTo(JAY);
        SystemSecurityContext context = plugin.startQuery(fraud);
        assertThat(plugin.control.getColumnMasks(context, TABLE, COLUMNS)).isEmpty();
        assertThat(plugin.control.getColumnMasks(PluginUnderTest.as(JAY, context), TABLE, COLUMNS)).containsOnlyKeys(EMAIL);
        assertThat(plugin.server.requests.toString()).doesNotContain("secret");
    }

    @Test
    void twoQueriesNeverShareADecision()
    {
        plugin.control.getColumnMasks(plugin.startQuery(JAY), TABLE, COLUMNS);
        plugin.control.getColumnMasks(plugin.startQuery(JAY), TABLE, COLUMNS);
        assertThat(plugin.server.asked(DecideTableRequest.class)).hasSize(2);
    }

    @Test
    void aDefinerViewIsAskedForItsOwnerAndTheInvoker()
    {
        Identity invoker = Identity.from(JAY).withExtraCredentials(Map.of("purpose", "fraud")).build();
        SystemSecurityContext context = plugin.startQuery(invoker);
        plugin.control.getColumnMasks(PluginUnderTest.as(OWNER, context), TABLE, COLUMNS);
        DecideTableRequest request = plugin.server.asked(DecideTableRequest.class).getFirst();
        assertThat(request.getContext().getIdentity().getUser()).isEqualTo("owner");
        assertThat(request.getContext().getInvoker().getUser()).isEqualTo("jay");
        assertThat(request.getContext().getInvoker().getGroupsList()).containsExactly("finance");
        assertThat(request.getContext().getInvoker().getExtraCredentialsMap()).containsEntry("purpose", "fraud");
    }

    @Test
    void aMaskIsNeverServedForATypeThatWasNotSent()
    {
        plugin.server.tables = request -> {
            var answer = clear(request);
            for (int i = 0; i < request.getColumnsCount(); i++) {
                answer.setColumns(i, masked("CAST(NULL AS %s)".formatted(request.getColumns(i).getType())));
            }
            return answer.build();
        };
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.control.checkCanSelectFromColumns(context, TABLE, Optional.empty(), Set.of("id"));
        assertThat(plugin.control.getColumnMasks(context, TABLE, List.of(ID)).get(ID).getExpression()).isEqualTo("CAST(NULL AS bigint)");
        ColumnSchema other = PluginUnderTest.column("id", createVarcharType(3), false);
        assertThat(plugin.control.getColumnMasks(context, TABLE, List.of(other)).get(other).getExpression()).isEqualTo("CAST(NULL AS varchar(3))");
    }

    @Test
    void aSecondListOfColumnsIsAskedForAndTheFirstIsNotReused()
    {
        plugin.server.tables = request -> with(request, "$path", masked("NULL")).build();
        SystemSecurityContext context = plugin.startQuery(JAY);
        assertThat(plugin.control.getColumnMasks(context, TABLE, List.of(ID, COUNTRY, EMAIL))).isEmpty();
        assertThat(plugin.control.getColumnMasks(context, TABLE, COLUMNS)).containsOnlyKeys(PATH);
        assertThat(plugin.control.getColumnMasks(context, TABLE, List.of(ID, COUNTRY, EMAIL))).isEmpty();
        assertThat(plugin.server.asked(DecideTableRequest.class)).hasSize(2);
    }

    @Test
    void aColumnThatWasNotAmongThoseAskedForIsAskedFor()
    {
        plugin.server.tables = request -> with(request, "$path", hidden("paths are hidden")).build();
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.control.getColumnMasks(context, TABLE, List.of(ID, COUNTRY));
        assertThatThrownBy(() -> plugin.control.checkCanSelectFromColumns(context, TABLE, Optional.empty(), Set.of("id", "$path")))
                .isInstanceOf(AccessDeniedException.class)
                .hasMessageContaining("$path");
        assertThat(plugin.server.asked(DecideTableRequest.class).getLast().getColumnsList()).extracting(Column::getName)
                .containsExactlyInAnyOrder("$path", "id", "country");
    }

    @Test
    void aBranchHasADecisionOfItsOwnAndDoesNotOutweighTheTables()
    {
        plugin.server.tables = request -> clear(request).setRead(verdict(request.hasBranch(), "only on branches")).build();
        SystemSecurityContext context = plugin.startQuery(JAY);
        plugin.control.getColumnMasks(context, TABLE, COLUMNS);
        assertThatThrownBy(() -> plugin.control.checkCanSelectFromColumns(context, TABLE, Optional.of("audit"), Set.of("id")))
                .isInstanceOf(AccessDeniedException.class)
                .hasMessageContaining("only on branches");

        plugin.server.tables = request -> clear(request).setRead(verdict(!request.hasBranch(), "not on branches")).build();
        SystemSecurityContext second = plugin.startQuery(JAY);
        plugin.control.getColumnMasks(second, TABLE, COLUMNS);
        assertThatThrownBy(() -> plugin.control.checkCanSelectFromColumns(second, TABLE, Optional.of("audit"), Set.of("id")))
                .isInstanceOf(AccessDeniedException.class)
                .hasMessageContaining("not on branches");
        assertThat(plugin.server.asked(DecideTableRequest.class).getLast().getColumnsList()).hasSize(4);
    }

    @Test
    void olderReleasesGetOneMaskAtATime()
    {
        plugin.server.tables = request -> with(request, "email", masked("NULL")).build();
        SystemSecurityContext context = plugin.startQuery(JAY);
        assertThat(plugin.control.getColumnMask(context, TABLE, "id", BIGINT)).isEmpty();
        assertThat(plugin.control.getColumnMask(context, TABLE, "email", EMAIL.getType())).isPresent();
        plugin.control.getRowFilters(context, TABLE);
        plugin.control.checkCanSelectFromColumns(context, TABLE, Set.of("id", "email"));
        assertThat(plugin.server.asked(DecideTableRequest.class)).hasSize(2);
    }

    @Test
    void listingsOfTrinosOwnAreReadWithoutAsking()
    {
        SystemSecurityContext context = plugin.startQuery(JAY);
        for (String name : List.of("lake.information_schema.tables", "system.jdbc.columns", "system.metadata.table_comments", "system.runtime.queries")) {
            String[] parts = name.split("\\.");
            CatalogSchemaTableName table = new CatalogSchemaTableName(parts[0], parts[1], parts[2]);
            assertThat(plugin.control.getColumnMasks(context, table, COLUMNS)).isEmpty();
            assertThat(plugin.control.getRowFilters(context, table)).isEmpty();
            plugin.control.checkCanSelectFromColumns(context, table, Optional.empty(), Set.of("id"));
        }
        assertThat(plugin.server.requests).hasSize(1);
        plugin.control.getRowFilters(context, new CatalogSchemaTableName("system", "runtime", "tasks"));
        plugin.control.getRowFilters(context, new CatalogSchemaTableName("lake", "finance", "transactions$partitions"));
        assertThat(plugin.server.asked(DecideTableRequest.class)).hasSize(2);
    }
}
