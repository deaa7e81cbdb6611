package dev.meshward.trino.convert;

import io.trino.spi.function.SchemaFunctionName;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * The parts of a function's name. Older releases have {@code getSchemaName}, newer ones {@code schemaName}, and none has
 * both.
 */
public final class FunctionParts
{
    private static final MethodHandle SCHEMA = find("schemaName", "getSchemaName");
    private static final MethodHandle FUNCTION = find("functionName", "getFunctionName");

    private FunctionParts() {}

    public static String schema(SchemaFunctionName name)
    {
        return read(SCHEMA, name);
    }

    public static String function(SchemaFunctionName name)
    {
        return read(FUNCTION, name);
    }

    private static String read(MethodHandle part, SchemaFunctionName name)
    {
        try {
            return (String) part.invokeExact(name);
        }
        catch (Throwable e) {
            throw new IllegalStateException("a function's name cannot be read", e);
        }
    }

    private static MethodHandle find(String newer, String older)
    {
        MethodType type = MethodType.methodType(String.class);
        try {
            return MethodHandles.publicLookup().findVirtual(SchemaFunctionName.class, newer, type);
        }
        catch (ReflectiveOperationException ignored) {
            try {
                return MethodHandles.publicLookup().findVirtual(SchemaFunctionName.class, older, type);
            }
            catch (ReflectiveOperationException e) {
                throw new IllegalStateException("a function's name has no parts that this plugin knows", e);
            }
        }
    }
}
