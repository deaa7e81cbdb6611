package dev.meshward.trino;

import dev.meshward.decision.v1.Column;
import dev.meshward.decision.v1.ColumnDecision;
import dev.meshward.decision.v1.TableName;
import dev.meshward.decision.v1.Verdict;
import dev.meshward.trino.client.Asker;
import dev.meshward.trino.client.DecisionClient;
import dev.meshward.trino.client.Query;
import dev.meshward.trino.client.TableDecision;
import dev.meshward.trino.client.TableKey;
import dev.meshward.trino.convert.Columns;
import dev.meshward.trino.convert.Resources;
import dev.meshward.trino.convert.ViewExpressions;
import io.trino.spi.connector.CatalogSchemaTableName;
import io.trino.spi.connector.ColumnSchema;
import io.trino.spi.security.SystemSecurityContext;
import io.trino.spi.security.ViewExpression;
import io.trino.spi.type.Type;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

import static dev.meshward.decision.v1.ColumnDecision.AccessCase.HIDDEN;
import static dev.meshward.decision.v1.DecideTableResponse.RowsCase.ALL_ROWS;
import static io.trino.spi.security.AccessDeniedException.denyCreateViewWithSelect;
import static io.trino.spi.security.AccessDeniedException.denySelectColumns;
import static io.trino.spi.security.AccessDeniedException.denySelectTable;
import static java.util.Objects.requireNonNull;

/**
 * All that Trino asks about reading a table, from one decision for each (query, identity, table, branch).
 *
 * <p>In a SELECT the masks come first and bring every column, so that the first call asks and the rest is known.
 */
final class Tables
{
    private final DecisionClient client;
    private final Askers askers;
    private final Checks checks;
    private final LocalAnswers local;
    private final PluginIdentity plugin;
    private final ViewExpressions expressions;

    Tables(DecisionClient client, Askers askers, Checks checks, LocalAnswers local, PluginIdentity plugin)
    {
        this.client = requireNonNull(client, "client is null");
        this.askers = requireNonNull(askers, "askers is null");
        this.checks = requireNonNull(checks, "checks is null");
        this.local = requireNonNull(local, "local is null");
        this.plugin = requireNonNull(plugin, "plugin is null");
        expressions = new ViewExpressions(plugin.user());
    }

    /**
     * The masks of a table's columns.
     *
     * <p>FAIL-CLOSED: SHOW STATS gives the least and the greatest value of all rows, hidden ones included: a filter changes
     * the estimates and leaves those. It reads a table with hidden rows through masks that show nothing. So do the other
     * statements that describe, which look at types alone.
     */
    Map<ColumnSchema, ViewExpression> masks(SystemSecurityContext context, CatalogSchemaTableName table, List<ColumnSchema> columns)
    {
        if (isUnprotected(context, table)) {
            return Map.of();
        }
        TableDecision decision = decide(context, table, columns.stream().map(Columns::column).toList());
        boolean statistics = askers.query(context).describes() && decision.response().getRowsCase() != ALL_ROWS;
        Map<ColumnSchema, ViewExpression> masks = new LinkedHashMap<>();
        for (ColumnSchema column : columns) {
            ColumnDecision of = decision.decisions().get(column.getName());
            if (statistics && of.getAccessCase() != HIDDEN) {
                masks.put(column, expressions.nothing(Resources.tableName(table)));
                continue;
            }
            expressions.mask(Resources.tableName(table), of).ifPresent(mask -> masks.put(column, mask));
        }
        return masks;
    }

    /** The form of releases before 453, which asks for one column at a time. */
    Optional<ViewExpression> mask(SystemSecurityContext context, CatalogSchemaTableName table, String column, Type type)
    {
        if (isUnprotected(context, table)) {
            return Optional.empty();
        }
        TableDecision decision = decide(context, table, List.of(Columns.column(column, type)));
        return expressions.mask(Resources.tableName(table), decision.decisions().get(column));
    }

    List<ViewExpression> filters(SystemSecurityContext context, CatalogSchemaTableName table)
    {
        if (isUnprotected(context, table)) {
            return List.of();
        }
        return expressions.filters(Resources.tableName(table), decide(context, table, List.of()).response());
    }

    void select(SystemSecurityContext context, CatalogSchemaTableName table, Optional<String> branch, Set<String> columns)
    {
        check(
                context,
                table,
                branch,
                columns,
                decision -> decision.response().getRead(),
                reason -> denySelectTable(table.toString(), reason),
                (hidden, reason) -> denySelectColumns(table.toString(), hidden, reason));
    }

