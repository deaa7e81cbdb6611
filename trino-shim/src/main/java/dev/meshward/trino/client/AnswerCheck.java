package dev.meshward.trino.client;

import dev.meshward.decision.v1.CheckAccessResponse;
import dev.meshward.decision.v1.ColumnDecision;
import dev.meshward.decision.v1.DecideTableRequest;
import dev.meshward.decision.v1.DecideTableResponse;
import dev.meshward.decision.v1.Expression;
import dev.meshward.decision.v1.FilterResourcesResponse;
import dev.meshward.decision.v1.Verdict;
import dev.meshward.trino.MeshwardErrorCode;

import java.util.BitSet;
import java.util.List;
import java.util.Optional;

import static dev.meshward.decision.v1.Effect.EFFECT_ALLOW;
import static dev.meshward.decision.v1.Effect.EFFECT_DENY;
import static java.util.Objects.requireNonNull;

/**
 * Sees that an answer is whole before anything of it is used.
 *
 * <p>FAIL-CLOSED: protobuf reads a missing field as its default, which would be "every row" or "no mask" for a careless
 * reader. Whatever the contract does not allow ends the query here.
 *
 * @param queryId the query, for the message
 */
record AnswerCheck(Optional<String> queryId)
{
    /** What this plugin can honour in an answer. */
    static final List<String> FEATURES = List.of("keyed-masks");

    AnswerCheck
    {
        requireNonNull(queryId, "queryId is null");
    }

    CheckAccessResponse check(CheckAccessResponse answer)
    {
        features(answer.getRequiredFeaturesList());
        verdict(answer.hasVerdict(), answer.getVerdict());
        return answer;
    }

    DecideTableResponse check(DecideTableRequest request, DecideTableResponse answer)
    {
        features(answer.getRequiredFeaturesList());
        verdict(answer.hasCatalog(), answer.getCatalog());
        verdict(answer.hasRead(), answer.getRead());
        verdict(answer.hasShare(), answer.getShare());
        require(answer.getColumnsCount() == request.getColumnsCount(), "it decides another number of columns than were asked for");
        answer.getColumnsList().forEach(this::column);
        switch (answer.getRowsCase()) {
            case ALL_ROWS, NO_ROWS -> {}
            case ROW_FILTERS -> {
                require(answer.getRowFilters().getFiltersCount() > 0, "it has a list of row filters without any");
                answer.getRowFilters().getFiltersList().forEach(this::expression);
            }
            case ROWS_NOT_SET -> throw broken("it does not say which rows may be seen");
        }
        return answer;
    }

    /** The bits of one slice. */
    BitSet check(int count, FilterResourcesResponse answer)
    {
        require(answer.getCount() == count, "it filters another number of names than were sent");
        require(answer.getKept().size() <= (count + 7) / 8, "it keeps more names than were sent");
        BitSet kept = BitSet.valueOf(answer.getKept().toByteArray());
        require(kept.length() <= count, "it keeps more names than were sent");
        return kept;
    }

    private void column(ColumnDecision column)
    {
        switch (column.getAccessCase()) {
            case CLEAR, HIDDEN -> {}
            case MASK -> expression(column.getMask());
            case ACCESS_NOT_SET -> throw broken("it does not say what happens to a column");
        }
    }

    private void expression(Expression expression)
    {
        require(!expression.getSql().isBlank(), "it has an empty expression");
        require(expression.getRunAsPlugin() || expression.getReadsCount() == 0, "it names what an expression reads that is not run as the plugin");
        require(expression.getRunAsPlugin() || expression.getExecutesCount() == 0, "it names what an expression executes that is not run as the plugin");
        expression.getReadsList().forEach(reads -> require(reads.hasTable(), "it has an expression that reads no table"));
    }

    private void features(List<String> required)
    {
        List<String> unknown = required.stream().filter(feature -> !FEATURES.contains(feature)).toList();
        if (!unknown.isEmpty()) {
            throw Failures.failure(
                    MeshwardErrorCode.MESHWARD_PLUGIN_TOO_OLD,
                    queryId,
                    "the answer needs what this plugin does not know (%s); the plugin must be upgraded".formatted(String.join(", ", unknown)));
        }
    }

    private void verdict(boolean present, Verdict verdict)
    {
        require(present && (verdict.getEffect() == EFFECT_ALLOW || verdict.getEffect() == EFFECT_DENY), "it neither allows nor denies");
    }

    private void require(boolean holds, String otherwise)
    {
        if (!holds) {
            throw broken(otherwise);
        }
    }

    RuntimeException broken(String what)
    {
        return Failures.broken(queryId, what);
    }
}
