package dev.meshward.trino.convert;

import dev.meshward.decision.v1.Column;
import io.trino.spi.connector.ColumnSchema;
import io.trino.spi.type.Type;

import java.util.Collection;
import java.util.List;

/**
 * Columns as messages.
 */
public final class Columns
{
    private Columns() {}

    public static Column column(ColumnSchema column)
    {
        return Column.newBuilder()
                .setName(column.getName())
                .setType(column.getType().getDisplayName())
                .setHidden(column.isHidden())
                .build();
    }

    public static Column column(String name, Type type)
    {
        return Column.newBuilder().setName(name).setType(type.getDisplayName()).build();
    }

    /** Columns of which a check gives the names only. */
    public static List<Column> named(Collection<String> names)
    {
        return names.stream()
                .sorted()
                .map(name -> Column.newBuilder().setName(name).build())
                .toList();
    }
}
