package dev.meshward.trino.masking;

import dev.meshward.trino.masking.Pseudonyms.Kind;
import io.airlift.slice.Slice;
import io.airlift.slice.Slices;

import java.util.HexFormat;

import static io.airlift.slice.Slices.utf8Slice;

/**
 * The keyed masks as Trino calls them, over its own forms of values. {@code null} is SQL's NULL.
 */
final class KeyedMasks
{
    private final Pseudonyms pseudonyms;
    private final FormatPreserving formatPreserving;

    KeyedMasks(MaskingKey key)
    {
        pseudonyms = new Pseudonyms(key);
        formatPreserving = new FormatPreserving(key);
    }

    Slice pseudonymOfText(Slice text)
    {
        return utf8Slice(HexFormat.of().formatHex(pseudonyms.pseudonym(Kind.TEXT, text.getBytes())));
    }

    Slice pseudonymOfBytes(Slice bytes)
    {
        return Slices.wrappedBuffer(pseudonyms.pseudonym(Kind.BYTES, bytes.getBytes()));
    }

    Slice pseudonymOfUuid(Slice uuid)
    {
        return Slices.wrappedBuffer(pseudonyms.pseudonym(Kind.UUID, uuid.getBytes()));
    }

    long pseudonymOfNumber(long number)
    {
        return pseudonyms.pseudonym(number);
    }

    Slice formatPreserving(Slice text)
    {
        return formatPreserving.encipher(text.toStringUtf8()).map(Slices::utf8Slice).orElse(null);
    }

    Slice reveal(Slice text)
    {
        return formatPreserving.decipher(text.toStringUtf8()).map(Slices::utf8Slice).orElse(null);
    }
}
