package dev.meshward.trino.convert;

import dev.meshward.decision.v1.CatalogRole;
import dev.meshward.decision.v1.Grantee;
import io.trino.spi.security.Identity;
import io.trino.spi.security.SelectedRole;
import io.trino.spi.security.TrinoPrincipal;

import java.security.Principal;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Trino's identities as messages. Sets are sorted, so that equal identities make equal messages: they are memo keys.
 *
 * @param forwardedCredentials the extra credentials that may leave this process
 */
public record Identities(Set<String> forwardedCredentials)
{
    public Identities
    {
        forwardedCredentials = Set.copyOf(forwardedCredentials);
    }

    /** An identity, with those of its extra credentials that are forwarded. */
    public dev.meshward.decision.v1.Identity identity(Identity identity)
    {
        dev.meshward.decision.v1.Identity.Builder message = dev.meshward.decision.v1.Identity.newBuilder()
                .setUser(identity.getUser())
                .addAllGroups(identity.getGroups().stream().sorted().toList())
                .addAllEnabledRoles(identity.getEnabledRoles().stream().sorted().toList());
        identity.getPrincipal().map(Principal::getName).ifPresent(message::setPrincipal);
        new TreeMap<>(identity.getCatalogRoles()).forEach((catalog, role) -> message.putCatalogRoles(catalog, role(role)));
        for (Map.Entry<String, String> credential : new TreeMap<>(identity.getExtraCredentials()).entrySet()) {
            if (forwardedCredentials.contains(credential.getKey())) {
                message.putExtraCredentials(credential.getKey(), credential.getValue());
            }
        }
        return message.build();
    }

    /** Who is granted to, or whose authorization is set. */
    public static Grantee grantee(TrinoPrincipal principal)
    {
        return Grantee.newBuilder()
                .setType(principal.getType().name())
                .setName(principal.getName())
                .build();
    }

    private static CatalogRole role(SelectedRole role)
    {
        CatalogRole.Builder message = CatalogRole.newBuilder().setType(role.getType().name());
        role.getRole().ifPresent(message::setRole);
        return message.build();
    }
}
