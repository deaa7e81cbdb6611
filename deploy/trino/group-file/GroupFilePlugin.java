package dev.meshward.groupfile;

import io.trino.spi.Plugin;
import io.trino.spi.security.GroupProvider;
import io.trino.spi.security.GroupProviderFactory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Stands in for Trino's own file group provider, whose jar Maven Central does not have: the same name, property and file format
 * (lines of {@code group:user,user}). For the demo and the tests; a real cluster uses Trino's.
 */
public final class GroupFilePlugin
        implements Plugin
{
    @Override
    public Iterable<GroupProviderFactory> getGroupProviderFactories()
    {
        return List.of(new Factory());
    }

    private static final class Factory
            implements GroupProviderFactory
    {
        @Override
        public String getName()
        {
            return "file";
        }

        @Override
        public GroupProvider create(Map<String, String> properties)
        {
            Map<String, Set<String>> groupsByUser = read(Path.of(properties.get("file.group-file")));
            return user -> groupsByUser.getOrDefault(user, Set.of());
        }
    }

    private static Map<String, Set<String>> read(Path file)
    {
        Map<String, Set<String>> groupsByUser = new HashMap<>();
        try {
            for (String line : Files.readAllLines(file)) {
                int colon = line.indexOf(':');
                if (colon < 0) {
                    continue;
                }
                for (String user : line.substring(colon + 1).split(",")) {
                    groupsByUser.computeIfAbsent(user.strip(), _ -> new HashSet<>()).add(line.substring(0, colon).strip());
                }
            }
        }
        catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return groupsByUser;
    }
}
