package dev.meshward.trino.client;

import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Where the one decision about a table stands while its query runs; the lock lets one thread ask for it.
 */
final class TableMemo
{
    private final ReentrantLock asking = new ReentrantLock();
    private volatile TableDecision decision;

    ReentrantLock asking()
    {
        return asking;
    }

    Optional<TableDecision> decision()
    {
        return Optional.ofNullable(decision);
    }

    void keep(TableDecision decision)
    {
        this.decision = decision;
    }

    int weight()
    {
        return 1 + decision().map(kept -> kept.columns().size()).orElse(0);
    }
}
