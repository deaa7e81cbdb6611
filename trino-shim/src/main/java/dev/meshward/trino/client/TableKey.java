package dev.meshward.trino.client;

import dev.meshward.decision.v1.Identity;
import dev.meshward.decision.v1.TableName;

import java.util.Optional;

import static java.util.Objects.requireNonNull;

/**
 * What one decision about a table is for. The identity is the message that is sent, so that two identities which
 * Trino calls equal and whose extra credentials differ have two decisions.
 */
public record TableKey(Identity identity, TableName table, Optional<String> branch)
{
    public TableKey
    {
        requireNonNull(identity, "identity is null");
        requireNonNull(table, "table is null");
        requireNonNull(branch, "branch is null");
    }
}
