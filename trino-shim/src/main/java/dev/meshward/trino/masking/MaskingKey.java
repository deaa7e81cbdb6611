package dev.meshward.trino.masking;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * The masking key, from which each kind of mask has a key of its own. It is in no message, log or text.
 */
final class MaskingKey
{
    private static final int BYTES = 32;
    private static final String HMAC = "HmacSHA256";

    private final byte[] secret;

    MaskingKey(byte[] secret)
    {
        if (secret.length != BYTES) {
            throw new IllegalArgumentException("a masking key has %s bytes".formatted(BYTES));
        }
        this.secret = secret.clone();
    }

    /** Reads 64 hexadecimal digits. A mistake names the property and nothing of what is in the file. */
    static MaskingKey read(Path file, String property)
    {
        byte[] content;
        try {
            content = Files.readAllBytes(file);
        }
        catch (IOException e) {
            throw new IllegalArgumentException("property `%s` is `%s`, which cannot be read".formatted(property, file), e);
        }
        String digits = new String(content, US_ASCII).strip();
        Arrays.fill(content, (byte) 0);
        if (!digits.matches("[0-9a-fA-F]{64}")) {
            throw new IllegalArgumentException("property `%s` is `%s`, which must hold 64 hexadecimal digits: `openssl rand -hex 32` makes them".formatted(property, file));
        }
        return new MaskingKey(HexFormat.of().parseHex(digits));
    }

    /** The key for one purpose, 32 bytes. */
    byte[] derived(String purpose)
    {
        return mac(secret).doFinal(purpose.getBytes(UTF_8));
    }

    /** HMAC-SHA-256 under the key for one purpose; to be cloned for each use. */
    Mac mac(String purpose)
    {
        return mac(derived(purpose));
    }

    private static Mac mac(byte[] key)
    {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(key, HMAC));
            return mac;
        }
        catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HMAC-SHA-256", e);
        }
    }

    @Override
    public String toString()
    {
        return "masking key";
    }
}