    void share(SystemSecurityContext context, CatalogSchemaTableName table, Optional<String> branch, Set<String> columns)
    {
        Consumer<String> denial = reason -> denyCreateViewWithSelect(table.toString(), context.getIdentity().toConnectorIdentity(), reason);
        check(
                context,
                table,
                branch,
                columns,
                decision -> decision.response().getShare(),
                denial,
                (hidden, reason) -> denial.accept("columns %s are hidden: %s".formatted(hidden, reason)));
    }

    private void check(
            SystemSecurityContext context,
            CatalogSchemaTableName table,
            Optional<String> branch,
            Set<String> columns,
            Function<TableDecision, Verdict> verdict,
            Consumer<String> tableDenial,
            BiConsumer<Set<String>, String> columnsDenial)
    {
        if (plugin.is(context.getIdentity())) {
            plugin.requireReads(askers.query(context), Resources.tableName(table), columns);
            return;
        }
        if (local.mayRead(context.getIdentity(), table)) {
            return;
        }
        for (TableDecision decision : decisions(context, table, branch, columns)) {
            if (!Checks.allowed(verdict.apply(decision))) {
                Checks.deny(tableDenial, verdict.apply(decision).getReason());
            }
            Set<String> hidden = columns.stream()
                    .filter(column -> decision.decisions().get(column).getAccessCase() == HIDDEN)
                    .collect(Collectors.toUnmodifiableSet());
            if (!hidden.isEmpty()) {
                Checks.deny(reason -> columnsDenial.accept(hidden, reason), reasons(decision, hidden));
            }
        }
    }

    boolean canAccessCatalog(SystemSecurityContext context, String catalog)
    {
        if (plugin.is(context.getIdentity())) {
            plugin.requireUses(askers.query(context), catalog);
            return true;
        }
        if (local.isSystem(catalog)) {
            return true;
        }
        Asker asker = askers.asker(context);
        Query query = asker.query().orElseThrow();
        Verdict verdict = query.catalog(asker.identity(), catalog)
                .orElseGet(() -> query.keepCatalog(asker.identity(), catalog, checks.verdict(asker, "access_catalog", Resources.catalog(catalog))));
        return Checks.allowed(verdict);
    }

    /** Neither filter nor mask: Trino's own listings, and what the plugin's own expressions read. */
    private boolean isUnprotected(SystemSecurityContext context, CatalogSchemaTableName table)
    {
        if (plugin.is(context.getIdentity())) {
            plugin.requireReads(askers.query(context), Resources.tableName(table));
            return true;
        }
        return local.mayRead(context.getIdentity(), table);
    }

    /**
     * The decisions that must all allow. Trino asks for masks without the branch, so for a branch the decision on the
     * table counts as well: were the table denied when its masks were asked, they would have been skipped.
     */
    private List<TableDecision> decisions(SystemSecurityContext context, CatalogSchemaTableName table, Optional<String> branch, Set<String> columns)
    {
        if (branch.isEmpty()) {
            return List.of(decide(context, table, Columns.named(columns)));
        }
        Asker asker = askers.asker(context);
        TableName name = Resources.tableName(table);
        Optional<TableDecision> whole = askers.query(context).known(new TableKey(asker.identity(), name, Optional.empty()));
        List<Column> asked = new ArrayList<>(Columns.named(columns));
        whole.ifPresent(decision -> {
            asked.removeIf(column -> decision.columns().containsKey(column.getName()));
            asked.addAll(decision.columns().values());
        });
        List<TableDecision> decisions = new ArrayList<>();
        whole.ifPresent(ignored -> decisions.add(decide(context, table, Columns.named(columns))));
        decisions.add(decide(asker, new TableKey(asker.identity(), name, branch), asked));
        return decisions;
    }

    private TableDecision decide(SystemSecurityContext context, CatalogSchemaTableName table, Collection<Column> columns)
    {
        Asker asker = askers.asker(context);
        return decide(asker, new TableKey(asker.identity(), Resources.tableName(table), Optional.empty()), columns);
    }

    private TableDecision decide(Asker asker, TableKey key, Collection<Column> columns)
    {
        Query query = asker.query().orElseThrow();
        return client.decideTable(query, asker, key, columns);
    }

    private static String reasons(TableDecision decision, Set<String> hidden)
    {
        return hidden.stream()
                .sorted()
                .map(column -> decision.decisions().get(column).getHidden().getReason())
                .filter(reason -> !reason.isBlank())
                .distinct()
                .collect(Collectors.joining("; "));
    }
}
