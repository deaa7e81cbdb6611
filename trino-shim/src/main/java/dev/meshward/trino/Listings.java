package dev.meshward.trino;

import dev.meshward.decision.v1.FilterResourcesRequest;
import dev.meshward.decision.v1.TableName;
import dev.meshward.trino.client.Asker;
import dev.meshward.trino.client.DecisionClient;
import dev.meshward.trino.client.TableDecision;
import dev.meshward.trino.client.TableKey;
import dev.meshward.trino.convert.FunctionParts;
import dev.meshward.trino.convert.Identities;
import dev.meshward.trino.convert.Names;
import dev.meshward.trino.convert.Names.TableColumn;
import io.trino.spi.connector.SchemaTableName;
import io.trino.spi.function.SchemaFunctionName;
import io.trino.spi.security.Identity;
import io.trino.spi.security.SystemSecurityContext;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

import static dev.meshward.decision.v1.ColumnDecision.AccessCase.HIDDEN;
import static java.util.Objects.requireNonNull;

/**
 * Takes out of listings what may not be seen. Names go in slices, and nothing is asked for when there are none.
 */
final class Listings
{
    private static final int NAMES_IN_A_SLICE = 5_000;

    private final DecisionClient client;
    private final Askers askers;
    private final Identities identities;
    private final LocalAnswers local;

    Listings(DecisionClient client, Askers askers, Identities identities, LocalAnswers local)
    {
        this.client = requireNonNull(client, "client is null");
        this.askers = requireNonNull(askers, "askers is null");
        this.identities = requireNonNull(identities, "identities is null");
        this.local = requireNonNull(local, "local is null");
    }

    Set<String> catalogs(SystemSecurityContext context, Set<String> catalogs)
    {
        Asker asker = askers.asker(context);
        return remembered(
                asker,
                "catalog",
                List.of(),
                catalogs,
                catalog -> local.isSystem(catalog) || isAllowed(asker, catalog),
                Names::catalogs);
    }

    Set<String> schemas(SystemSecurityContext context, String catalog, Set<String> schemas)
    {
        return remembered(
                askers.asker(context),
                "schema",
                List.of(catalog),
                schemas,
                schema -> local.isListed(catalog, schema),
                asked -> Names.schemas(catalog, asked));
    }

    Set<SchemaTableName> tables(SystemSecurityContext context, String catalog, Set<SchemaTableName> tables)
    {
        Asker asker = askers.asker(context);
        Function<SchemaTableName, Optional<Boolean>> known = table -> isLocal(context, catalog, table) || readable(asker, catalog, table).isPresent()
                ? Optional.of(true)
                : Optional.empty();
        return filter(asker, tables, known, Names::sortedTables, asked -> Names.tables(catalog, asked));
    }

    Map<SchemaTableName, Set<String>> columns(SystemSecurityContext context, String catalog, Map<SchemaTableName, Set<String>> tables)
    {
        Asker asker = askers.asker(context);
        List<TableColumn> columns = tables.entrySet().stream()
                .flatMap(entry -> entry.getValue().stream().map(column -> new TableColumn(entry.getKey(), column)))
                .toList();
        Function<TableColumn, Optional<Boolean>> known = column -> isLocal(context, catalog, column.table())
                ? Optional.of(true)
                : readable(asker, catalog, column.table())
                        .flatMap(decision -> Optional.ofNullable(decision.decisions().get(column.column())))
                        .map(decision -> decision.getAccessCase() != HIDDEN);
        Set<TableColumn> kept = filter(asker, columns, known, Names::sortedColumns, asked -> Names.columns(catalog, asked));
        Map<SchemaTableName, Set<String>> result = new LinkedHashMap<>();
        tables.keySet().forEach(table -> result.put(table, new LinkedHashSet<>()));
        kept.forEach(column -> result.get(column.table()).add(column.column()));
        return result;
    }

    Set<SchemaFunctionName> functions(SystemSecurityContext context, String catalog, Set<SchemaFunctionName> functions)
    {
        return filter(
                askers.asker(context),
                functions,
                function -> local.isSystem(catalog) && FunctionParts.schema(function).equals("builtin") ? Optional.of(true) : Optional.empty(),
                Names::sortedFunctions,
                asked -> Names.functions(catalog, asked));
    }

