package dev.meshward.trino;

import dev.meshward.trino.MeshwardConfig.ClientCertificate;
import dev.meshward.trino.MeshwardConfig.Tls;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads the plugin's properties. Every mistake names its property, because the operator has nothing else to go by.
 */
final class ConfigReader
{
    private static final String TARGET = "meshward.target";
    private static final String DEADLINE = "meshward.deadline";
    private static final String FORWARDED_CREDENTIALS = "meshward.forwarded-credentials";
    private static final String CLUSTER = "meshward.cluster";
    private static final String OPERATORS = "meshward.operators";
    private static final String MAX_CONCURRENT_REQUESTS = "meshward.max-concurrent-requests";
    private static final String INSECURE = "meshward.insecure";
    private static final String TOKEN_FILE = "meshward.token-file";
    private static final String TLS_ENABLED = "meshward.tls.enabled";
    private static final String TLS_AUTHORITIES = "meshward.tls.certificate-authorities";
    private static final String TLS_CERTIFICATE = "meshward.tls.client-certificate";
    private static final String TLS_KEY = "meshward.tls.client-key";
    private static final String TLS_SERVER_NAME = "meshward.tls.server-name";
    private static final String EVENTS = "meshward.events.";

    static final List<String> PROPERTIES = List.of(
            TARGET,
            DEADLINE,
            FORWARDED_CREDENTIALS,
            CLUSTER,
            OPERATORS,
            MAX_CONCURRENT_REQUESTS,
            INSECURE,
            TOKEN_FILE,
            TLS_ENABLED,
            TLS_AUTHORITIES,
            TLS_CERTIFICATE,
            TLS_KEY,
            TLS_SERVER_NAME);

    private static final Duration LONGEST_DEADLINE = Duration.ofMinutes(5);
    private static final Pattern DURATION = Pattern.compile("\\s*(\\d+(?:\\.\\d+)?)\\s*(ms|s|m)\\s*");
    private static final Pattern HOST_AND_PORT = Pattern.compile("(\\[[0-9a-fA-F:.]+]|[^:/\\[\\]]+):(\\d{1,5})");
    private static final Pattern LOOPBACK = Pattern.compile("localhost|127(\\.\\d{1,3}){3}|\\[::1]");

    private final Map<String, String> properties;

    ConfigReader(Map<String, String> properties)
    {
        this.properties = new TreeMap<>(properties);
    }

    MeshwardConfig read()
    {
        properties.keySet().forEach(ConfigReader::checkKnown);
        boolean insecure = flag(INSECURE);
        Optional<Tls> tls = tls(insecure);
        return new MeshwardConfig(
                target(tls.isPresent() || insecure),
                deadline(),
                text(FORWARDED_CREDENTIALS).map(value -> list(FORWARDED_CREDENTIALS)).orElse(Set.of("purpose")),
                text(CLUSTER).orElse(""),
                list(OPERATORS),
                maxConcurrentRequests(),
                file(TOKEN_FILE),
                tls);
    }

    private static void checkKnown(String name)
    {
        if (name.startsWith(EVENTS)) {
            throw mistake(name, "is reserved for a later release; take it out");
        }
        if (!PROPERTIES.contains(name)) {
            String nearest = PROPERTIES.stream()
                    .min(Comparator.comparingInt(known -> distance(known, name)))
                    .orElseThrow();
            throw mistake(name, "is not a property of the meshward plugin; did you mean `%s`?".formatted(nearest));
        }
    }

    private String target(boolean anyHost)
    {
        String target = text(TARGET).orElseThrow(() -> mistake(TARGET, "must be set, for example `dns:///meshward:9471`"));
        if (target.startsWith("unix:")) {
            if (!target.matches("unix:(//)?/[^/].*")) {
                throw mistake(TARGET, "is `%s`, which names no socket; write `unix:/path`".formatted(target));
            }
            return target;
        }
        String address = target.startsWith("dns:///") ? target.substring("dns:///".length()) : target;
        Matcher matcher = HOST_AND_PORT.matcher(address);
        if (!matcher.matches() || Integer.parseInt(matcher.group(2)) > 65535) {
            throw mistake(TARGET, "is `%s`; write `dns:///host:port`, `host:port` or `unix:/path`".formatted(target));
        }
        // FAIL-CLOSED: whoever can change an answer on its way can show every row, so clear text needs to be asked for.
        if (!anyHost && !LOOPBACK.matcher(matcher.group(1)).matches()) {
            throw mistake(TARGET, "is another host, which needs `%s=true` (or, knowing the risk, `%s=true`)".formatted(TLS_ENABLED, INSECURE));
        }
        return "dns:///" + address;
    }

