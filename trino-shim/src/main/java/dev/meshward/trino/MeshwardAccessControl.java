package dev.meshward.trino;

import dev.meshward.decision.v1.Resource;
import dev.meshward.trino.client.DecisionClient;
import dev.meshward.trino.client.Queries;
import dev.meshward.trino.convert.Identities;
import io.trino.spi.QueryId;
import io.trino.spi.connector.CatalogSchemaName;
import io.trino.spi.connector.CatalogSchemaRoutineName;
import io.trino.spi.connector.CatalogSchemaTableName;
import io.trino.spi.connector.ColumnSchema;
import io.trino.spi.connector.EntityKindAndName;
import io.trino.spi.connector.EntityPrivilege;
import io.trino.spi.connector.SchemaTableName;
import io.trino.spi.eventlistener.EventListener;
import io.trino.spi.function.SchemaFunctionName;
import io.trino.spi.security.AccessDeniedException;
import io.trino.spi.security.Identity;
import io.trino.spi.security.Privilege;
import io.trino.spi.security.SystemAccessControl;
import io.trino.spi.security.SystemSecurityContext;
import io.trino.spi.security.TrinoPrincipal;
import io.trino.spi.security.ViewExpression;
import io.trino.spi.type.Type;

import java.security.Principal;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

import static dev.meshward.trino.convert.Resources.branch;
import static dev.meshward.trino.convert.Resources.catalog;
import static dev.meshward.trino.convert.Resources.columns;
import static dev.meshward.trino.convert.Resources.entity;
import static dev.meshward.trino.convert.Resources.function;
import static dev.meshward.trino.convert.Resources.privilege;
import static dev.meshward.trino.convert.Resources.procedure;
import static dev.meshward.trino.convert.Resources.role;
import static dev.meshward.trino.convert.Resources.schema;
import static dev.meshward.trino.convert.Resources.sessionProperty;
import static dev.meshward.trino.convert.Resources.system;
import static dev.meshward.trino.convert.Resources.table;
import static io.trino.spi.security.AccessDeniedException.denyAddColumn;
import static io.trino.spi.security.AccessDeniedException.denyAlterColumn;
import static io.trino.spi.security.AccessDeniedException.denyCommentColumn;
import static io.trino.spi.security.AccessDeniedException.denyCommentTable;
import static io.trino.spi.security.AccessDeniedException.denyCommentView;
import static io.trino.spi.security.AccessDeniedException.denyCreateBranch;
import static io.trino.spi.security.AccessDeniedException.denyCreateCatalog;
import static io.trino.spi.security.AccessDeniedException.denyCreateFunction;
import static io.trino.spi.security.AccessDeniedException.denyCreateMaterializedView;
import static io.trino.spi.security.AccessDeniedException.denyCreateSchema;
import static io.trino.spi.security.AccessDeniedException.denyCreateTable;
import static io.trino.spi.security.AccessDeniedException.denyCreateView;
import static io.trino.spi.security.AccessDeniedException.denyDeleteTable;
import static io.trino.spi.security.AccessDeniedException.denyDenyEntityPrivilege;
import static io.trino.spi.security.AccessDeniedException.denyDenySchemaPrivilege;
import static io.trino.spi.security.AccessDeniedException.denyDenyTableBranchPrivilege;
import static io.trino.spi.security.AccessDeniedException.denyDenyTablePrivilege;
import static io.trino.spi.security.AccessDeniedException.denyDropBranch;
import static io.trino.spi.security.AccessDeniedException.denyDropCatalog;
import static io.trino.spi.security.AccessDeniedException.denyDropColumn;
import static io.trino.spi.security.AccessDeniedException.denyDropFunction;
import static io.trino.spi.security.AccessDeniedException.denyDropMaterializedView;
import static io.trino.spi.security.AccessDeniedException.denyDropSchema;
import static io.trino.spi.security.AccessDeniedException.denyDropTable;
import static io.trino.spi.security.AccessDeniedException.denyDropView;
import static io.trino.spi.security.AccessDeniedException.denyFastForwardBranch;
import static io.trino.spi.security.AccessDeniedException.denyGrantEntityPrivilege;
import static io.trino.spi.security.AccessDeniedException.denyGrantSchemaPrivilege;
import static io.trino.spi.security.AccessDeniedException.denyGrantTableBranchPrivilege;
import static io.trino.spi.security.AccessDeniedException.denyGrantTablePrivilege;
import static io.trino.spi.security.AccessDeniedException.denyInsertTable;
import static io.trino.spi.security.AccessDeniedException.denyRefreshMaterializedView;
import static io.trino.spi.security.AccessDeniedException.denyRefreshView;
import static io.trino.spi.security.AccessDeniedException.denyRenameColumn;
import static io.trino.spi.security.AccessDeniedException.denyRenameMaterializedView;
import static io.trino.spi.security.AccessDeniedException.denyRenameSchema;
import static io.trino.spi.security.AccessDeniedException.denyRenameTable;
import static io.trino.spi.security.AccessDeniedException.denyRenameView;
import static io.trino.spi.security.AccessDeniedException.denyRevokeEntityPrivilege;
import static io.trino.spi.security.AccessDeniedException.denyRevokeSchemaPrivilege;
import static io.trino.spi.security.AccessDeniedException.denyRevokeTableBranchPrivilege;
import static io.trino.spi.security.AccessDeniedException.denyRevokeTablePrivilege;
import static io.trino.spi.security.AccessDeniedException.denySetCatalogSessionProperty;
import static io.trino.spi.security.AccessDeniedException.denySetEntityAuthorization;
import static io.trino.spi.security.AccessDeniedException.denySetMaterializedViewProperties;
import static io.trino.spi.security.AccessDeniedException.denySetSchemaAuthorization;
import static io.trino.spi.security.AccessDeniedException.denySetSystemSessionProperty;
import static io.trino.spi.security.AccessDeniedException.denySetTableAuthorization;
import static io.trino.spi.security.AccessDeniedException.denySetTableProperties;
import static io.trino.spi.security.AccessDeniedException.denySetViewAuthorization;
import static io.trino.spi.security.AccessDeniedException.denyShowBranches;
import static io.trino.spi.security.AccessDeniedException.denyShowColumns;
import static io.trino.spi.security.AccessDeniedException.denyShowCreateFunction;
import static io.trino.spi.security.AccessDeniedException.denyShowCreateSchema;
import static io.trino.spi.security.AccessDeniedException.denyShowCreateTable;
import static io.trino.spi.security.AccessDeniedException.denyShowFunctions;
import static io.trino.spi.security.AccessDeniedException.denyShowTables;
import static io.trino.spi.security.AccessDeniedException.denyTruncateTable;
import static io.trino.spi.security.AccessDeniedException.denyUpdateTableColumns;
import static java.util.Objects.requireNonNull;

