package dev.meshward.trino;

import io.trino.spi.Plugin;
import io.trino.spi.security.SystemAccessControlFactory;

import java.util.List;

/**
 * Registers Meshward's access control: {@code access-control.name=meshward}.
 */
public class MeshwardPlugin
        implements Plugin
{
    @Override
    public Iterable<SystemAccessControlFactory> getSystemAccessControlFactories()
    {
        return List.of(new MeshwardAccessControlFactory());
    }
}
