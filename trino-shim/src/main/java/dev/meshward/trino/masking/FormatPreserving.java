package dev.meshward.trino.masking;

import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.fpe.FPEFF1Engine;
import org.bouncycastle.crypto.params.FPEParameters;
import org.bouncycastle.crypto.params.KeyParameter;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Optional;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;

/**
 * Text of the same form: digits become digits, letters letters of the same case, and all else stays in its place. FF1 of NIST
 * SP 800-38G under AES-256; the form is the tweak.
 *
 * <p>Text of digits alone, or of letters of one case or both alone, is enciphered in radix 10 or 26. Where both occur, the text is a
 * number below the count of all texts of its form, which is enciphered in radix 2, again and again until it is below that count.
 *
 * <p>FAIL-CLOSED: what has fewer than a million texts of its form is not enciphered, since it could be found by trying; neither is
 * text with letters beyond ASCII, since they would stay as they are.
 */
final class FormatPreserving
{
    /** The standard's least size of a domain. */
    private static final BigInteger SMALLEST_DOMAIN = BigInteger.valueOf(1_000_000);
    /** Digits and letters. The work grows with the square of their number. */
    private static final int MOST_NUMERALS = 256;

    private final KeyParameter key;

    FormatPreserving(MaskingKey key)
    {
        this.key = new KeyParameter(requireNonNull(key, "key is null").derived("meshward format preserving"));
    }

    Optional<String> encipher(String text)
    {
        return transform(text, true);
    }

    Optional<String> decipher(String text)
    {
        return transform(text, false);
    }

    private Optional<String> transform(String text, boolean forward)
    {
        return Form.of(text).map(form -> {
            byte[] tweak = form.pattern().getBytes(US_ASCII);
            byte[] numerals = form.uniform()
                    .map(radix -> ff1(forward, radix, tweak, form.numerals()))
                    .orElseGet(() -> form.numerals(walk(forward, tweak, form.number(), form.size())));
            return form.text(numerals);
        });
    }

    private BigInteger walk(boolean forward, byte[] tweak, BigInteger number, BigInteger size)
    {
        int bits = size.subtract(BigInteger.ONE).bitLength();
        BigInteger next = number;
        do {
            byte[] numerals = new byte[bits];
            for (int i = 0; i < bits; i++) {
                numerals[i] = (byte) (next.testBit(bits - 1 - i) ? 1 : 0);
            }
            next = BigInteger.ZERO;
            for (byte bit : ff1(forward, 2, tweak, numerals)) {
                next = next.shiftLeft(1).or(BigInteger.valueOf(bit));
            }
        }
        while (next.compareTo(size) >= 0);
        return next;
    }

    private byte[] ff1(boolean forward, int radix, byte[] tweak, byte[] numerals)
    {
        return ff1(key, forward, radix, tweak, numerals);
    }

    static byte[] ff1(KeyParameter key, boolean forward, int radix, byte[] tweak, byte[] numerals)
    {
        FPEFF1Engine engine = new FPEFF1Engine(AESEngine.newInstance());
        engine.init(forward, new FPEParameters(key, radix, tweak));
        byte[] output = new byte[numerals.length];
        engine.processBlock(numerals, 0, numerals.length, output, 0);
        return output;
    }

    /**
     * What stays of a text, and the numerals that do not.
     *
     * @param pattern the text with {@code 9} for a digit, {@code a} and {@code A} for letters
     * @param numerals the digits and letters, each counted from 0
     * @param size how many texts have this form
     */
    private record Form(String pattern, byte[] numerals, BigInteger size)
    {
        static Optional<Form> of(String text)
        {
            StringBuilder pattern = new StringBuilder();
            byte[] numerals = new byte[Math.min(text.length(), MOST_NUMERALS)];
            int count = 0;
            BigInteger size = BigInteger.ONE;
            for (char c : text.toCharArray()) {
                if (c >= 0x80) {
                    return Optional.empty();
                }
                char kind = kind(c);
                pattern.append(kind == 0 ? c : kind);
                if (kind != 0) {
                    if (count == MOST_NUMERALS) {
                        return Optional.empty();
                    }
                    numerals[count++] = (byte) (c - first(kind));
                    size = size.multiply(BigInteger.valueOf(radix(kind)));
                }
            }
            if (size.compareTo(SMALLEST_DOMAIN) < 0) {
                return Optional.empty();
            }
            return Optional.of(new Form(pattern.toString(), Arrays.copyOf(numerals, count), size));
        }

        /** The radix, where all numerals have the same one. */
        Optional<Integer> uniform()
        {
            int[] radices = radices();
            for (int radix : radices) {
                if (radix != radices[0]) {
                    return Optional.empty();
                }
            }
            return Optional.of(radices[0]);
        }

        /** The place of this text among all of its form. */
        BigInteger number()
        {
            int[] radices = radices();
            BigInteger number = BigInteger.ZERO;
            for (int i = 0; i < numerals.length; i++) {
                number = number.multiply(BigInteger.valueOf(radices[i])).add(BigInteger.valueOf(numerals[i]));
            }
            return number;
        }

        /** The numerals of the text at a place. */
        byte[] numerals(BigInteger number)
        {
            int[] radices = radices();
            byte[] numerals = new byte[radices.length];
            BigInteger rest = number;
            for (int i = radices.length - 1; i >= 0; i--) {
                BigInteger[] parts = rest.divideAndRemainder(BigInteger.valueOf(radices[i]));
                numerals[i] = parts[1].byteValue();
                rest = parts[0];
            }
            return numerals;
        }

        /** The text of this form with other numerals. */
        String text(byte[] numerals)
        {
            StringBuilder text = new StringBuilder();
            int at = 0;
            for (char c : pattern.toCharArray()) {
                char kind = kind(c);
                text.append(kind == 0 ? c : (char) (first(kind) + numerals[at++]));
            }
            return text.toString();
        }

        private int[] radices()
        {
            return pattern.chars().filter(c -> kind((char) c) != 0).map(c -> radix(kind((char) c))).toArray();
        }

        private static char kind(char c)
        {
            if (c >= '0' && c <= '9') {
                return '9';
            }
            if (c >= 'a' && c <= 'z') {
                return 'a';
            }
            return c >= 'A' && c <= 'Z' ? 'A' : 0;
        }

        private static char first(char kind)
        {
            return kind == '9' ? '0' : kind;
        }

        private static int radix(char kind)
        {
            return kind == '9' ? 10 : 26;
        }
    }
}
