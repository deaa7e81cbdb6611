package dev.meshward.trino.client;

import dev.meshward.decision.v1.Column;
import dev.meshward.decision.v1.ColumnDecision;
import dev.meshward.decision.v1.DecideTableResponse;
import dev.meshward.decision.v1.Verdict;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import static dev.meshward.decision.v1.ColumnDecision.AccessCase.HIDDEN;
import static dev.meshward.decision.v1.Effect.EFFECT_ALLOW;

/**
 * An answer about a table, with the columns that it was asked for.
 *
 * @param columns the columns that were sent, by name
 * @param decisions what the answer says of each
 * @param response the answer, checked
 */
public record TableDecision(Map<String, Column> columns, Map<String, ColumnDecision> decisions, DecideTableResponse response)
{
    static TableDecision of(List<Column> asked, DecideTableResponse response)
    {
        Map<String, Column> columns = new LinkedHashMap<>();
        Map<String, ColumnDecision> decisions = new LinkedHashMap<>();
        for (int i = 0; i < asked.size(); i++) {
            columns.put(asked.get(i).getName(), asked.get(i));
            decisions.put(asked.get(i).getName(), response.getColumns(i));
        }
        return new TableDecision(columns, decisions, response);
    }

    /**
     * Whether the answer speaks of all these columns. A column with a type must have been sent with just that type,
     * since a mask is an expression of the type; a column that is only named must have been sent.
     */
    boolean covers(Collection<Column> asked)
    {
        return asked.stream().allMatch(column -> {
            Column known = columns.get(column.getName());
            return column.getType().isEmpty() ? known != null : column.equals(known);
        });
    }

    /** The first way in which a later answer allows what this one denied. */
    Optional<String> loosenedBy(TableDecision later)
    {
        if (loosened(response.getRead(), later.response().getRead()) || loosened(response.getShare(), later.response().getShare())) {
            return Optional.of("it allows what an earlier answer of the query denied");
        }
        return columns.entrySet().stream()
                .filter(entry -> entry.getValue().equals(later.columns().get(entry.getKey())))
                .map(Map.Entry::getKey)
                .filter(name -> decisions.get(name).getAccessCase() == HIDDEN && later.decisions().get(name).getAccessCase() != HIDDEN)
                .findFirst()
                .map(name -> "it shows a column that an earlier answer of the query hid");
    }

    private static boolean loosened(Verdict earlier, Verdict later)
    {
        return earlier.getEffect() != EFFECT_ALLOW && later.getEffect() == EFFECT_ALLOW;
    }
}
