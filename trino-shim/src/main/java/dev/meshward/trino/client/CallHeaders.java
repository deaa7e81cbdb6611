package dev.meshward.trino.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.context.Context;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

import static io.grpc.Metadata.ASCII_STRING_MARSHALLER;
import static java.util.Objects.requireNonNull;

/**
 * What goes with every call besides the message: the query's trace, and the bearer credential.
 */
final class CallHeaders
        implements ClientInterceptor
{
    private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", ASCII_STRING_MARSHALLER);

    private final OpenTelemetry openTelemetry;
    private final Optional<Path> tokenFile;

    CallHeaders(OpenTelemetry openTelemetry, Optional<Path> tokenFile)
    {
        this.openTelemetry = requireNonNull(openTelemetry, "openTelemetry is null");
        this.tokenFile = requireNonNull(tokenFile, "tokenFile is null");
    }

    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next)
    {
        // Trino makes the check's span current on the thread that asks, which is this one.
        Context trace = Context.current();
        return new SimpleForwardingClientCall<>(next.newCall(method, options))
        {
            @Override
            public void start(Listener<A> listener, Metadata headers)
            {
                openTelemetry.getPropagators().getTextMapPropagator().inject(trace, headers, CallHeaders::put);
                tokenFile.ifPresent(file -> headers.put(AUTHORIZATION, "Bearer " + read(file)));
                super.start(listener, headers);
            }
        };
    }

    private static void put(Metadata headers, String name, String value)
    {
        headers.put(Metadata.Key.of(name, ASCII_STRING_MARSHALLER), value);
    }

    /** Read for each call: the file is small, and a token that was replaced counts from then on. */
    private static String read(Path file)
    {
        try {
            return Files.readString(file).trim();
        }
        catch (IOException e) {
            throw Status.UNAUTHENTICATED.withDescription("`meshward.token-file` cannot be read").withCause(e).asRuntimeException();
        }
    }
}
