package dev.meshward.trino;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class TestConfigReader
{
    @Test
    void onlyTheTargetMustBeSet()
    {
        MeshwardConfig config = MeshwardConfig.from(Map.of("meshward.target", "127.0.0.1:9471"));
        assertThat(config.target()).isEqualTo("dns:///127.0.0.1:9471");
        assertThat(config.deadline()).isEqualTo(Duration.ofSeconds(2));
        assertThat(config.forwardedCredentials()).containsExactly("purpose");
        assertThat(config.operators()).isEmpty();
        assertThat(config.tls()).isEmpty();
    }

    @Test
    void everyPropertyIsRead(@TempDir Path directory)
            throws Exception
    {
        Path file = Files.writeString(directory.resolve("file"), "x");
        MeshwardConfig config = MeshwardConfig.from(Map.ofEntries(
                Map.entry("meshward.target", "dns:///meshward.example:9471"),
                Map.entry("meshward.deadline", "1.5s"),
                Map.entry("meshward.forwarded-credentials", "purpose, project"),
                Map.entry("meshward.cluster", "eu"),
                Map.entry("meshward.operators", "ops,sre"),
                Map.entry("meshward.max-concurrent-requests", "10"),
                Map.entry("meshward.token-file", file.toString()),
                Map.entry("meshward.tls.enabled", "true"),
                Map.entry("meshward.tls.certificate-authorities", file.toString()),
                Map.entry("meshward.tls.client-certificate", file.toString()),
                Map.entry("meshward.tls.client-key", file.toString()),
                Map.entry("meshward.tls.server-name", "policy")));
        assertThat(config.deadline()).isEqualTo(Duration.ofMillis(1500));
        assertThat(config.forwardedCredentials()).isEqualTo(Set.of("purpose", "project"));
        assertThat(config.cluster()).isEqualTo("eu");
        assertThat(config.operators()).isEqualTo(Set.of("ops", "sre"));
        assertThat(config.maxConcurrentRequests()).isEqualTo(10);
        assertThat(config.tokenFile()).contains(file);
        assertThat(config.tls().orElseThrow().client().orElseThrow().key()).isEqualTo(file);
    }

    @Test
    void noCredentialIsForwardedWhenTheListIsEmpty()
    {
        assertThat(MeshwardConfig.from(Map.of("meshward.target", "localhost:1", "meshward.forwarded-credentials", "")).forwardedCredentials()).isEmpty();
    }

    @Test
    void everyMistakeNamesItsProperty()
    {
        check(Map.of("meshward.target", ""), "`meshward.target`");
        check(Map.of("meshward.target", "localhost"), "`meshward.target`");
        check(Map.of("meshward.target", "localhost:99999"), "`meshward.target`");
        check(Map.of("meshward.target", "http://localhost:9471"), "`meshward.target`");
        check(Map.of("meshward.target", "unix:"), "`meshward.target`");
        check(Map.of("meshward.target", "meshward.example:9471"), "`meshward.target`");
        check(Map.of("meshward.target", "127.0.0.1.example.com:9471"), "`meshward.tls.enabled=true`");
        check(Map.of("meshward.deadline", "2"), "`meshward.deadline`");
        check(Map.of("meshward.deadline", "0s"), "`meshward.deadline`");
        check(Map.of("meshward.deadline", "1h"), "`meshward.deadline`");
        check(Map.of("meshward.max-concurrent-requests", "0"), "`meshward.max-concurrent-requests`");
        check(Map.of("meshward.insecure", "yes"), "`meshward.insecure`");
        check(Map.of("meshward.token-file", "/no/such/file"), "`meshward.token-file`");
        check(Map.of("meshward.tls.server-name", "policy"), "`meshward.tls.server-name`");
        check(Map.of("meshward.tls.enabled", "true", "meshward.insecure", "true"), "`meshward.insecure`");
        check(Map.of("meshward.tls.enabled", "true", "meshward.tls.client-key", "/dev/null"), "`meshward.tls.client-certificate`");
        check(Map.of("meshward.events.spool", "/tmp"), "`meshward.events.spool` is reserved");
        check(Map.of("meshward.mode", "observe"), "`meshward.mode`");
    }

    @Test
    void anUnknownPropertyComesWithTheNearestKnown()
    {
        check(Map.of("meshward.dedline", "2s"), "did you mean `meshward.deadline`?");
        check(Map.of("meshward.forwarded-credential", "2s"), "did you mean `meshward.forwarded-credentials`?");
        check(Map.of("tls.enabled", "true"), "did you mean `meshward.tls.enabled`?");
    }

    @Test
    void clearTextToAnotherHostMustBeAskedFor()
    {
        assertThat(MeshwardConfig.from(Map.of("meshward.target", "meshward:9471", "meshward.insecure", "true")).target()).isEqualTo("dns:///meshward:9471");
        assertThat(MeshwardConfig.from(Map.of("meshward.target", "[::1]:9471")).target()).isEqualTo("dns:///[::1]:9471");
        assertThat(MeshwardConfig.from(Map.of("meshward.target", "unix:/run/meshward.sock")).target()).isEqualTo("unix:/run/meshward.sock");
    }

    private static void check(Map<String, String> properties, String message)
    {
        Map<String, String> all = new HashMap<>(Map.of("meshward.target", "localhost:9471"));
        all.putAll(properties);
        assertThatThrownBy(() -> MeshwardConfig.from(all)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
    }
}
