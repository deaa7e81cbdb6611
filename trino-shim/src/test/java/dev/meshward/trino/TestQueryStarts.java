package dev.meshward.trino;

import dev.meshward.decision.v1.CheckAccessRequest;
import dev.meshward.decision.v1.DecideTableRequest;
import io.trino.spi.QueryId;
import io.trino.spi.eventlistener.EventListener;
import io.trino.spi.eventlistener.QueryContext;
import io.trino.spi.eventlistener.QueryCreatedEvent;
import io.trino.spi.eventlistener.QueryMetadata;
import io.trino.spi.security.Identity;
import io.trino.spi.security.SystemSecurityContext;
import io.trino.spi.session.ResourceEstimates;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_QUERY_NOT_KNOWN;
import static dev.meshward.trino.PluginUnderTest.COLUMNS;
import static dev.meshward.trino.PluginUnderTest.JAY;
import static dev.meshward.trino.PluginUnderTest.OWNER;
import static dev.meshward.trino.PluginUnderTest.TABLE;
import static dev.meshward.trino.PluginUnderTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Releases 440 to 444 do not say which query it is that somebody may execute.
 */
final class TestQueryStarts
{
    private static final Identity FRAUD = Identity.from(JAY).withExtraCredentials(Map.of("purpose", "fraud")).build();

    private PluginUnderTest plugin;
    private MeshwardAccessControl control;
    private EventListener listener;

    @BeforeEach
    void start()
    {
        plugin = new PluginUnderTest();
        control = (MeshwardAccessControl) plugin.control;
        listener = control.getEventListeners().iterator().next();
    }

    @AfterEach
    void stop()
    {
        plugin.close();
    }

    @Test
    void theInvokerOfAnOlderReleaseIsToldByQueryCreated()
    {
        QueryId queryId = PluginUnderTest.newQueryId();
        control.checkCanExecuteQuery(FRAUD);
        listener.queryCreated(created(queryId, "jay"));
        control.getColumnMasks(PluginUnderTest.context(OWNER, queryId), TABLE, COLUMNS);
        assertInvoker();
    }

    @Test
    void theInvokerOfAnOlderReleaseIsToldByTheFirstCheckOnTheSameThread()
    {
        QueryId queryId = PluginUnderTest.newQueryId();
        control.checkCanExecuteQuery(FRAUD);
        control.canAccessCatalog(PluginUnderTest.context(FRAUD, queryId), "lake");
        control.checkCanSetCatalogSessionProperty(PluginUnderTest.context(FRAUD, queryId), "lake", "split_size");
        listener.queryCreated(created(queryId, "jay"));
        control.getColumnMasks(PluginUnderTest.context(OWNER, queryId), TABLE, COLUMNS);
        assertInvoker();
    }

    @Test
    void anotherThreadsQueryIsNotGuessedAt()
            throws InterruptedException
    {
        control.checkCanExecuteQuery(FRAUD);
        SystemSecurityContext context = PluginUnderTest.context(FRAUD, PluginUnderTest.newQueryId());
        Thread other = new Thread(() -> assertFails(() -> control.getRowFilters(context, TABLE), MESHWARD_QUERY_NOT_KNOWN));
        other.start();
        other.join();
        assertFails(() -> control.getRowFilters(PluginUnderTest.context(OWNER, PluginUnderTest.newQueryId()), TABLE), MESHWARD_QUERY_NOT_KNOWN);
    }

    @Test
    void anEventOfAnotherUserStartsNothing()
    {
        QueryId queryId = PluginUnderTest.newQueryId();
        control.checkCanExecuteQuery(FRAUD);
        listener.queryCreated(created(queryId, "mallory"));
        assertFails(() -> control.getRowFilters(PluginUnderTest.context(FRAUD, queryId), TABLE), MESHWARD_QUERY_NOT_KNOWN);
    }

    @Test
    void aSessionPropertyOfAnOlderReleaseIsCheckedOutsideAnyQuery()
    {
        control.checkCanSetSystemSessionProperty(JAY, "query_max_run_time");
        assertThat(plugin.server.asked(CheckAccessRequest.class).getFirst().getContext().getQueryId()).isEmpty();
    }

    private void assertInvoker()
    {
        DecideTableRequest request = plugin.server.asked(DecideTableRequest.class).getFirst();
        assertThat(request.getContext().getInvoker().getUser()).isEqualTo("jay");
        assertThat(request.getContext().getInvoker().getExtraCredentialsMap()).containsEntry("purpose", "fraud");
        assertThat(request.getContext().getIdentity().getUser()).isEqualTo("owner");
    }

    private static QueryCreatedEvent created(QueryId queryId, String user)
    {
        QueryContext context = new QueryContext(
                user,
                user,
                Set.of(),
                Optional.empty(),
                Set.of(),
                Set.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Set.of(),
                Set.of(),
                Optional.empty(),
                "UTC",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                new ResourceEstimates(Optional.empty(), Optional.empty(), Optional.empty()),
                "127.0.0.1",
                "444",
                "test",
                Optional.empty(),
                "NONE");
        QueryMetadata metadata = new QueryMetadata(
                queryId.id(),
                Optional.empty(),
                Optional.empty(),
                "SELECT 1",
                Optional.empty(),
                Optional.empty(),
                "QUEUED",
                List.of(),
                List.of(),
                URI.create("http://127.0.0.1"),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        return new QueryCreatedEvent(Instant.EPOCH, context, metadata);
    }
}
