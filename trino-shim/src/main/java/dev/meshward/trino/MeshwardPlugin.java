package dev.meshward.trino;

import dev.meshward.trino.masking.MaskingConnectorFactory;
import io.trino.spi.Plugin;
import io.trino.spi.connector.ConnectorFactory;
import io.trino.spi.security.SystemAccessControlFactory;

import java.util.List;

/**
 * Registers Meshward's access control ({@code access-control.name=meshward}), and the catalog of the keyed masks
 * ({@code connector.name=meshward}).
 */
public class MeshwardPlugin
        implements Plugin
{
    @Override
    public Iterable<SystemAccessControlFactory> getSystemAccessControlFactories()
    {
        return List.of(new MeshwardAccessControlFactory());
    }

    @Override
    public Iterable<ConnectorFactory> getConnectorFactories()
    {
        return List.of(new MaskingConnectorFactory());
    }
}
