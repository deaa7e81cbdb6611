package dev.meshward.trino;

import dev.meshward.decision.v1.CheckAccessRequest;
import dev.meshward.decision.v1.Grantee;
import dev.meshward.decision.v1.Resource;
import dev.meshward.decision.v1.Verdict;
import dev.meshward.trino.client.Asker;
import dev.meshward.trino.client.DecisionClient;
import dev.meshward.trino.convert.Identities;
import dev.meshward.trino.convert.Resources;
import io.trino.spi.security.AccessDeniedException;
import io.trino.spi.security.TrinoPrincipal;

import java.util.Set;
import java.util.function.Consumer;

import static dev.meshward.decision.v1.Effect.EFFECT_ALLOW;
import static java.util.Objects.requireNonNull;

/**
 * Asks for one action on one resource, and turns a denial into Trino's own words for it.
 */
final class Checks
{
    private final DecisionClient client;
    private final PluginIdentity plugin;

    Checks(DecisionClient client, PluginIdentity plugin)
    {
        this.client = requireNonNull(client, "client is null");
        this.plugin = requireNonNull(plugin, "plugin is null");
    }

    /** Passes, or ends in the denial, which is given the reason. */
    void check(Asker asker, String action, Resource resource, Consumer<String> denial)
    {
        enforce(asker, CheckAccessRequest.newBuilder().setAction(action).setResource(resource), denial);
    }

    /** A rename or move: the target is the new name. */
    void check(Asker asker, String action, Resource resource, Resource target, Consumer<String> denial)
    {
        enforce(asker, CheckAccessRequest.newBuilder().setAction(action).setResource(resource).setTarget(target), denial);
    }

    /** A grant, or the setting of an authorization. */
    void check(Asker asker, String action, Resource resource, TrinoPrincipal principal, Consumer<String> denial)
    {
        // FAIL-CLOSED: an object of the plugin's own user would be read by the plugin's rights.
        if (plugin.is(principal.getName())) {
            deny(denial, "this user cannot be granted anything");
        }
        Grantee grantee = Identities.grantee(principal);
        enforce(asker, CheckAccessRequest.newBuilder().setAction(action).setResource(resource).setGrantee(grantee), denial);
    }

    /** Each role to each grantee, one by one. */
    void roles(Asker asker, String action, Set<String> roles, Set<TrinoPrincipal> grantees, Consumer<String> denial)
    {
        if (roles.isEmpty() || grantees.isEmpty()) {
            deny(denial, "no role or no grantee is named");
        }
        roles.forEach(role -> grantees.forEach(grantee -> check(asker, action, Resources.role(role), grantee, denial)));
    }

    boolean isAllowed(Asker asker, String action, Resource resource)
    {
        return allowed(verdict(asker, action, resource));
    }

    Verdict verdict(Asker asker, String action, Resource resource)
    {
        return verdict(asker, CheckAccessRequest.newBuilder().setAction(action).setResource(resource));
    }

    static boolean allowed(Verdict verdict)
    {
        return verdict.getEffect() == EFFECT_ALLOW;
    }

    static void deny(Consumer<String> denial, String reason)
    {
        denial.accept(reason);
        // Every denial throws; should one not, this does.
        throw new AccessDeniedException(reason);
    }

    private void enforce(Asker asker, CheckAccessRequest.Builder question, Consumer<String> denial)
    {
        Verdict verdict = verdict(asker, question);
        if (!allowed(verdict)) {
            deny(denial, verdict.getReason());
        }
    }

    private Verdict verdict(Asker asker, CheckAccessRequest.Builder question)
    {
        return client.checkAccess(asker, question.build()).getVerdict();
    }
}
