package dev.meshward.trino.client;

import dev.meshward.trino.MeshwardConfig;
import dev.meshward.trino.MeshwardConfig.Tls;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.TlsChannelCredentials;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.opentelemetry.api.OpenTelemetry;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import static java.util.Objects.requireNonNull;

/**
 * The way to the decision servers. Made on first use, since the plugin is loaded on workers too, which hardly ever ask.
 */
public final class Connection
{
    private static final int LARGEST_ANSWER = 64 << 20;
    private static final long FILES_READ_AGAIN_SECONDS = 60;

    private final MeshwardConfig config;
    private final CallHeaders headers;
    private ManagedChannel channel;
    private Channel intercepted;
    private ScheduledExecutorService fileReader;
    private boolean closed;

    public Connection(MeshwardConfig config, OpenTelemetry openTelemetry)
    {
        this.config = requireNonNull(config, "config is null");
        headers = new CallHeaders(openTelemetry, config.tokenFile());
    }

    synchronized Channel channel()
    {
        if (closed) {
            throw new IllegalStateException("the plugin has been shut down");
        }
        if (channel == null) {
            channel = open();
            intercepted = ClientInterceptors.intercept(channel, headers);
        }
        return intercepted;
    }

    /** Forgets the pause between attempts to connect: a server that restarts is to be found at once. */
    synchronized void connectAgain()
    {
        if (channel != null) {
            channel.resetConnectBackoff();
        }
    }

    /** Ends all calls and lets go of the connections. */
    public synchronized void close()
    {
        closed = true;
        if (channel != null) {
            channel.shutdownNow();
        }
        if (fileReader != null) {
            fileReader.shutdownNow();
        }
    }

    private ManagedChannel open()
    {
        // Trino sets the context class loader only while it creates the plugin, and gRPC looks for its providers now.
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(Connection.class.getClassLoader());
        try {
            ManagedChannelBuilder<?> builder = Grpc.newChannelBuilder(config.target(), credentials())
                    .defaultLoadBalancingPolicy(config.target().startsWith("unix:") ? "pick_first" : "round_robin")
                    .disableServiceConfigLookUp()
                    .disableRetry()
                    .maxInboundMessageSize(LARGEST_ANSWER)
                    .keepAliveTime(20, TimeUnit.SECONDS)
                    .keepAliveTimeout(5, TimeUnit.SECONDS);
            if (config.target().startsWith("unix:")) {
                // gRPC names the socket's path as the authority, which is none: servers other than its own refuse that.
                builder.overrideAuthority("localhost");
            }
            config.tls().flatMap(Tls::serverName).ifPresent(builder::overrideAuthority);
            return builder.build();
        }
        finally {
            thread.setContextClassLoader(before);
        }
    }

    private ChannelCredentials credentials()
    {
        return config.tls().map(this::encrypted).orElseGet(InsecureChannelCredentials::create);
    }

    private ChannelCredentials encrypted(Tls tls)
    {
        if (fileReader == null) {
            fileReader = Executors.newSingleThreadScheduledExecutor(task -> {
                Thread thread = new Thread(task, "meshward-tls-files");
                thread.setDaemon(true);
                return thread;
            });
        }
        try {
            TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder();
            AdvancedTlsX509TrustManager trust = AdvancedTlsX509TrustManager.newBuilder()
                    .setVerification(AdvancedTlsX509TrustManager.Verification.CERTIFICATE_AND_HOST_NAME_VERIFICATION)
                    .build();
            if (tls.authorities().isPresent()) {
                trust.updateTrustCredentials(tls.authorities().get().toFile(), FILES_READ_AGAIN_SECONDS, TimeUnit.SECONDS, fileReader);
            }
            else {
                trust.useSystemDefaultTrustCerts();
            }
            credentials.trustManager(trust);
            if (tls.client().isPresent()) {
                AdvancedTlsX509KeyManager key = new AdvancedTlsX509KeyManager();
                key.updateIdentityCredentials(
                        tls.client().get().chain().toFile(),
                        tls.client().get().key().toFile(),
                        FILES_READ_AGAIN_SECONDS,
                        TimeUnit.SECONDS,
                        fileReader);
                credentials.keyManager(key);
            }
            return credentials.build();
        }
        catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("the files of `meshward.tls.*` cannot be used: " + e.getMessage(), e);
        }
    }
}
