package dev.meshward.trino;

import io.trino.spi.connector.CatalogSchemaRoutineName;
import io.trino.spi.connector.CatalogSchemaTableName;
import io.trino.spi.security.Identity;

import java.util.Set;

import static java.util.Objects.requireNonNull;

/**
 * What is known without asking. It is little: tables of Trino's own whose rows are filtered one by one when they are
 * read, functions that touch no data, and what the cluster's operators need while the decision server is away.
 *
 * @param operators the users of {@code meshward.operators}
 */
record LocalAnswers(Set<String> operators)
{
    private static final String SYSTEM = "system";
    private static final String INFORMATION_SCHEMA = "information_schema";

    /** Schemas of the system catalog that every driver lists. */
    private static final Set<String> SYSTEM_SCHEMAS = Set.of("jdbc", "metadata", "runtime", INFORMATION_SCHEMA);

    /** Trino fills these from listings that it passes through {@code filterCatalogs} and its kin. */
    private static final Set<String> FILTERED_METADATA = Set.of(
            "analyze_properties",
            "catalogs",
            "column_properties",
            "materialized_view_properties",
            "materialized_views",
            "schema_properties",
            "table_comments",
            "table_properties");

    LocalAnswers
    {
        operators = Set.copyOf(requireNonNull(operators, "operators is null"));
    }

    boolean isOperator(Identity identity)
    {
        return operators.contains(identity.getUser());
    }

    /** The system catalog holds nothing but what {@link #mayRead} and the server decide table by table. */
    boolean isSystem(String catalog)
    {
        return catalog.equals(SYSTEM);
    }

    /** A table that may be read whole: what it shows has been filtered for the reader, or is for operators. */
    boolean mayRead(Identity identity, CatalogSchemaTableName table)
    {
        return mayRead(identity, table.getCatalogName(), table.getSchemaTableName().getSchemaName(), table.getSchemaTableName().getTableName());
    }

    boolean mayRead(Identity identity, String catalog, String schema, String table)
    {
        if (schema.equals(INFORMATION_SCHEMA)) {
            return true;
        }
        if (!isSystem(catalog)) {
            return false;
        }
        return switch (schema) {
            case "jdbc" -> true;
            case "metadata" -> FILTERED_METADATA.contains(table) || isOperator(identity);
            // Queries of others are taken out by filterViewQueryOwnedBy; nodes, tasks and transactions are not.
            case "runtime" -> table.equals("queries") || isOperator(identity);
            default -> false;
        };
    }

    /** A schema that is listed in every catalog that is. */
    boolean isListed(String catalog, String schema)
    {
        return schema.equals(INFORMATION_SCHEMA) || (isSystem(catalog) && SYSTEM_SCHEMAS.contains(schema));
    }

    boolean isBuiltin(CatalogSchemaRoutineName function)
    {
        return isSystem(function.getCatalogName()) && function.getSchemaName().equals("builtin");
    }

    /** {@code CALL system.runtime.kill_query(...)}: for a query of somebody else, Trino then asks whether it may be killed. */
    boolean isKillQuery(CatalogSchemaRoutineName procedure)
    {
        return isSystem(procedure.getCatalogName()) &&
                procedure.getSchemaName().equals("runtime") &&
                procedure.getRoutineName().equals("kill_query");
    }
}