    private Duration deadline()
    {
        Duration deadline = text(DEADLINE).map(ConfigReader::duration).orElse(Duration.ofSeconds(2));
        if (deadline.toMillis() < 1 || deadline.compareTo(LONGEST_DEADLINE) > 0) {
            throw mistake(DEADLINE, "is `%s`; it must be between 1ms and 5m".formatted(properties.get(DEADLINE)));
        }
        return deadline;
    }

    private static Duration duration(String value)
    {
        Matcher matcher = DURATION.matcher(value);
        if (!matcher.matches()) {
            throw mistake(DEADLINE, "is `%s`; write a duration such as `500ms` or `2s`".formatted(value));
        }
        double millis = switch (matcher.group(2)) {
            case "ms" -> 1;
            case "s" -> 1000;
            default -> 60_000;
        };
        return Duration.ofMillis(Math.round(Double.parseDouble(matcher.group(1)) * millis));
    }

    private int maxConcurrentRequests()
    {
        String value = text(MAX_CONCURRENT_REQUESTS).orElse("256");
        if (!value.matches("[1-9]\\d{0,5}")) {
            throw mistake(MAX_CONCURRENT_REQUESTS, "is `%s`; it must be a whole number from 1 to 999999".formatted(value));
        }
        return Integer.parseInt(value);
    }

    private Optional<Tls> tls(boolean insecure)
    {
        if (!flag(TLS_ENABLED)) {
            properties.keySet().stream()
                    .filter(name -> name.startsWith("meshward.tls.") && !name.equals(TLS_ENABLED))
                    .findFirst()
                    .ifPresent(name -> {
                        throw mistake(name, "does nothing without `%s=true`".formatted(TLS_ENABLED));
                    });
            return Optional.empty();
        }
        if (insecure) {
            throw mistake(INSECURE, "contradicts `%s=true`".formatted(TLS_ENABLED));
        }
        Optional<Path> chain = file(TLS_CERTIFICATE);
        Optional<Path> key = file(TLS_KEY);
        if (chain.isPresent() != key.isPresent()) {
            throw mistake(chain.isPresent() ? TLS_KEY : TLS_CERTIFICATE, "is missing: a client certificate and its key go together");
        }
        return Optional.of(new Tls(
                file(TLS_AUTHORITIES),
                chain.map(path -> new ClientCertificate(path, key.orElseThrow())),
                text(TLS_SERVER_NAME)));
    }

    private Optional<Path> file(String name)
    {
        Optional<Path> path = text(name).map(Path::of);
        path.filter(file -> !Files.isReadable(file)).ifPresent(file -> {
            throw mistake(name, "is `%s`, which cannot be read".formatted(file));
        });
        return path;
    }

    private boolean flag(String name)
    {
        String value = text(name).orElse("false");
        return switch (value) {
            case "true" -> true;
            case "false" -> false;
            default -> throw mistake(name, "is `%s`; it must be `true` or `false`".formatted(value));
        };
    }

    private Set<String> list(String name)
    {
        return Arrays.stream(properties.getOrDefault(name, "").split(","))
                .map(String::trim)
                .filter(value -> !value.isEmpty())
                .collect(Collectors.toUnmodifiableSet());
    }

    private Optional<String> text(String name)
    {
        return Optional.ofNullable(properties.get(name)).map(String::trim);
    }

    private static IllegalArgumentException mistake(String name, String what)
    {
        return new IllegalArgumentException("property `%s` %s".formatted(name, what));
    }

    /** Levenshtein's distance. */
    private static int distance(String left, String right)
    {
        int[] row = new int[right.length() + 1];
        Arrays.setAll(row, column -> column);
        for (int i = 1; i <= left.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.length(); j++) {
                int replaced = diagonal + (left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[right.length()];
    }
}