    private boolean isLocal(SystemSecurityContext context, String catalog, SchemaTableName table)
    {
        return local.mayRead(context.getIdentity(), catalog, table.getSchemaName(), table.getTableName());
    }

    private static boolean isAllowed(Asker asker, String catalog)
    {
        return asker.query()
                .flatMap(query -> query.catalog(asker.identity(), catalog))
                .filter(Checks::allowed)
                .isPresent();
    }

    /**
     * What the query knows of a table that it may read, and so may see. With {@code hide-inaccessible-columns} Trino
     * lists a table's columns in the middle of a {@code SELECT *}, just after it has asked for their masks.
     */
    private static Optional<TableDecision> readable(Asker asker, String catalog, SchemaTableName table)
    {
        TableName name = TableName.newBuilder()
                .setCatalog(catalog)
                .setSchema(table.getSchemaName())
                .setTable(table.getTableName())
                .build();
        return asker.query()
                .flatMap(query -> query.known(new TableKey(asker.identity(), name, Optional.empty())))
                .filter(decision -> Checks.allowed(decision.response().getRead()) && Checks.allowed(decision.response().getCatalog()));
    }

    Collection<Identity> queryOwners(Identity identity, Collection<Identity> owners)
    {
        if (local.isOperator(identity)) {
            return List.copyOf(owners);
        }
        List<Identity> asked = List.copyOf(owners);
        BitSet kept = ask(askers.asker(identity), asked, slice -> Names.queryOwners(identities, slice));
        return kept.stream().mapToObj(asked::get).toList();
    }

    /** Catalogs and schemas: Trino asks for the same few again before each table and column listing. */
    private Set<String> remembered(
            Asker asker,
            String kind,
            List<String> parent,
            Set<String> names,
            Predicate<String> known,
            Function<List<String>, FilterResourcesRequest> message)
    {
        Function<String, List<String>> path = name -> {
            List<String> parts = new ArrayList<>(parent);
            parts.add(name);
            return parts;
        };
        Function<String, Optional<Boolean>> earlier = name -> known.test(name)
                ? Optional.of(true)
                : asker.query().flatMap(query -> query.listed(asker.identity(), kind, path.apply(name)));
        List<String> asked = names.stream().filter(name -> earlier.apply(name).isEmpty()).sorted().toList();
        BitSet kept = ask(asker, asked, message);
        for (int i = 0; i < asked.size(); i++) {
            int place = i;
            asker.query().ifPresent(query -> query.keepListed(asker.identity(), kind, path.apply(asked.get(place)), kept.get(place)));
        }
        Set<String> result = new LinkedHashSet<>();
        names.stream().filter(name -> earlier.apply(name).orElse(false)).forEach(result::add);
        kept.stream().mapToObj(asked::get).forEach(result::add);
        return result;
    }

    private <T> Set<T> filter(
            Asker asker,
            Collection<T> names,
            Function<T, Optional<Boolean>> known,
            Function<Collection<T>, List<T>> sort,
            Function<List<T>, FilterResourcesRequest> message)
    {
        Set<T> result = new LinkedHashSet<>();
        List<T> unknown = new ArrayList<>();
        for (T name : names) {
            Optional<Boolean> kept = known.apply(name);
            if (kept.isEmpty()) {
                unknown.add(name);
            }
            else if (kept.get()) {
                result.add(name);
            }
        }
        List<T> asked = sort.apply(unknown);
        ask(asker, asked, message).stream().mapToObj(asked::get).forEach(result::add);
        return result;
    }

    /** Which of the names are kept, by their place. */
    private <T> BitSet ask(Asker asker, List<T> names, Function<List<T>, FilterResourcesRequest> message)
    {
        BitSet kept = new BitSet(names.size());
        if (names.isEmpty()) {
            return kept;
        }
        List<FilterResourcesRequest> slices = new ArrayList<>();
        List<Integer> counts = new ArrayList<>();
        for (int start = 0; start < names.size(); start += NAMES_IN_A_SLICE) {
            List<T> slice = names.subList(start, Math.min(start + NAMES_IN_A_SLICE, names.size()));
            slices.add(message.apply(slice));
            counts.add(slice.size());
        }
        List<BitSet> bits = client.filter(asker, slices, counts);
        for (int slice = 0; slice < bits.size(); slice++) {
            int start = slice * NAMES_IN_A_SLICE;
            bits.get(slice).stream().forEach(bit -> kept.set(start + bit));
        }
        return kept;
    }
}
