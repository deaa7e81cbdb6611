package dev.meshward.trino;

import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.trino.spi.security.SystemAccessControl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.File;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_UNREACHABLE;
import static dev.meshward.trino.PluginUnderTest.JAY;
import static dev.meshward.trino.PluginUnderTest.TABLE;
import static dev.meshward.trino.PluginUnderTest.assertFails;
import static io.grpc.Metadata.ASCII_STRING_MARSHALLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class TestConnection
{
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

    @Test
    void nothingIsConnectedBeforeTheFirstQuestion()
    {
        SystemAccessControl control = PluginUnderTest.create(Map.of("meshward.target", "unix:/no/such/socket"), OpenTelemetry.noop());
        control.checkCanSetUser(java.util.Optional.empty(), "jay");
        control.shutdown();
    }

    @Test
    void theTraceOfTheQueryGoesWithTheCallAndIntoTheFailure()
    {
        OpenTelemetry openTelemetry = new OpenTelemetry()
        {
            @Override
            public TracerProvider getTracerProvider()
            {
                return TracerProvider.noop();
            }

            @Override
            public ContextPropagators getPropagators()
            {
                return ContextPropagators.create(W3CTraceContextPropagator.getInstance());
            }
        };
        try (PluginUnderTest plugin = new PluginUnderTest(Map.of(), openTelemetry)) {
            SpanContext span = SpanContext.create(TRACE, "b7ad6b7169203331", TraceFlags.getSampled(), TraceState.getDefault());
            try (Scope ignored = Span.wrap(span).makeCurrent()) {
                var context = plugin.startQuery(JAY);
                assertThat(header(plugin, "traceparent")).isEqualTo("00-" + TRACE + "-b7ad6b7169203331-01");
                plugin.server.close();
                assertThatThrownBy(() -> plugin.control.getRowFilters(context, TABLE)).hasMessageContaining(TRACE);
            }
        }
    }

    @Test
    void theTokenGoesWithTheCallAndIsReadAgain(@TempDir Path directory)
            throws Exception
    {
        Path token = Files.writeString(directory.resolve("token"), "first\n");
        try (PluginUnderTest plugin = new PluginUnderTest(Map.of("meshward.token-file", token.toString()))) {
            plugin.startQuery(JAY);
            assertThat(header(plugin, "authorization")).isEqualTo("Bearer first");
            Files.writeString(token, "second");
            plugin.startQuery(JAY);
            assertThat(header(plugin, "authorization")).isEqualTo("Bearer second");
            Files.delete(token);
            assertFails(() -> plugin.startQuery(JAY), MeshwardErrorCode.MESHWARD_REQUEST_REFUSED);
        }
    }

    @Test
    void aServerIsFoundByItsSocket(@TempDir Path directory)
            throws Exception
    {
        try (AnsweringServer server = AnsweringServer.onSocket(directory.resolve("socket"))) {
            SystemAccessControl control = PluginUnderTest.create(Map.of("meshward.target", "unix:" + directory.resolve("socket")), OpenTelemetry.noop());
            control.checkCanExecuteQuery(JAY, PluginUnderTest.newQueryId());
            assertThat(server.requests).hasSize(1);
            control.shutdown();
        }
    }

    @Test
    void mutualTlsNeedsBothCertificates(@TempDir Path directory)
            throws Exception
    {
        Certificate serverCertificate = certificate(directory, "server");
        Certificate clientCertificate = certificate(directory, "client");
        Certificate stranger = certificate(directory, "stranger");
        AnsweringServer answering = new AnsweringServer();
        Server server = NettyServerBuilder.forAddress(
                        new InetSocketAddress("127.0.0.1", 0),
                        TlsServerCredentials.newBuilder()
                                .keyManager(serverCertificate.chain(), serverCertificate.key())
                                .trustManager(clientCertificate.chain())
                                .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                                .build())
                .addService(answering.service())
                .build()
                .start();
        Map<String, String> properties = new HashMap<>(Map.of(
                "meshward.target", "127.0.0.1:" + server.getPort(),
                "meshward.deadline", "1s",
                "meshward.tls.enabled", "true",
                "meshward.tls.server-name", "localhost",
                "meshward.tls.certificate-authorities", serverCertificate.chain().getPath(),
                "meshward.tls.client-certificate", clientCertificate.chain().getPath(),
                "meshward.tls.client-key", clientCertificate.key().getPath()));
        try (answering) {
            ask(properties);
            assertThat(answering.requests).hasSize(1);

            properties.put("meshward.tls.server-name", "elsewhere");
            assertFails(() -> ask(properties), MESHWARD_UNREACHABLE);
            properties.put("meshward.tls.server-name", "localhost");

            properties.put("meshward.tls.client-certificate", stranger.chain().getPath());
            properties.put("meshward.tls.client-key", stranger.key().getPath());
            assertFails(() -> ask(properties), MESHWARD_UNREACHABLE);
            properties.remove("meshward.tls.client-certificate");
            properties.remove("meshward.tls.client-key");
            assertFails(() -> ask(properties), MESHWARD_UNREACHABLE);

            properties.put("meshward.tls.certificate-authorities", stranger.chain().getPath());
            assertFails(() -> ask(properties), MESHWARD_UNREACHABLE);
            assertThat(answering.requests).hasSize(1);
        }
        finally {
            server.shutdownNow();
        }
    }

    private static void ask(Map<String, String> properties)
    {
        SystemAccessControl control = PluginUnderTest.create(properties, OpenTelemetry.noop());
        try {
            control.checkCanExecuteQuery(JAY, PluginUnderTest.newQueryId());
        }
        finally {
            control.shutdown();
        }
    }

    private static String header(PluginUnderTest plugin, String name)
    {
        return plugin.server.headers.getLast().get(Metadata.Key.of(name, ASCII_STRING_MARSHALLER));
    }

    private record Certificate(File chain, File key) {}

    /** A certificate that signs itself, made by the JDK's own tool. */
    private static Certificate certificate(Path directory, String name)
            throws Exception
    {
        Path store = directory.resolve(name + ".p12");
        Process keytool = new ProcessBuilder(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair", "-alias", "key", "-keyalg", "EC", "-dname", "CN=" + name, "-ext", "SAN=dns:localhost", "-validity", "2",
                "-storetype", "PKCS12", "-storepass", "changeit", "-keystore", store.toString()))
                .redirectErrorStream(true)
                .start();
        keytool.getInputStream().readAllBytes();
        assertThat(keytool.waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance(store.toFile(), "changeit".toCharArray());
        Path chain = Files.writeString(directory.resolve(name + ".pem"), pem("CERTIFICATE", keys.getCertificate("key").getEncoded()));
        Path key = Files.writeString(directory.resolve(name + ".key"), pem("PRIVATE KEY", keys.getKey("key", "changeit".toCharArray()).getEncoded()));
        return new Certificate(chain.toFile(), key.toFile());
    }

    private static String pem(String kind, byte[] content)
    {
        return "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n".formatted(kind, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content));
    }
}
