package dev.meshward.trino;

import dev.meshward.decision.v1.FunctionResource;
import dev.meshward.decision.v1.TableName;
import dev.meshward.trino.client.Failures;
import dev.meshward.trino.client.Query;
import io.trino.spi.TrinoException;
import io.trino.spi.security.Identity;

import java.security.SecureRandom;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;

import static dev.meshward.trino.MeshwardErrorCode.MESHWARD_EXPRESSION_REACHES_TOO_FAR;

/**
 * The plugin's own identity, under which Trino runs filters and masks that read what the user may not select. It may
 * read and execute what an answer of the very query names, and nothing else.
 *
 * <p>FAIL-CLOSED: no one can be this user. The name is new at each start and cannot be guessed, and whoever learns it
 * from an event is refused every way of becoming it or making it an owner. What it may not do fails and is not denied,
 * because a denial can make Trino skip a mask.
 */
final class PluginIdentity
{
    private final String user;

    PluginIdentity()
    {
        byte[] secret = new byte[24];
        new SecureRandom().nextBytes(secret);
        user = "meshward-" + HexFormat.of().formatHex(secret);
    }

    String user()
    {
        return user;
    }

    boolean is(String user)
    {
        return this.user.equalsIgnoreCase(user);
    }

    boolean is(Identity identity)
    {
        return is(identity.getUser());
    }

    /** Sees that an expression of the query reads the table as the plugin. */
    void requireReads(Query query, TableName table)
    {
        reads(query, table);
    }

    /** Sees that an expression of the query reads these columns of the table as the plugin. */
    void requireReads(Query query, TableName table, Collection<String> columns)
    {
        if (!reads(query, table).containsAll(columns)) {
            throw reachesTooFar(Optional.of(query.id()));
        }
    }

    /** Sees that an expression of the query executes the function as the plugin. */
    void requireExecutes(Query query, FunctionResource function)
    {
        if (!query.pluginExecutes(function)) {
            throw reachesTooFar(Optional.of(query.id()));
        }
    }

    /** Sees that an expression of the query uses something of the catalog as the plugin. */
    void requireUses(Query query, String catalog)
    {
        if (!query.pluginUsesCatalog(catalog)) {
            throw reachesTooFar(Optional.of(query.id()));
        }
    }

    static TrinoException reachesTooFar(Optional<String> queryId)
    {
        return Failures.failure(
                MESHWARD_EXPRESSION_REACHES_TOO_FAR,
                queryId,
                "a row filter or mask needs more than the decision server said it would, so nothing is shown");
    }

    private static Set<String> reads(Query query, TableName table)
    {
        return query.pluginReads(table).orElseThrow(() -> reachesTooFar(Optional.of(query.id())));
    }
}
