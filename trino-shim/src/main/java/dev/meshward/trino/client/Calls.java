package dev.meshward.trino.client;

import dev.meshward.trino.MeshwardConfig;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.trino.spi.TrinoException;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_BUSY;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_INTERRUPTED;
import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_UNREACHABLE;
import static io.grpc.Status.Code.DEADLINE_EXCEEDED;
import static io.grpc.Status.Code.UNAVAILABLE;
import static java.util.Objects.requireNonNull;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

/**
 * Makes calls under one deadline and one bound. Only UNAVAILABLE is tried again, and as long as the deadline lets it:
 * a server that restarts fails no query.
 */
final class Calls
{
    private static final Logger LOG = Logger.getLogger(Calls.class.getName());
    private static final long FIRST_PAUSE_MILLIS = 25;
    private static final long LONGEST_PAUSE_MILLIS = 400;

    private final Duration deadline;
    private final Connection connection;
    private final Semaphore underWay;

    Calls(MeshwardConfig config, Connection connection)
    {
        deadline = config.deadline();
        this.connection = requireNonNull(connection, "connection is null");
        underWay = new Semaphore(config.maxConcurrentRequests(), true);
    }

    /** One call, with all its attempts. */
    <T> T call(Optional<String> queryId, Attempt<T> attempt)
    {
        Deadline until = Deadline.after(deadline.toNanos(), TimeUnit.NANOSECONDS);
        try {
            // Who has waited half the time for a place would hardly get an answer in the other half of a crowd.
            if (!underWay.tryAcquire(deadline.toNanos() / 2, TimeUnit.NANOSECONDS)) {
                throw Failures.failure(MESHWARD_BUSY, queryId, "too many decisions are being waited for, so nothing is shown");
            }
            try {
                return untilAnswered(queryId, attempt, until);
            }
            finally {
                underWay.release();
            }
        }
        catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Failures.failure(MESHWARD_INTERRUPTED, queryId, "cancelled while waiting for a decision");
        }
    }

    private <T> T untilAnswered(Optional<String> queryId, Attempt<T> attempt, Deadline until)
            throws InterruptedException
    {
        Status last = Status.DEADLINE_EXCEEDED;
        for (long pause = FIRST_PAUSE_MILLIS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MILLIS)) {
            try {
                return attempt.run(connection.channel(), CallOptions.DEFAULT.withDeadline(until));
            }
            catch (StatusRuntimeException e) {
                // A deadline that ends a later attempt does not hide why there was one.
                if (e.getStatus().getCode() != DEADLINE_EXCEEDED || last.getCode() != UNAVAILABLE) {
                    last = e.getStatus();
                }
                if (e.getStatus().getCode() != UNAVAILABLE || until.timeRemaining(MILLISECONDS) <= pause) {
                    throw Failures.of(last, queryId, deadline.toMillis() + "ms");
                }
            }
            catch (TrinoException e) {
                throw e;
            }
            catch (RuntimeException e) {
                LOG.log(Level.WARNING, "the decision server cannot be asked", e);
                throw Failures.failure(MESHWARD_UNREACHABLE, queryId, "no decision server can be asked, so nothing is shown");
            }
            MILLISECONDS.sleep(pause);
            connection.connectAgain();
        }
    }

    /** One attempt of a call. */
    @FunctionalInterface
    interface Attempt<T>
    {
        T run(Channel channel, CallOptions options)
                throws InterruptedException;
    }
}
