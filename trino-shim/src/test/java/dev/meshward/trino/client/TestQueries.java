package dev.meshward.trino.client;

import dev.meshward.decision.v1.CheckAccessRequest;
import dev.meshward.decision.v1.CheckAccessResponse;
import dev.meshward.decision.v1.Identity;
import io.trino.spi.TrinoException;
import org.junit.jupiter.api.Test;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_QUERY_NOT_KNOWN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class TestQueries
{
    private static final Identity JAY = Identity.newBuilder().setUser("jay").build();

    private final SettableClock clock = new SettableClock();

    @Test
    void theLongestUnusedQueryIsForgottenAndThenFails()
    {
        Queries queries = new Queries(clock, 3, 1000, Duration.ofHours(1));
        queries.start("a", JAY);
        queries.start("b", JAY);
        queries.start("c", JAY);
        queries.require("a");
        queries.start("d", JAY);
        assertThat(queries.size()).isEqualTo(3);
        assertThat(queries.require("a").id()).isEqualTo("a");
        assertNotKnown(queries, "b");
    }

    @Test
    void anIdleQueryIsForgottenAndThenFails()
    {
        Queries queries = new Queries(clock, 100, 1000, Duration.ofHours(1));
        queries.start("a", JAY);
        queries.start("b", JAY);
        clock.now = clock.now.plus(Duration.ofMinutes(50));
        queries.require("b");
        clock.now = clock.now.plus(Duration.ofMinutes(50));
        queries.start("c", JAY);
        assertNotKnown(queries, "a");
        queries.require("b");
    }

    @Test
    void aQueryThatEndedFails()
    {
        Queries queries = new Queries();
        queries.start("a", JAY);
        queries.end("a");
        assertNotKnown(queries, "a");
    }

    @Test
    void theInvokerIsWhomTheFirstWordNames()
    {
        Queries queries = new Queries();
        queries.start("a", JAY);
        assertThat(queries.start("a", Identity.newBuilder().setUser("mallory").build()).invoker()).isEqualTo(JAY);
    }

    @Test
    void tooManyAnswersAreForgottenAndTheQueriesStay()
    {
        Queries queries = new Queries(clock, 1000, 10, Duration.ofHours(1));
        for (int i = 0; i < 128; i++) {
            queries.start("q" + i, JAY).keepAccess(
                    CheckAccessRequest.newBuilder().setAction("drop_table").build(),
                    CheckAccessResponse.getDefaultInstance());
        }
        assertThat(queries.require("q0").kept()).isZero();
        assertThat(queries.require("q127").kept()).isEqualTo(1);
        assertThat(queries.size()).isEqualTo(128);
    }

    private static void assertNotKnown(Queries queries, String id)
    {
        assertThatThrownBy(() -> queries.require(id)).isInstanceOfSatisfying(
                TrinoException.class,
                e -> assertThat(e.getErrorCode()).isEqualTo(MESHWARD_QUERY_NOT_KNOWN.toErrorCode()));
    }

    private static final class SettableClock
            extends Clock
    {
        private Instant now = Instant.parse("2026-11-24T12:00:00Z");

        @Override
        public ZoneId getZone()
        {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone)
        {
            return this;
        }

        @Override
        public Instant instant()
        {
            return now;
        }
    }
}
