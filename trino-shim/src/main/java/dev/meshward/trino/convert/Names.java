package dev.meshward.trino.convert;

import dev.meshward.decision.v1.CatalogList;
import dev.meshward.decision.v1.ColumnList;
import dev.meshward.decision.v1.FilterResourcesRequest;
import dev.meshward.decision.v1.FunctionList;
import dev.meshward.decision.v1.QueryOwnerList;
import dev.meshward.decision.v1.SchemaColumns;
import dev.meshward.decision.v1.SchemaFunctions;
import dev.meshward.decision.v1.SchemaList;
import dev.meshward.decision.v1.SchemaTables;
import dev.meshward.decision.v1.TableColumnNames;
import dev.meshward.decision.v1.TableList;
import io.trino.spi.connector.SchemaTableName;
import io.trino.spi.function.SchemaFunctionName;
import io.trino.spi.security.Identity;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Names of a listing, sorted so that those of one schema stand together, and one slice of them as a message. The bits
 * of an answer are in the order of the sorted names.
 */
public final class Names
{
    private Names() {}

    /** A column of a table. */
    public record TableColumn(SchemaTableName table, String column) {}

    public static List<SchemaTableName> sortedTables(Collection<SchemaTableName> tables)
    {
        return tables.stream()
                .sorted(Comparator.comparing(SchemaTableName::getSchemaName).thenComparing(SchemaTableName::getTableName))
                .toList();
    }

    public static List<SchemaFunctionName> sortedFunctions(Collection<SchemaFunctionName> functions)
    {
        return functions.stream()
                .sorted(Comparator.comparing(FunctionParts::schema).thenComparing(FunctionParts::function))
                .toList();
    }

    public static List<TableColumn> sortedColumns(Collection<TableColumn> columns)
    {
        return columns.stream()
                .sorted(Comparator.comparing((TableColumn column) -> column.table().getSchemaName())
                        .thenComparing(column -> column.table().getTableName())
                        .thenComparing(TableColumn::column))
                .toList();
    }

    public static FilterResourcesRequest catalogs(List<String> catalogs)
    {
        return FilterResourcesRequest.newBuilder().setCatalogs(CatalogList.newBuilder().addAllCatalogs(catalogs)).build();
    }

    public static FilterResourcesRequest schemas(String catalog, List<String> schemas)
    {
        return FilterResourcesRequest.newBuilder().setSchemas(SchemaList.newBuilder().setCatalog(catalog).addAllSchemas(schemas)).build();
    }

    public static FilterResourcesRequest tables(String catalog, List<SchemaTableName> tables)
    {
        List<SchemaTables> schemas = runs(tables, SchemaTableName::getSchemaName, (schema, run) -> SchemaTables.newBuilder()
                .setSchema(schema)
                .addAllTables(run.stream().map(SchemaTableName::getTableName).toList())
                .build());
        return FilterResourcesRequest.newBuilder().setTables(TableList.newBuilder().setCatalog(catalog).addAllSchemas(schemas)).build();
    }

    public static FilterResourcesRequest columns(String catalog, List<TableColumn> columns)
    {
        List<SchemaColumns> schemas = runs(columns, column -> column.table().getSchemaName(), (schema, run) -> SchemaColumns.newBuilder()
                .setSchema(schema)
                .addAllTables(runs(run, column -> column.table().getTableName(), (table, names) -> TableColumnNames.newBuilder()
                        .setTable(table)
                        .addAllColumns(names.stream().map(TableColumn::column).toList())
                        .build()))
                .build());
        return FilterResourcesRequest.newBuilder().setColumns(ColumnList.newBuilder().setCatalog(catalog).addAllSchemas(schemas)).build();
    }

    public static FilterResourcesRequest functions(String catalog, List<SchemaFunctionName> functions)
    {
        List<SchemaFunctions> schemas = runs(functions, FunctionParts::schema, (schema, run) -> SchemaFunctions.newBuilder()
                .setSchema(schema)
                .addAllFunctions(run.stream().map(FunctionParts::function).toList())
                .build());
        return FilterResourcesRequest.newBuilder().setFunctions(FunctionList.newBuilder().setCatalog(catalog).addAllSchemas(schemas)).build();
    }

    public static FilterResourcesRequest queryOwners(Identities identities, List<Identity> owners)
    {
        return FilterResourcesRequest.newBuilder()
                .setQueryOwners(QueryOwnerList.newBuilder().addAllOwners(owners.stream().map(identities::identity).toList()))
                .build();
    }

    /** Groups neighbours that have the same key. */
    private static <T, R> List<R> runs(List<T> items, Function<T, String> keyOf, BiFunction<String, List<T>, R> group)
    {
        List<R> groups = new ArrayList<>();
        int start = 0;
        for (int end = 1; end <= items.size(); end++) {
            if (end == items.size() || !keyOf.apply(items.get(end)).equals(keyOf.apply(items.get(start)))) {
                groups.add(group.apply(keyOf.apply(items.get(start)), items.subList(start, end)));
                start = end;
            }
        }
        return groups;
    }
}
