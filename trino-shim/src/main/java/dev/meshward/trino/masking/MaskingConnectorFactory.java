package dev.meshward.trino.masking;

import io.trino.spi.connector.Connector;
import io.trino.spi.connector.ConnectorContext;
import io.trino.spi.connector.ConnectorFactory;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes the catalog {@code meshward}, whose functions are the keyed masks.
 *
 * <p>They are a catalog's functions and no global ones, because Trino asks its access control before it runs these and
 * never before those: whoever could call a mask on values of their own would find out which value is behind another.
 */
public class MaskingConnectorFactory
        implements ConnectorFactory
{
    /** What the decision server calls the functions by. */
    private static final String CATALOG = "meshward";
    private static final String KEY_FILE = "meshward.masking.key-file";

    @Override
    public String getName()
    {
        return "meshward";
    }

    @Override
    public Connector create(String catalogName, Map<String, String> properties, ConnectorContext context)
    {
        if (!catalogName.equals(CATALOG)) {
            throw new IllegalArgumentException("the catalog of connector `meshward` must be called `%s`, because masks name it, and is called `%s`".formatted(CATALOG, catalogName));
        }
        Map<String, String> left = new TreeMap<>(properties);
        String file = left.remove(KEY_FILE);
        if (!left.isEmpty()) {
            throw new IllegalArgumentException("property `%s` is not one of the connector `meshward`; there is `%s`".formatted(left.keySet().iterator().next(), KEY_FILE));
        }
        if (file == null || file.isBlank()) {
            throw new IllegalArgumentException("property `%s` must be set: a file with the masking key".formatted(KEY_FILE));
        }
        return new MaskingConnector(new KeyedMasks(MaskingKey.read(Path.of(file.trim()), KEY_FILE)));
    }
}
