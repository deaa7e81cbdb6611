package dev.meshward.trino;

import dev.meshward.trino.client.Connection;
import dev.meshward.trino.client.DecisionClient;
import dev.meshward.trino.client.Queries;
import io.trino.spi.security.SystemAccessControl;
import io.trino.spi.security.SystemAccessControlFactory;

import java.util.Map;

/**
 * Makes the access control from the properties of {@code access-control.properties}.
 */
public class MeshwardAccessControlFactory
        implements SystemAccessControlFactory
{
    @Override
    public String getName()
    {
        return "meshward";
    }

    /** Abstract in the SPI up to release 466, gone from 467 on; Trino itself calls only the other one. */
    public SystemAccessControl create(Map<String, String> config)
    {
        throw new UnsupportedOperationException("meshward needs Trino 440 or later");
    }

    @Override
    public SystemAccessControl create(Map<String, String> properties, SystemAccessControlContext context)
    {
        MeshwardConfig config = MeshwardConfig.from(properties);
        Connection connection = new Connection(config, context.getOpenTelemetry());
        DecisionClient client = new DecisionClient(config, connection, context.getVersion());
        return new MeshwardAccessControl(config, client, new Queries());
    }
}
