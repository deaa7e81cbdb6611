package dev.meshward.trino.masking;

import io.trino.spi.connector.Connector;
import io.trino.spi.connector.ConnectorMetadata;
import io.trino.spi.connector.ConnectorSession;
import io.trino.spi.connector.ConnectorTransactionHandle;
import io.trino.spi.function.FunctionProvider;
import io.trino.spi.transaction.IsolationLevel;

import java.util.Optional;

/**
 * The catalog of the keyed masks: functions, and no data.
 */
final class MaskingConnector
        implements Connector
{
    private final MaskingFunctions functions;
    private final MaskingMetadata metadata;

    MaskingConnector(KeyedMasks masks)
    {
        functions = new MaskingFunctions(masks);
        metadata = new MaskingMetadata(functions);
    }

    /** There is nothing to be undone. */
    public enum Transaction
            implements ConnectorTransactionHandle
    {
        INSTANCE
    }

    @Override
    public ConnectorTransactionHandle beginTransaction(IsolationLevel isolationLevel, boolean readOnly, boolean autoCommit)
    {
        return Transaction.INSTANCE;
    }

    @Override
    public ConnectorMetadata getMetadata(ConnectorSession session, ConnectorTransactionHandle transaction)
    {
        return metadata;
    }

    @Override
    public Optional<FunctionProvider> getFunctionProvider()
    {
        return Optional.of(functions);
    }

    /** Nothing is held. */
    @Override
    public void shutdown() {}
}
