package dev.meshward.trino.masking;

import org.bouncycastle.crypto.params.KeyParameter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.HashSet;
import java.util.HexFormat;
import java.util.Random;
import java.util.Set;

import static org.assertj.core.api.Assertions.assertThat;

final class TestFormatPreserving
{
    private static final MaskingKey KEY = new MaskingKey(HexFormat.of().parseHex("00112233445566778899aabbccddeeff".repeat(2)));
    private static final MaskingKey OTHER = new MaskingKey(HexFormat.of().parseHex("10112233445566778899aabbccddeeff".repeat(2)));
    private static final String DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";

    private final FormatPreserving masks = new FormatPreserving(KEY);

    /** The samples that NIST publishes with SP 800-38G, all nine. */
    @ParameterizedTest
    @CsvSource({
            "2B7E151628AED2A6ABF7158809CF4F3C, 10, '', 0123456789, 2433477484",
            "2B7E151628AED2A6ABF7158809CF4F3C, 10, 39383736353433323130, 0123456789, 6124200773",
            "2B7E151628AED2A6ABF7158809CF4F3C, 36, 3737373770717273373737, 0123456789abcdefghi, a9tv40mll9kdu509eum",
            "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F, 10, '', 0123456789, 2830668132",
            "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F, 10, 39383736353433323130, 0123456789, 2496655549",
            "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F, 36, 3737373770717273373737, 0123456789abcdefghi, xbj3kv35jrawxv32ysr",
            "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94, 10, '', 0123456789, 6657667009",
            "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94, 10, 39383736353433323130, 0123456789, 1001623463",
            "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94, 36, 3737373770717273373737, 0123456789abcdefghi, xs8a0azh2avyalyzuwd",
    })
    void theSamplesOfTheStandard(String key, int radix, String tweak, String clear, String enciphered)
    {
        KeyParameter parameter = new KeyParameter(HexFormat.of().parseHex(key));
        byte[] tweakBytes = HexFormat.of().parseHex(tweak);
        assertThat(FormatPreserving.ff1(parameter, true, radix, tweakBytes, numerals(clear))).isEqualTo(numerals(enciphered));
        assertThat(FormatPreserving.ff1(parameter, false, radix, tweakBytes, numerals(enciphered))).isEqualTo(numerals(clear));
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "4111 1111 1111 1111", "123-45-6789", "000000", "AB 123456-x", "abcde", "Smith", "jay.smith@mail.example", "A1b2C3d4", "(+43) 664 1234567", "99999a"})
    void theFormStaysAndTheInverseGivesTheValueBack(String text)
    {
        String masked = masks.encipher(text).orElseThrow();
        assertThat(form(masked)).isEqualTo(form(text));
        assertThat(masked).isNotEqualTo(text);
        assertThat(masks.decipher(masked)).contains(text);
        assertThat(masks.encipher(text)).contains(masked);
        assertThat(new FormatPreserving(OTHER).encipher(text).orElseThrow()).isNotEqualTo(masked);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-", "12345", "abcd", "A1b2", "Müller 1234567", "1234567é", "123456７", "Мария Иванова", "\uD83D\uDE00 1234567"})
    void whatHasTooFewOfItsFormOrLettersBeyondAsciiIsNotShown(String text)
    {
        assertThat(masks.encipher(text)).isEmpty();
        assertThat(masks.decipher(text)).isEmpty();
    }

    @Test
    void veryLongTextIsNotShown()
    {
        assertThat(masks.encipher("7".repeat(256))).isPresent();
        assertThat(masks.encipher("a7".repeat(128))).isPresent();
        assertThat(masks.encipher("7".repeat(257))).isEmpty();
    }

    @Test
    void noTwoValuesShareAMask()
    {
        Random random = new Random(7);
        Set<String> clear = new HashSet<>();
        Set<String> masked = new HashSet<>();
        for (int i = 0; i < 3_000; i++) {
            // 26 times 10^5 texts: enough of them to meet, were it not one to one.
            String text = "%c-%05d".formatted('A' + random.nextInt(26), random.nextInt(100_000));
            clear.add(text);
            String mask = masks.encipher(text).orElseThrow();
            masked.add(mask);
            assertThat(masks.decipher(mask)).contains(text);
        }
        assertThat(masked).hasSameSizeAs(clear);
    }

    private static byte[] numerals(String text)
    {
        byte[] numerals = new byte[text.length()];
        for (int i = 0; i < numerals.length; i++) {
            numerals[i] = (byte) DIGITS.indexOf(text.charAt(i));
        }
        return numerals;
    }

    private static String form(String text)
    {
        return text.replaceAll("[0-9]", "9").replaceAll("[a-z]", "a").replaceAll("[A-Z]", "A");
    }
}
