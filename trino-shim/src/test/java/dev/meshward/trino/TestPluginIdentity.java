package dev.meshward.trino;

import dev.meshward.decision.v1.ColumnDecision;
import dev.meshward.decision.v1.Expression;
import dev.meshward.decision.v1.FunctionResource;
import dev.meshward.decision.v1.RowFilters;
import dev.meshward.decision.v1.TableColumns;
import dev.meshward.decision.v1.TableName;
import io.trino.spi.connector.CatalogSchemaRoutineName;
import io.trino.spi.connector.CatalogSchemaTableName;
import io.trino.spi.security.AccessDeniedException;
import io.trino.spi.security.Identity;
import io.trino.spi.security.PrincipalType;
import io.trino.spi.security.SystemSecurityContext;
import io.trino.spi.security.TrinoPrincipal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;
import java.util.Set;

import static dev.meshward.trino.AnsweringServer.clear;
import static dev.meshward.trino.AnsweringServer.hidden;
import static dev.meshward.trino.AnsweringServer.with;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_EXPRESSION_REACHES_TOO_FAR;
import static dev.meshward.trino.PluginUnderTest.COLUMNS;
import static dev.meshward.trino.PluginUnderTest.JAY;
import static dev.meshward.trino.PluginUnderTest.TABLE;
import static dev.meshward.trino.PluginUnderTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class TestPluginIdentity
{
    private static final CatalogSchemaTableName BOOK = new CatalogSchemaTableName("ref", "people", "book");

    private PluginUnderTest plugin;
    private SystemSecurityContext context;
    private SystemSecurityContext asPlugin;

    @BeforeEach
    void start()
    {
        plugin = new PluginUnderTest();
        plugin.server.tables = request -> with(request, "country", hidden("no"))
                .setRowFilters(RowFilters.newBuilder().addFilters(Expression.newBuilder()
                        .setSql("country = 'CL' AND EXISTS (SELECT 1 FROM ref.people.book b WHERE b.client = id)")
                        .setRunAsPlugin(true)
                        .addReads(reads("lake", "finance", "transactions", "country", "id"))
                        .addReads(reads("ref", "people", "book", "client"))))
                .build();
        context = plugin.startQuery(JAY);
        Identity user = Identity.ofUser(plugin.control.getRowFilters(context, TABLE).getFirst().getSecurityIdentity().orElseThrow());
        asPlugin = PluginUnderTest.as(user, context);
        plugin.server.requests.clear();
    }

    @AfterEach
    void stop()
    {
        plugin.close();
    }

    @Test
    void anExpressionReadsWhatItsAnswerNames()
    {
        assertThat(plugin.control.canAccessCatalog(asPlugin, "ref")).isTrue();
        assertThat(plugin.control.getColumnMasks(asPlugin, BOOK, COLUMNS)).isEmpty();
        assertThat(plugin.control.getRowFilters(asPlugin, BOOK)).isEmpty();
        plugin.control.checkCanSelectFromColumns(asPlugin, BOOK, Optional.empty(), Set.of("client"));
        plugin.control.checkCanSelectFromColumns(asPlugin, TABLE, Optional.empty(), Set.of("country", "id"));
        // Within a definer view Trino asks whether it may be shared.
        plugin.control.checkCanCreateViewWithSelectFromColumns(asPlugin, BOOK, Optional.empty(), Set.of("client"));
        assertThat(plugin.control.canExecuteFunction(asPlugin, new CatalogSchemaRoutineName("system", "builtin", "abs"))).isTrue();
        assertThat(plugin.server.requests).isEmpty();
    }

    @Test
    void anExpressionReadsNothingElse()
    {
        CatalogSchemaTableName other = new CatalogSchemaTableName("lake", "finance", "salaries");
        assertFails(() -> plugin.control.canAccessCatalog(asPlugin, "hive"), MESHWARD_EXPRESSION_REACHES_TOO_FAR);
        assertFails(() -> plugin.control.getColumnMasks(asPlugin, other, COLUMNS), MESHWARD_EXPRESSION_REACHES_TOO_FAR);
        assertFails(() -> plugin.control.getRowFilters(asPlugin, other), MESHWARD_EXPRESSION_REACHES_TOO_FAR);
        assertFails(() -> plugin.control.checkCanSelectFromColumns(asPlugin, other, Optional.empty(), Set.of()), MESHWARD_EXPRESSION_REACHES_TOO_FAR);
        assertFails(() -> plugin.control.checkCanSelectFromColumns(asPlugin, TABLE, Optional.empty(), Set.of("email")), MESHWARD_EXPRESSION_REACHES_TOO_FAR);
        assertFails(() -> plugin.control.checkCanDropTable(asPlugin, TABLE), MESHWARD_EXPRESSION_REACHES_TOO_FAR);
        assertFails(() -> plugin.control.filterTables(asPlugin, "lake", Set.of(TABLE.getSchemaTableName())), MESHWARD_EXPRESSION_REACHES_TOO_FAR);
        assertFails(
                () -> plugin.control.canExecuteFunction(asPlugin, new CatalogSchemaRoutineName("lake", "tools", "leak")),
                MESHWARD_EXPRESSION_REACHES_TOO_FAR);
    }

    @Test
    void aMaskExecutesTheFunctionsThatItsAnswerNames()
    {
        CatalogSchemaRoutineName pseudonym = new CatalogSchemaRoutineName("meshward", "system", "pseudonym");
        CatalogSchemaRoutineName reveal = new CatalogSchemaRoutineName("meshward", "system", "reveal");
        plugin.server.tables = request -> with(request, "country", ColumnDecision.newBuilder()
                .setMask(Expression.newBuilder()
                        .setSql("CAST(\"meshward\".\"system\".\"pseudonym\"(\"country\") AS varchar)")
                        .setRunAsPlugin(true)
                        .addReads(reads("lake", "finance", "transactions", "country"))
                        .addExecutes(FunctionResource.newBuilder().setCatalog("meshward").setSchema("system").setFunction("pseudonym")))
                .build())
                .addRequiredFeatures("keyed-masks")
                .build();
        SystemSecurityContext masked = plugin.startQuery(JAY);
        SystemSecurityContext second = plugin.startQuery(JAY);
        plugin.server.accesses = request -> AnsweringServer.deny("no rule allows it").build();
        assertFails(() -> plugin.control.canExecuteFunction(PluginUnderTest.as(asPlugin.getIdentity(), masked), pseudonym), MESHWARD_EXPRESSION_REACHES_TOO_FAR);
        assertThat(plugin.control.getColumnMasks(masked, TABLE, COLUMNS).values())
                .allSatisfy(mask -> assertThat(mask.getSecurityIdentity()).contains(asPlugin.getIdentity().getUser()));
        SystemSecurityContext asMask = PluginUnderTest.as(asPlugin.getIdentity(), masked);
        assertThat(plugin.control.canAccessCatalog(asMask, "meshward")).isTrue();
        assertThat(plugin.control.canExecuteFunction(asMask, pseudonym)).isTrue();
        assertThat(plugin.control.canCreateViewWithExecuteFunction(asMask, pseudonym)).isTrue();
        assertFails(() -> plugin.control.canExecuteFunction(asMask, reveal), MESHWARD_EXPRESSION_REACHES_TOO_FAR);
        // The user gets no right by it, and is told so by the server.
        assertThat(plugin.control.canExecuteFunction(masked, pseudonym)).isFalse();
        assertThat(plugin.server.requests).isNotEmpty();
        assertFails(() -> plugin.control.canExecuteFunction(PluginUnderTest.as(asPlugin.getIdentity(), second), pseudonym), MESHWARD_EXPRESSION_REACHES_TOO_FAR);
    }

    @Test
    void whatOneQueryMayReadAnotherMayNot()
    {
        plugin.server.tables = request -> clear(request).build();
        SystemSecurityContext second = plugin.startQuery(JAY);
        assertFails(
                () -> plugin.control.checkCanSelectFromColumns(PluginUnderTest.as(asPlugin.getIdentity(), second), BOOK, Optional.empty(), Set.of("client")),
                MESHWARD_EXPRESSION_REACHES_TOO_FAR);
    }

    @Test
    void nobodyCanBeThePlugin()
    {
        Identity user = asPlugin.getIdentity();
        assertThat(user.getUser()).hasSizeGreaterThan(40);
        assertThatThrownBy(() -> plugin.control.checkCanSetUser(Optional.empty(), user.getUser())).isInstanceOf(AccessDeniedException.class);
        assertThatThrownBy(() -> plugin.control.checkCanSetUser(Optional.empty(), user.getUser().toUpperCase(java.util.Locale.ROOT))).isInstanceOf(AccessDeniedException.class);
        assertThatThrownBy(() -> plugin.control.checkCanImpersonateUser(JAY, user.getUser())).isInstanceOf(AccessDeniedException.class);
        assertThatThrownBy(() -> plugin.control.checkCanExecuteQuery(user, PluginUnderTest.newQueryId())).isInstanceOf(AccessDeniedException.class);
        assertThatThrownBy(() -> plugin.control.checkCanSetViewAuthorization(context, TABLE, new TrinoPrincipal(PrincipalType.USER, user.getUser())))
                .isInstanceOf(AccessDeniedException.class);
        assertThatThrownBy(() -> plugin.control.checkCanGrantRoles(context, Set.of("r"), Set.of(new TrinoPrincipal(PrincipalType.USER, user.getUser())), false, Optional.empty()))
                .isInstanceOf(AccessDeniedException.class);
        assertThat(plugin.server.requests).isEmpty();
        plugin.control.checkCanSetUser(Optional.empty(), "jay");
    }

    @Test
    void everyStartHasAnotherName()
    {
        assertThat(new PluginIdentity().user()).isNotEqualTo(new PluginIdentity().user());
    }

    private static TableColumns reads(String catalog, String schema, String table, String... columns)
    {
        return TableColumns.newBuilder()
                .setTable(TableName.newBuilder().setCatalog(catalog).setSchema(schema).setTable(table))
                .addAllColumns(List.of(columns))
                .build();
    }
}
