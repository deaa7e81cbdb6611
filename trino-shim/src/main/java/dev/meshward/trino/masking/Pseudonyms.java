package dev.meshward.trino.masking;

import javax.crypto.Mac;

import java.nio.ByteBuffer;
import java.util.Arrays;

import static java.util.Objects.requireNonNull;

/**
 * The same stand-in for the same value wherever it occurs: the first bits of HMAC-SHA-256. Values of different kinds (text, bytes,
 * UUIDs, numbers) never share one.
 */
final class Pseudonyms
{
    /** 128 bits: that two values get the same pseudonym will not happen. */
    private static final int BYTES = 16;

    enum Kind
    {
        TEXT, BYTES, UUID, NUMBER
    }

    /** INVARIANT: never written to, so that threads may clone it. */
    private final Mac mac;

    Pseudonyms(MaskingKey key)
    {
        mac = requireNonNull(key, "key is null").mac("meshward pseudonym");
    }

    byte[] pseudonym(Kind kind, byte[] value)
    {
        return Arrays.copyOf(whole(kind, value), BYTES);
    }

    /** 64 bits are all that a number has room for: among 100 million numbers, two share a pseudonym with a chance of 1 to 3,700. */
    long pseudonym(long value)
    {
        return ByteBuffer.wrap(whole(Kind.NUMBER, ByteBuffer.allocate(Long.BYTES).putLong(value).array())).getLong();
    }

    private byte[] whole(Kind kind, byte[] value)
    {
        try {
            Mac mac = (Mac) this.mac.clone();
            mac.update((byte) kind.ordinal());
            return mac.doFinal(value);
        }
        catch (CloneNotSupportedException e) {
            throw new IllegalStateException("Java's own HMAC-SHA-256 can be cloned", e);
        }
    }
}
