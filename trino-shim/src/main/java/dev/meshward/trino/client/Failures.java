package dev.meshward.trino.client;

import dev.meshward.trino.MeshwardErrorCode;
import io.grpc.Status;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.trino.spi.TrinoException;

import java.util.Optional;
import java.util.logging.Logger;

import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_BROKEN_ANSWER;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_INTERRUPTED;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_REQUEST_REFUSED;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_REVISION_GONE;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_TIMEOUT;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_UNREACHABLE;

/**
 * Words a failure for the person who ran the query: what happened and which query and trace to quote, and nothing of
 * hosts or stacks. Those go to the log, because Trino sends an exception's cause to the client.
 */
public final class Failures
{
    private static final Logger LOG = Logger.getLogger(Failures.class.getName());

    private Failures() {}

    /** A failure in words. */
    public static TrinoException failure(MeshwardErrorCode code, Optional<String> queryId, String what)
    {
        StringBuilder message = new StringBuilder("Meshward: ").append(what);
        queryId.ifPresent(id -> message.append(" (query ").append(id).append(')'));
        SpanContext span = Span.current().getSpanContext();
        if (span.isValid()) {
            message.append(" (trace ").append(span.getTraceId()).append(')');
        }
        return new TrinoException(code, message.toString());
    }

    /** An answer that the contract does not allow. */
    public static TrinoException broken(Optional<String> queryId, String what)
    {
        LOG.warning("the decision server sent an answer that cannot be used: %s (query %s)".formatted(what, queryId.orElse("none")));
        return failure(MESHWARD_BROKEN_ANSWER, queryId, "the decision server's answer cannot be used (" + what + "), so nothing is shown");
    }

    /** A call that ended with a status instead of an answer. */
    static TrinoException of(Status status, Optional<String> queryId, String deadline)
    {
        // One line: an outage fails many queries, and each stack would be the same.
        LOG.warning("no decision for query %s: %s %s %s".formatted(queryId.orElse("none"), status.getCode(), status.getDescription(), status.getCause()));
        return switch (status.getCode()) {
            case UNAVAILABLE -> failure(MESHWARD_UNREACHABLE, queryId, "no decision server can be reached, so nothing is shown");
            case DEADLINE_EXCEEDED -> failure(MESHWARD_TIMEOUT, queryId, "the decision server did not answer within " + deadline + ", so nothing is shown");
            case FAILED_PRECONDITION -> failure(MESHWARD_REVISION_GONE, queryId, "the rules that this query began with are no longer there; run it again");
            case INVALID_ARGUMENT, UNAUTHENTICATED, PERMISSION_DENIED, UNIMPLEMENTED, NOT_FOUND, RESOURCE_EXHAUSTED ->
                    failure(MESHWARD_REQUEST_REFUSED, queryId, "the decision server refused the request (" + status.getCode() + "), so nothing is shown");
            case CANCELLED -> Thread.currentThread().isInterrupted()
                    ? failure(MESHWARD_INTERRUPTED, queryId, "cancelled while waiting for a decision")
                    : failure(MESHWARD_BROKEN_ANSWER, queryId, "the decision server's answer cannot be read, so nothing is shown");
            case OK, UNKNOWN, INTERNAL, DATA_LOSS, ABORTED, ALREADY_EXISTS, OUT_OF_RANGE ->
                    failure(MESHWARD_BROKEN_ANSWER, queryId, "the decision server failed (" + status.getCode() + "), so nothing is shown");
        };
    }
}
