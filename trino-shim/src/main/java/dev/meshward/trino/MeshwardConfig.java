package dev.meshward.trino;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import static java.util.Objects.requireNonNull;

/**
 * What an operator sets in {@code access-control.properties}.
 *
 * @param target where the decision server is: {@code dns:///host:port} or {@code unix:/path}
 * @param deadline how long one question may take, retries included
 * @param forwardedCredentials the extra credentials that are sent to the server; all others stay here
 * @param cluster this cluster's name, for rules that differ by cluster
 * @param operators users who may always see and kill queries and read system information
 * @param maxConcurrentRequests how many questions may be under way at once
 * @param tokenFile a file whose content is sent as a bearer credential
 * @param tls present when the connection is encrypted
 */
public record MeshwardConfig(
        String target,
        Duration deadline,
        Set<String> forwardedCredentials,
        String cluster,
        Set<String> operators,
        int maxConcurrentRequests,
        Optional<Path> tokenFile,
        Optional<Tls> tls)
{
    public MeshwardConfig
    {
        requireNonNull(target, "target is null");
        requireNonNull(deadline, "deadline is null");
        forwardedCredentials = Set.copyOf(forwardedCredentials);
        requireNonNull(cluster, "cluster is null");
        operators = Set.copyOf(operators);
        requireNonNull(tokenFile, "tokenFile is null");
        requireNonNull(tls, "tls is null");
    }

    /**
     * The files of an encrypted connection. They are read again when they change.
     *
     * @param authorities the authorities that may have signed the server's certificate; those of the JDK when empty
     * @param client the plugin's own certificate, for a server that asks for one
     * @param serverName the name that the server's certificate must bear, when that is not the target's host
     */
    public record Tls(Optional<Path> authorities, Optional<ClientCertificate> client, Optional<String> serverName)
    {
        public Tls
        {
            requireNonNull(authorities, "authorities is null");
            requireNonNull(client, "client is null");
            requireNonNull(serverName, "serverName is null");
        }
    }

    /**
     * The plugin's certificate and its key, PEM files both.
     */
    public record ClientCertificate(Path chain, Path key)
    {
        public ClientCertificate
        {
            requireNonNull(chain, "chain is null");
            requireNonNull(key, "key is null");
        }
    }

    /** Reads the properties; a mistake is an {@link IllegalArgumentException} that names the property. */
    public static MeshwardConfig from(Map<String, String> properties)
    {
        return new ConfigReader(properties).read();
    }
}
