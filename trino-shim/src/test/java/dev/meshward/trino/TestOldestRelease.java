package dev.meshward.trino;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The plugin is compiled against the newest SPI and runs on Trino 440: whatever it uses of the SPI must be there already.
 */
final class TestOldestRelease
{
    private static final String SPI = "io/trino/spi/";

    /** Called only from methods that came to the SPI later still, together with these. */
    private static final Set<String> NEVER_REACHED = Set.of(
            "denyCreateBranch",
            "denyDenyTableBranchPrivilege",
            "denyDropBranch",
            "denyFastForwardBranch",
            "denyGrantTableBranchPrivilege",
            "denyRefreshView",
            "denyRevokeTableBranchPrivilege",
            "denySetEntityAuthorization",
            "denyShowBranches",
            "denyShowCreateFunction");

    private final Map<String, ClassModel> oldest = new HashMap<>();

    @Test
    void everythingThatIsUsedOfTheSpiIsInTheOldestRelease()
            throws IOException
    {
        readOldest();
        Set<String> missing = new TreeSet<>();
        int used = 0;
        for (Path file : classes()) {
            for (PoolEntry entry : ClassFile.of().parse(file).constantPool()) {
                if (entry instanceof ClassEntry type && type.asInternalName().startsWith(SPI) && !oldest.containsKey(type.asInternalName())) {
                    missing.add(type.asInternalName());
                }
                if (entry instanceof MemberRefEntry member && member.owner().asInternalName().startsWith(SPI)) {
                    used++;
                    String name = member.name().stringValue();
                    if (!NEVER_REACHED.contains(name) && !has(member.owner().asInternalName(), name, member.type().stringValue())) {
                        missing.add(member.owner().asInternalName() + "." + name + member.type().stringValue());
                    }
                }
            }
        }
        assertThat(used).isGreaterThan(100);
        assertThat(missing).isEmpty();
    }

    @Test
    void theBytecodeIsThatOfTheOldestReleasesJava()
            throws IOException
    {
        for (Path file : classes()) {
            assertThat(ClassFile.of().parse(file).majorVersion()).as(file.toString()).isEqualTo(ClassFile.JAVA_21_VERSION);
        }
    }

    private boolean has(String owner, String name, String type)
    {
        ClassModel model = oldest.get(owner);
        if (model == null) {
            // Java's own classes, above the SPI's.
            return !owner.startsWith(SPI);
        }
        boolean declared = Stream.concat(
                        model.methods().stream().filter(method -> method.methodType().equalsString(type)).map(method -> method.methodName().stringValue()),
                        model.fields().stream().filter(field -> field.fieldType().equalsString(type)).map(field -> field.fieldName().stringValue()))
                .anyMatch(name::equals);
        List<ClassEntry> parents = new ArrayList<>(model.interfaces());
        Optional<ClassEntry> superclass = model.superclass();
        superclass.filter(parent -> parent.asInternalName().startsWith(SPI)).ifPresent(parents::add);
        boolean inherited = superclass.filter(parent -> !parent.asInternalName().startsWith(SPI)).isPresent() && isOfObject(name);
        return declared || inherited || parents.stream().anyMatch(parent -> has(parent.asInternalName(), name, type));
    }

    private static boolean isOfObject(String name)
    {
        return Set.of("toString", "equals", "hashCode", "name", "getMessage").contains(name);
    }

    private void readOldest()
            throws IOException
    {
        try (JarFile jar = new JarFile("target/oldest-spi/trino-spi-440.jar")) {
            jar.stream().filter(entry -> entry.getName().endsWith(".class")).forEach(entry -> {
                try (InputStream content = jar.getInputStream(entry)) {
                    ClassModel model = ClassFile.of().parse(content.readAllBytes());
                    oldest.put(model.thisClass().asInternalName(), model);
                }
                catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    private static List<Path> classes()
            throws IOException
    {
        try (Stream<Path> files = Files.walk(Path.of("target/classes/dev/meshward/trino"))) {
            return files.filter(file -> file.toString().endsWith(".class")).toList();
        }
    }
}
