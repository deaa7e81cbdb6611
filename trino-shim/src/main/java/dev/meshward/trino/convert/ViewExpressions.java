package dev.meshward.trino.convert;

import dev.meshward.decision.v1.ColumnDecision;
import dev.meshward.decision.v1.DecideTableResponse;
import dev.meshward.decision.v1.Expression;
import dev.meshward.decision.v1.TableName;
import io.trino.spi.security.ViewExpression;

import java.util.List;
import java.util.Optional;

import static java.util.Objects.requireNonNull;

/**
 * The SQL of an answer as Trino takes it.
 *
 * @param pluginUser the identity for expressions that read what the user may not select
 */
public record ViewExpressions(String pluginUser)
{
    public ViewExpressions
    {
        requireNonNull(pluginUser, "pluginUser is null");
    }

    /** Every filter is an expression of its own, and Trino joins them with AND. No row is the filter FALSE. */
    public List<ViewExpression> filters(TableName table, DecideTableResponse response)
    {
        return switch (response.getRowsCase()) {
            case ALL_ROWS -> List.of();
            case NO_ROWS -> List.of(expression(table, Expression.newBuilder().setSql("FALSE").build()));
            case ROW_FILTERS -> response.getRowFilters().getFiltersList().stream()
                    .map(filter -> expression(table, filter))
                    .toList();
            case ROWS_NOT_SET -> throw new IllegalStateException("an answer without rows was not refused");
        };
    }

    /** The mask of a column that has one. */
    public Optional<ViewExpression> mask(TableName table, ColumnDecision decision)
    {
        return switch (decision.getAccessCase()) {
            case CLEAR, HIDDEN -> Optional.empty();
            case MASK -> Optional.of(expression(table, decision.getMask()));
            case ACCESS_NOT_SET -> throw new IllegalStateException("an answer without a column's decision was not refused");
        };
    }

    /** The mask that shows nothing, of any type. */
    public ViewExpression nothing(TableName table)
    {
        return expression(table, Expression.newBuilder().setSql("NULL").build());
    }

    private ViewExpression expression(TableName table, Expression expression)
    {
        ViewExpression.Builder builder = ViewExpression.builder()
                .catalog(table.getCatalog())
                .schema(table.getSchema())
                .expression(expression.getSql());
        if (expression.getRunAsPlugin()) {
            builder.identity(pluginUser);
        }
        return builder.build();
    }
}
