package dev.meshward.trino.masking;

import io.airlift.slice.Slice;
import io.trino.spi.connector.Connector;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;

import static dev.meshward.trino.masking.Pseudonyms.Kind.BYTES;
import static dev.meshward.trino.masking.Pseudonyms.Kind.TEXT;
import static io.airlift.slice.Slices.utf8Slice;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class TestMaskingCatalog
{
    private static final String SECRET = "00112233445566778899aabbccddeeff".repeat(2);

    @TempDir
    private Path directory;
    private Path file;

    @BeforeEach
    void writeKey()
            throws IOException
    {
        file = Files.writeString(directory.resolve("masking.key"), SECRET + "\n");
    }

    @Test
    void aCatalogWithAKeyHasFunctions()
    {
        Connector connector = create("meshward", Map.of("meshward.masking.key-file", file.toString()));
        assertThat(connector.getFunctionProvider()).isPresent();
        assertThat(connector.getMetadata(null, MaskingConnector.Transaction.INSTANCE).listFunctions(null, "system"))
                .extracting(function -> function.getCanonicalName())
                .containsOnly("pseudonym", "format_preserving", "reveal");
        assertThat(connector.getMetadata(null, MaskingConnector.Transaction.INSTANCE).listFunctions(null, "other")).isEmpty();
    }

    @Test
    void aMistakeNamesThePropertyAndNothingOfTheKey()
            throws IOException
    {
        assertMistake("meshward", Map.of(), "`meshward.masking.key-file` must be set");
        assertMistake("meshward", Map.of("meshward.masking.key-file", " "), "`meshward.masking.key-file` must be set");
        assertMistake("meshward", Map.of("meshward.masking.key-file", directory.resolve("none").toString()), "cannot be read");
        assertMistake("meshward", Map.of("meshward.masking.key-file", file.toString(), "meshward.masking.key", SECRET), "`meshward.masking.key` is not one");
        // Masks name the catalog, and rules do.
        assertMistake("masks", Map.of("meshward.masking.key-file", file.toString()), "must be called `meshward`");
        for (String wrong : new String[] {"", SECRET.substring(1), SECRET + "0", SECRET.replace('f', 'g'), "x" + SECRET}) {
            Files.writeString(file, wrong);
            assertMistake("meshward", Map.of("meshward.masking.key-file", file.toString()), "64 hexadecimal digits");
        }
    }

    @Test
    void aPseudonymIsOfTheValueAndItsKind()
    {
        MaskingKey key = new MaskingKey(HexFormat.of().parseHex(SECRET));
        assertThat(key.toString()).doesNotContain("0011");
        Pseudonyms pseudonyms = new Pseudonyms(key);
        byte[] value = "clear@mail.example".getBytes(UTF_8);
        // As another program computes it.
        assertThat(pseudonyms.pseudonym(TEXT, value)).asHexString().isEqualToIgnoringCase("828d9f529f128702f6958e790e94516a");
        assertThat(pseudonyms.pseudonym(9223372036854775807L)).isEqualTo(496464535251969334L);
        assertThat(pseudonyms.pseudonym(BYTES, value)).isNotEqualTo(pseudonyms.pseudonym(TEXT, value));
        Slice shown = new KeyedMasks(key).pseudonymOfText(utf8Slice("clear@mail.example"));
        assertThat(shown.toStringUtf8()).isEqualTo("828d9f529f128702f6958e790e94516a");
    }

    private static Connector create(String catalog, Map<String, String> properties)
    {
        return new MaskingConnectorFactory().create(catalog, properties, null);
    }

    private static void assertMistake(String catalog, Map<String, String> properties, String message)
    {
        assertThatThrownBy(() -> create(catalog, properties))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message)
                .satisfies(mistake -> assertThat(mistake.getMessage()).doesNotContain(SECRET.substring(0, 16)));
    }
}
