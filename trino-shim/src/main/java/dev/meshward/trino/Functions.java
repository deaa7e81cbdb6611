package dev.meshward.trino;

import dev.meshward.trino.convert.Resources;
import io.trino.spi.connector.CatalogSchemaRoutineName;
import io.trino.spi.security.AccessDeniedException;
import io.trino.spi.security.SystemSecurityContext;

import static java.util.Objects.requireNonNull;

/**
 * Functions and procedures. Those that are built in touch no data and are always there, for the plugin's own
 * expressions too; of others these have what the answer names.
 */
final class Functions
{
    private final Askers askers;
    private final Checks checks;
    private final LocalAnswers local;
    private final PluginIdentity plugin;

    Functions(Askers askers, Checks checks, LocalAnswers local, PluginIdentity plugin)
    {
        this.askers = requireNonNull(askers, "askers is null");
        this.checks = requireNonNull(checks, "checks is null");
        this.local = requireNonNull(local, "local is null");
        this.plugin = requireNonNull(plugin, "plugin is null");
    }

    boolean isAllowed(SystemSecurityContext context, String action, CatalogSchemaRoutineName function)
    {
        if (local.isBuiltin(function)) {
            return true;
        }
        if (plugin.is(context.getIdentity())) {
            plugin.requireExecutes(askers.query(context), Resources.function(function).getFunction());
            return true;
        }
        return checks.isAllowed(askers.asker(context), action, Resources.function(function));
    }

    void checkCanExecuteProcedure(SystemSecurityContext context, CatalogSchemaRoutineName procedure)
    {
        if (!local.isKillQuery(procedure)) {
            checks.check(
                    askers.asker(context),
                    "execute_procedure",
                    Resources.function(procedure),
                    reason -> AccessDeniedException.denyExecuteProcedure(procedure.toString(), reason));
        }
    }
}