/**
 * Every question that Trino asks, each passed on in one expression: to {@link Tables} where it is about reading a table,
 * to {@link Listings} where names are listed, to {@link Checks} for one action. The file is long because the SPI is.
 *
 * <p>Methods without {@code @Override} are those of older releases. FAIL-CLOSED: the SPI's defaults for filters and masks
 * show the data, so a test sees that every method of the newest SPI is here.
 */
public class MeshwardAccessControl
        implements SystemAccessControl
{
    private final DecisionClient client;
    private final QueryStarts starts;
    private final Askers askers;
    private final Checks checks;
    private final Tables tables;
    private final Listings listings;
    private final Functions functions;
    private final IdentityChecks identityChecks;

    MeshwardAccessControl(MeshwardConfig config, DecisionClient client, Queries queries)
    {
        this.client = requireNonNull(client, "client is null");
        Identities identities = new Identities(config.forwardedCredentials());
        LocalAnswers local = new LocalAnswers(config.operators());
        PluginIdentity plugin = new PluginIdentity();
        starts = new QueryStarts(identities, queries);
        askers = new Askers(identities, queries, starts, plugin);
        checks = new Checks(client, plugin);
        tables = new Tables(client, askers, checks, local, plugin);
        listings = new Listings(client, askers, identities, local);
        functions = new Functions(askers, checks, local, plugin);
        identityChecks = new IdentityChecks(askers, checks, starts, local, plugin);
    }

    @Override
    public void checkCanImpersonateUser(Identity identity, String userName)
    {
        identityChecks.impersonate(identity, userName);
    }

    @Override
    public void checkCanSetUser(Optional<Principal> principal, String userName)
    {
        identityChecks.setUser(principal, userName);
    }

    @Override
    public void checkCanExecuteQuery(Identity identity, QueryId queryId)
    {
        identityChecks.executeQuery(identity, queryId);
    }

    /** Releases 440 to 444. */
    public void checkCanExecuteQuery(Identity identity)
    {
        identityChecks.executeQuery(identity);
    }

    @Override
    public void checkCanViewQueryOwnedBy(Identity identity, Identity queryOwner)
    {
        identityChecks.query(identity, queryOwner, "view_query_owned_by", AccessDeniedException::denyViewQuery);
    }

    @Override
    public Collection<Identity> filterViewQueryOwnedBy(Identity identity, Collection<Identity> queryOwners)
    {
        return listings.queryOwners(identity, queryOwners);
    }

    @Override
    public void checkCanKillQueryOwnedBy(Identity identity, Identity queryOwner)
    {
        identityChecks.query(identity, queryOwner, "kill_query_owned_by", AccessDeniedException::denyKillQuery);
    }

    @Override
    public void checkCanReadSystemInformation(Identity identity)
    {
        identityChecks.readSystemInformation(identity);
    }

    @Override
    public void checkCanWriteSystemInformation(Identity identity)
    {
        checks.check(askers.asker(identity), "write_system_information", system(), AccessDeniedException::denyWriteSystemInformationAccess);
    }

    @Override
    public void checkCanSetSystemSessionProperty(Identity identity, QueryId queryId, String propertyName)
    {
        checks.check(
                askers.asker(identity, queryId),
                "set_system_session_property",
                sessionProperty(Optional.empty(), propertyName),
                reason -> denySetSystemSessionProperty(propertyName, reason));
    }

    /** Releases 440 to 464. */
    public void checkCanSetSystemSessionProperty(Identity identity, String propertyName)
    {
        checks.check(
                askers.asker(identity),
                "set_system_session_property",
                sessionProperty(Optional.empty(), propertyName),
                reason -> denySetSystemSessionProperty(propertyName, reason));
    }

    @Override
    public boolean canAccessCatalog(SystemSecurityContext context, String catalogName)
    {
        return tables.canAccessCatalog(context, catalogName);
    }

    @Override
    public void checkCanCreateCatalog(SystemSecurityContext context, String catalog)
    {
        check(context, "create_catalog", catalog(catalog), reason -> denyCreateCatalog(catalog, reason));
    }

    @Override
    public void checkCanDropCatalog(SystemSecurityContext context, String catalog)
    {
        check(context, "drop_catalog", catalog(catalog), reason -> denyDropCatalog(catalog, reason));
    }

    @Override
    public Set<String> filterCatalogs(SystemSecurityContext context, Set<String> catalogs)
    {
        return listings.catalogs(context, catalogs);
    }

    @Override
    public void checkCanCreateSchema(SystemSecurityContext context, CatalogSchemaName schema, Map<String, Object> properties)
    {
        check(context, "create_schema", schema(schema), reason -> denyCreateSchema(schema.toString(), reason));
    }

    @Override
    public void checkCanDropSchema(SystemSecurityContext context, CatalogSchemaName schema)
    {
        check(context, "drop_schema", schema(schema), reason -> denyDropSchema(schema.toString(), reason));
    }

    @Override
    public void checkCanRenameSchema(SystemSecurityContext context, CatalogSchemaName schema, String newSchemaName)
    {
        check(context, "rename_schema", schema(schema), schema(schema.getCatalogName(), newSchemaName), reason -> denyRenameSchema(schema.toString(), newSchemaName, reason));
    }

    @Override
    public void checkCanSetSchemaAuthorization(SystemSecurityContext context, CatalogSchemaName schema, TrinoPrincipal principal)
    {
        check(context, "set_schema_authorization", schema(schema), principal, reason -> denySetSchemaAuthorization(schema.toString(), principal, reason));
    }

    @Override
    public void checkCanShowSchemas(SystemSecurityContext context, String catalogName)
    {
        check(context, "show_schemas", catalog(catalogName), AccessDeniedException::denyShowSchemas);
    }

    @Override
    public Set<String> filterSchemas(SystemSecurityContext context, String catalogName, Set<String> schemaNames)
    {
        return listings.schemas(context, catalogName, schemaNames);
    }

    @Override
    public void checkCanShowCreateSchema(SystemSecurityContext context, CatalogSchemaName schemaName)
    {
        check(context, "show_create_schema", schema(schemaName), reason -> denyShowCreateSchema(schemaName.toString(), reason));
    }

    @Override
    public void checkCanShowCreateTable(SystemSecurityContext context, CatalogSchemaTableName table)
    {
        check(context, "show_create_table", table(table), reason -> denyShowCreateTable(table.toString(), reason));
    }

    @Override
    public void checkCanCreateTable(SystemSecurityContext context, CatalogSchemaTableName table, Map<String, Object> properties)
    {
        check(context, "create_table", table(table), reason -> denyCreateTable(table.toString(), reason));
    }

    @Override
    public void checkCanDropTable(SystemSecurityContext context, CatalogSchemaTableName table)
    {
        check(context, "drop_table", table(table), reason -> denyDropTable(table.toString(), reason));
    }

    @Override
    public void checkCanRenameTable(SystemSecurityContext context, CatalogSchemaTableName table, CatalogSchemaTableName newTable)
    {
        check(context, "rename_table", table(table), table(newTable), reason -> denyRenameTable(table.toString(), newTable.toString(), reason));
    }

    @Override
    public void checkCanSetTableProperties(SystemSecurityContext context, CatalogSchemaTableName table, Map<String, Optional<Object>> properties)
    {
        check(context, "set_table_properties", table(table), reason -> denySetTableProperties(table.toString(), reason));
    }

    @Override
    public void checkCanSetTableComment(SystemSecurityContext context, CatalogSchemaTableName table)
    {
        check(context, "set_table_comment", table(table), reason -> denyCommentTable(table.toString(), reason));
    }

    @Override
    public void checkCanSetViewComment(SystemSecurityContext context, CatalogSchemaTableName view)
    {
        check(context, "set_view_comment", table(view), reason -> denyCommentView(view.toString(), reason));
    }

    @Override
    public void checkCanSetColumnComment(SystemSecurityContext context, CatalogSchemaTableName table)
    {
        check(context, "set_column_comment", table(table), reason -> denyCommentColumn(table.toString(), reason));
    }

    @Override
    public void checkCanShowTables(SystemSecurityContext context, CatalogSchemaName schema)
    {
        check(context, "show_tables", schema(schema), reason -> denyShowTables(schema.toString(), reason));
    }

    @Override
    public Set<SchemaTableName> filterTables(SystemSecurityContext context, String catalogName, Set<SchemaTableName> tableNames)
    {
        return listings.tables(context, catalogName, tableNames);
    }

    @Override
    public void checkCanShowColumns(SystemSecurityContext context, CatalogSchemaTableName table)
    {
        check(context, "show_columns", table(table), reason -> denyShowColumns(table.toString(), reason));
    }

    @Override
    public Set<String> filterColumns(SystemSecurityContext context, CatalogSchemaTableName table, Set<String> columns)
    {
        return listings.columns(context, table.getCatalogName(), Map.of(table.getSchemaTableName(), columns)).get(table.getSchemaTableName());
    }

    @Override
    public Map<SchemaTableName, Set<String>> filterColumns(SystemSecurityContext context, String catalogName, Map<SchemaTableName, Set<String>> tableColumns)
    {
        return listings.columns(context, catalogName, tableColumns);
    }

    @Override
    public void checkCanAddColumn(SystemSecurityContext context, CatalogSchemaTableName table)
    {
        check(context, "add_column", table(table), reason -> denyAddColumn(table.toString(), reason));
    }

    @Override
    public void checkCanAlterColumn(SystemSecurityContext context, CatalogSchemaTableName table)
    {
        check(context, "alter_column", table(table), reason -> denyAlterColumn(table.toString(), reason));
    }

    @Override
    public void checkCanDropColumn(SystemSecurityContext context, CatalogSchemaTableName table)
    {
        check(context, "drop_column", table(table), reason -> denyDropColumn(table.toString(), reason));
    }

    @Override
    public void checkCanSetTableAuthorization(SystemSecurityContext context, CatalogSchemaTableName table, TrinoPrincipal principal)
    {
        check(context, "set_table_authorization", table(table), principal, reason -> denySetTableAuthorization(table.toString(), principal, reason));
    }

    @Override
    public void checkCanRenameColumn(SystemSecurityContext context, CatalogSchemaTableName table)
    {
        check(context, "rename_column", table(table), reason -> denyRenameColumn(table.toString(), reason));
    }

    @Override
    public void checkCanSelectFromColumns(SystemSecurityContext context, CatalogSchemaTableName table, Optional<String> branch, Set<String> columns)
    {
        tables.select(context, table, branch, columns);
    }

    @Override
    public void checkCanSelectFromColumns(SystemSecurityContext context, CatalogSchemaTableName table, Set<String> columns)
    {
        tables.select(context, table, Optional.empty(), columns);
    }

    @Override
    public void checkCanInsertIntoTable(SystemSecurityContext context, CatalogSchemaTableName table, Optional<String> branch)
    {
        check(context, "insert_into_table", branch(table, branch), reason -> denyInsertTable(onBranch(table, branch), reason));
    }

    @Override
    public void checkCanInsertIntoTable(SystemSecurityContext context, CatalogSchemaTableName table)
    {
        check(context, "insert_into_table", table(table), reason -> denyInsertTable(table.toString(), reason));
    }

    @Override
    public void checkCanDeleteFromTable(SystemSecurityContext context, CatalogSchemaTableName table, Optional<String> branch)
    {
        check(context, "delete_from_table", branch(table, branch), reason -> denyDeleteTable(onBranch(table, branch), reason));
    }

    @Override
    public void checkCanDeleteFromTable(SystemSecurityContext context, CatalogSchemaTableName table)
    {
        check(context, "delete_from_table", table(table), reason -> denyDeleteTable(table.toString(), reason));
    }

    @Override
    public void checkCanTruncateTable(SystemSecurityContext context, CatalogSchemaTableName table)
    {
        check(context, "truncate_table", table(table), reason -> denyTruncateTable(table.toString(), reason));
    }

    @Override
    public void checkCanUpdateTableColumns(SystemSecurityContext context, CatalogSchemaTableName table, Optional<String> branch, Set<String> updatedColumnNames)
    {
        check(context, "update_table_columns", columns(table, branch, updatedColumnNames), reason -> denyUpdateTableColumns(onBranch(table, branch), updatedColumnNames, reason));
    }

    @Override
    public void checkCanUpdateTableColumns(SystemSecurityContext context, CatalogSchemaTableName table, Set<String> updatedColumnNames)
    {
        check(
                context,
                "update_table_columns",
                columns(table, Optional.empty(), updatedColumnNames),
                reason -> denyUpdateTableColumns(table.toString(), updatedColumnNames, reason));
    }

    @Override
    public void checkCanCreateView(SystemSecurityContext context, CatalogSchemaTableName view)
    {
        check(context, "create_view", table(view), reason -> denyCreateView(view.toString(), reason));
    }

    @Override
    public void checkCanRenameView(SystemSecurityContext context, CatalogSchemaTableName view, CatalogSchemaTableName newView)
    {
        check(context, "rename_view", table(view), table(newView), reason -> denyRenameView(view.toString(), newView.toString(), reason));
    }

    @Override
    public void checkCanSetViewAuthorization(SystemSecurityContext context, CatalogSchemaTableName view, TrinoPrincipal principal)
    {
        check(context, "set_view_authorization", table(view), principal, reason -> denySetViewAuthorization(view.toString(), principal, reason));
    }

    @Override
    public void checkCanRefreshView(SystemSecurityContext context, CatalogSchemaTableName viewName)
    {
        check(context, "refresh_view", table(viewName), reason -> denyRefreshView(viewName.toString(), reason));
    }

    @Override
    public void checkCanSetMaterializedViewAuthorization(SystemSecurityContext context, CatalogSchemaTableName view, TrinoPrincipal principal)
    {
        check(context, "set_materialized_view_authorization", table(view), principal, reason -> denySetViewAuthorization(view.toString(), principal, reason));
    }

    @Override
    public void checkCanDropView(SystemSecurityContext context, CatalogSchemaTableName view)
    {
        check(context, "drop_view", table(view), reason -> denyDropView(view.toString(), reason));
    }

    @Override
    public void checkCanCreateViewWithSelectFromColumns(SystemSecurityContext context, CatalogSchemaTableName table, Optional<String> branch, Set<String> columns)
    {
        tables.share(context, table, branch, columns);
    }

    @Override
    public void checkCanCreateViewWithSelectFromColumns(SystemSecurityContext context, CatalogSchemaTableName table, Set<String> columns)
    {
        tables.share(context, table, Optional.empty(), columns);
    }

    @Override
    public void checkCanCreateMaterializedView(SystemSecurityContext context, CatalogSchemaTableName materializedView, Map<String, Object> properties)
    {
        check(context, "create_materialized_view", table(materializedView), reason -> denyCreateMaterializedView(materializedView.toString(), reason));
    }

    @Override
    public void checkCanRefreshMaterializedView(SystemSecurityContext context, CatalogSchemaTableName materializedView)
    {
        check(context, "refresh_materialized_view", table(materializedView), reason -> denyRefreshMaterializedView(materializedView.toString(), reason));
    }

    @Override
    public void checkCanSetMaterializedViewProperties(SystemSecurityContext context, CatalogSchemaTableName materializedView, Map<String, Optional<Object>> properties)
    {
        check(context, "set_materialized_view_properties", table(materializedView), reason -> denySetMaterializedViewProperties(materializedView.toString(), reason));
    }

    @Override
    public void checkCanDropMaterializedView(SystemSecurityContext context, CatalogSchemaTableName materializedView)
    {
        check(context, "drop_materialized_view", table(materializedView), reason -> denyDropMaterializedView(materializedView.toString(), reason));
    }

    @Override
    public void checkCanRenameMaterializedView(SystemSecurityContext context, CatalogSchemaTableName view, CatalogSchemaTableName newView)
    {
        check(context, "rename_materialized_view", table(view), table(newView), reason -> denyRenameMaterializedView(view.toString(), newView.toString(), reason));
    }

    @Override
    public void checkCanSetCatalogSessionProperty(SystemSecurityContext context, String catalogName, String propertyName)
    {
        check(
                context,
                "set_catalog_session_property",
                sessionProperty(Optional.of(catalogName), propertyName),
                reason -> denySetCatalogSessionProperty(catalogName, propertyName, reason));
    }

    @Override
    public void checkCanGrantSchemaPrivilege(SystemSecurityContext context, Privilege privilege, CatalogSchemaName schema, TrinoPrincipal grantee, boolean grantOption)
    {
        check(context, "grant_schema_privilege", schema(schema), grantee, reason -> denyGrantSchemaPrivilege(privilege.toString(), schema.toString(), reason));
    }

    @Override
    public void checkCanDenySchemaPrivilege(SystemSecurityContext context, Privilege privilege, CatalogSchemaName schema, TrinoPrincipal grantee)
    {
        check(context, "deny_schema_privilege", schema(schema), grantee, reason -> denyDenySchemaPrivilege(privilege.toString(), schema.toString(), reason));
    }

    @Override
    public void checkCanRevokeSchemaPrivilege(SystemSecurityContext context, Privilege privilege, CatalogSchemaName schema, TrinoPrincipal revokee, boolean grantOption)
    {
        check(context, "revoke_schema_privilege", schema(schema), revokee, reason -> denyRevokeSchemaPrivilege(privilege.toString(), schema.toString(), reason));
    }

    @Override
    public void checkCanGrantTablePrivilege(SystemSecurityContext context, Privilege privilege, CatalogSchemaTableName table, TrinoPrincipal grantee, boolean grantOption)
    {
        check(
                context,
                "grant_table_privilege",
                privilege(table, Optional.empty(), privilege.name()),
                grantee,
                reason -> denyGrantTablePrivilege(privilege.toString(), table.toString(), reason));
    }

    @Override
    public void checkCanDenyTablePrivilege(SystemSecurityContext context, Privilege privilege, CatalogSchemaTableName table, TrinoPrincipal grantee)
    {
        check(
                context,
                "deny_table_privilege",
                privilege(table, Optional.empty(), privilege.name()),
                grantee,
                reason -> denyDenyTablePrivilege(privilege.toString(), table.toString(), reason));
    }

    @Override
    public void checkCanRevokeTablePrivilege(SystemSecurityContext context, Privilege privilege, CatalogSchemaTableName table, TrinoPrincipal revokee, boolean grantOption)
    {
        check(
                context,
                "revoke_table_privilege",
                privilege(table, Optional.empty(), privilege.name()),
                revokee,
                reason -> denyRevokeTablePrivilege(privilege.toString(), table.toString(), reason));
    }

    @Override
    public void checkCanGrantTableBranchPrivilege(
            SystemSecurityContext context,
            Privilege privilege,
            CatalogSchemaTableName table,
            String branchName,
            TrinoPrincipal grantee,
            boolean grantOption)
    {
        check(
                context,
                "grant_table_branch_privilege",
                privilege(table, Optional.of(branchName), privilege.name()),
                grantee,
                reason -> denyGrantTableBranchPrivilege(privilege.toString(), table.toString(), branchName, reason));
    }

    @Override
    public void checkCanDenyTableBranchPrivilege(SystemSecurityContext context, Privilege privilege, CatalogSchemaTableName table, String branchName, TrinoPrincipal grantee)
    {
        check(
                context,
                "deny_table_branch_privilege",
                privilege(table, Optional.of(branchName), privilege.name()),
                grantee,
                reason -> denyDenyTableBranchPrivilege(privilege.toString(), table.toString(), branchName, reason));
    }

    @Override
    public void checkCanRevokeTableBranchPrivilege(
            SystemSecurityContext context,
            Privilege privilege,
            CatalogSchemaTableName table,
            String branchName,
            TrinoPrincipal revokee,
            boolean grantOption)
    {
        check(
                context,
                "revoke_table_branch_privilege",
                privilege(table, Optional.of(branchName), privilege.name()),
                revokee,
                reason -> denyRevokeTableBranchPrivilege(privilege.toString(), table.toString(), branchName, reason));
    }

    @Override
    public void checkCanGrantEntityPrivilege(SystemSecurityContext context, EntityPrivilege privilege, EntityKindAndName entity, TrinoPrincipal grantee, boolean grantOption)
    {
        check(context, "grant_entity_privilege", privilege(entity, privilege.name()), grantee, reason -> denyGrantEntityPrivilege(privilege.name(), entity, reason));
    }

    @Override
    public void checkCanDenyEntityPrivilege(SystemSecurityContext context, EntityPrivilege privilege, EntityKindAndName entity, TrinoPrincipal grantee)
    {
        check(context, "deny_entity_privilege", privilege(entity, privilege.name()), grantee, reason -> denyDenyEntityPrivilege(privilege.name(), entity, reason));
    }

    @Override
    public void checkCanRevokeEntityPrivilege(SystemSecurityContext context, EntityPrivilege privilege, EntityKindAndName entity, TrinoPrincipal revokee, boolean grantOption)
    {
        check(context, "revoke_entity_privilege", privilege(entity, privilege.name()), revokee, reason -> denyRevokeEntityPrivilege(privilege.name(), entity, reason));
    }

    @Override
    public void checkCanShowRoles(SystemSecurityContext context)
    {
        check(context, "show_roles", system(), reason -> denied("Cannot show roles", reason));
    }

    @Override
    public void checkCanCreateRole(SystemSecurityContext context, String role, Optional<TrinoPrincipal> grantor)
    {
        check(context, "create_role", role(role), reason -> denied("Cannot create role " + role, reason));
    }

    @Override
    public void checkCanDropRole(SystemSecurityContext context, String role)
    {
        check(context, "drop_role", role(role), reason -> denied("Cannot drop role " + role, reason));
    }

    @Override
    public void checkCanGrantRoles(SystemSecurityContext context, Set<String> roles, Set<TrinoPrincipal> grantees, boolean adminOption, Optional<TrinoPrincipal> grantor)
    {
        checks.roles(askers.asker(context), "grant_roles", roles, grantees, reason -> denied("Cannot grant roles " + roles + " to " + grantees, reason));
    }

    @Override
    public void checkCanRevokeRoles(SystemSecurityContext context, Set<String> roles, Set<TrinoPrincipal> grantees, boolean adminOption, Optional<TrinoPrincipal> grantor)
    {
        checks.roles(askers.asker(context), "revoke_roles", roles, grantees, reason -> denied("Cannot revoke roles " + roles + " from " + grantees, reason));
    }

    @Override
    public void checkCanShowCurrentRoles(SystemSecurityContext context)
    {
        check(context, "show_current_roles", system(), reason -> denied("Cannot show current roles", reason));
    }

    @Override
    public void checkCanShowRoleGrants(SystemSecurityContext context)
    {
        check(context, "show_role_grants", system(), reason -> denied("Cannot show role grants", reason));
    }

    @Override
    public void checkCanExecuteProcedure(SystemSecurityContext context, CatalogSchemaRoutineName procedure)
    {
        functions.checkCanExecuteProcedure(context, procedure);
    }

    @Override
    public boolean canExecuteFunction(SystemSecurityContext context, CatalogSchemaRoutineName functionName)
    {
        return functions.isAllowed(context, "execute_function", functionName);
    }

    @Override
    public boolean canCreateViewWithExecuteFunction(SystemSecurityContext context, CatalogSchemaRoutineName functionName)
    {
        return functions.isAllowed(context, "create_view_with_execute_function", functionName);
    }

    @Override
    public void checkCanExecuteTableProcedure(SystemSecurityContext context, CatalogSchemaTableName table, String procedure)
    {
        check(context, "execute_table_procedure", procedure(table, procedure), reason -> denied("Cannot execute table procedure %s on %s".formatted(procedure, table), reason));
    }

    @Override
    public void checkCanShowFunctions(SystemSecurityContext context, CatalogSchemaName schema)
    {
        check(context, "show_functions", schema(schema), reason -> denyShowFunctions(schema.toString(), reason));
    }

    @Override
    public Set<SchemaFunctionName> filterFunctions(SystemSecurityContext context, String catalogName, Set<SchemaFunctionName> functionNames)
    {
        return listings.functions(context, catalogName, functionNames);
    }

    @Override
    public void checkCanCreateFunction(SystemSecurityContext context, CatalogSchemaRoutineName functionName)
    {
        check(context, "create_function", function(functionName), reason -> denyCreateFunction(functionName.toString(), reason));
    }

    @Override
    public void checkCanDropFunction(SystemSecurityContext context, CatalogSchemaRoutineName functionName)
    {
        check(context, "drop_function", function(functionName), reason -> denyDropFunction(functionName.toString(), reason));
    }

    @Override
    public void checkCanShowCreateFunction(SystemSecurityContext context, CatalogSchemaRoutineName functionName)
    {
        check(context, "show_create_function", function(functionName), reason -> denyShowCreateFunction(functionName.toString(), reason));
    }

    @Override
    public void checkCanShowBranches(SystemSecurityContext context, CatalogSchemaTableName tableName)
    {
        check(context, "show_branches", table(tableName), reason -> denyShowBranches(tableName.toString(), reason));
    }

    @Override
    public void checkCanCreateBranch(SystemSecurityContext context, CatalogSchemaTableName tableName, String branchName)
    {
        check(context, "create_branch", branch(tableName, Optional.of(branchName)), reason -> denyCreateBranch("%s in %s".formatted(branchName, tableName), reason));
    }

    @Override
    public void checkCanDropBranch(SystemSecurityContext context, CatalogSchemaTableName tableName, String branchName)
    {
        check(context, "drop_branch", branch(tableName, Optional.of(branchName)), reason -> denyDropBranch("%s in %s".formatted(branchName, tableName), reason));
    }

    @Override
    public void checkCanFastForwardBranch(SystemSecurityContext context, CatalogSchemaTableName tableName, String sourceBranchName, String targetBranchName)
    {
        check(
                context,
                "fast_forward_branch",
                branch(tableName, Optional.of(sourceBranchName)),
                branch(tableName, Optional.of(targetBranchName)),
                reason -> denyFastForwardBranch("%s in %s".formatted(targetBranchName, tableName), reason));
    }

    @Override
    public List<ViewExpression> getRowFilters(SystemSecurityContext context, CatalogSchemaTableName tableName)
    {
        return tables.filters(context, tableName);
    }

    @Override
    public Optional<ViewExpression> getColumnMask(SystemSecurityContext context, CatalogSchemaTableName tableName, String columnName, Type type)
    {
        return tables.mask(context, tableName, columnName, type);
    }

    @Override
    public Map<ColumnSchema, ViewExpression> getColumnMasks(SystemSecurityContext context, CatalogSchemaTableName tableName, List<ColumnSchema> columns)
    {
        return tables.masks(context, tableName, columns);
    }

    @Override
    public void checkCanSetEntityAuthorization(SystemSecurityContext context, EntityKindAndName entityKindAndName, TrinoPrincipal principal)
    {
        check(context, "set_entity_authorization", entity(entityKindAndName), principal, reason -> denySetEntityAuthorization(entityKindAndName, principal, reason));
    }

    @Override
    public Iterable<EventListener> getEventListeners()
    {
        return List.of(starts);
    }

    @Override
    public void shutdown()
    {
        client.close();
    }

    private void check(SystemSecurityContext context, String action, Resource resource, Consumer<String> denial)
    {
        checks.check(askers.asker(context), action, resource, denial);
    }

    private void check(SystemSecurityContext context, String action, Resource resource, Resource target, Consumer<String> denial)
    {
        checks.check(askers.asker(context), action, resource, target, denial);
    }

    private void check(SystemSecurityContext context, String action, Resource resource, TrinoPrincipal principal, Consumer<String> denial)
    {
        checks.check(askers.asker(context), action, resource, principal, denial);
    }

    private static String onBranch(CatalogSchemaTableName table, Optional<String> branch)
    {
        return branch.map(name -> table + " for branch " + name).orElseGet(table::toString);
    }

    private static void denied(String what, String reason)
    {
        throw new AccessDeniedException(what + ": " + reason);
    }
}
