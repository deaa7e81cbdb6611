package dev.meshward.trino.masking;

import io.airlift.slice.Slice;
import io.trino.spi.function.BoundSignature;
import io.trino.spi.function.FunctionDependencies;
import io.trino.spi.function.FunctionId;
import io.trino.spi.function.FunctionMetadata;
import io.trino.spi.function.FunctionProvider;
import io.trino.spi.function.InvocationConvention;
import io.trino.spi.function.InvocationConvention.InvocationReturnConvention;
import io.trino.spi.function.ScalarFunctionAdapter;
import io.trino.spi.function.ScalarFunctionImplementation;
import io.trino.spi.function.Signature;
import io.trino.spi.type.Type;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

import static io.trino.spi.function.InvocationConvention.InvocationArgumentConvention.NEVER_NULL;
import static io.trino.spi.function.InvocationConvention.InvocationReturnConvention.FAIL_ON_NULL;
import static io.trino.spi.function.InvocationConvention.InvocationReturnConvention.NULLABLE_RETURN;
import static io.trino.spi.function.InvocationConvention.simpleConvention;
import static io.trino.spi.type.BigintType.BIGINT;
import static io.trino.spi.type.UuidType.UUID;
import static io.trino.spi.type.VarbinaryType.VARBINARY;
import static io.trino.spi.type.VarcharType.VARCHAR;

/**
 * The functions of the catalog, for each type that one takes. Each takes one value and gives one of the same type.
 */
final class MaskingFunctions
        implements FunctionProvider
{
    private record Function(FunctionMetadata metadata, MethodHandle handle, InvocationReturnConvention returns) {}

    private final KeyedMasks masks;
    private final Map<FunctionId, Function> functions = new LinkedHashMap<>();

    MaskingFunctions(KeyedMasks masks)
    {
        this.masks = masks;
        String pseudonym = "The same stand-in for the same value, by a key";
        add("pseudonym", VARCHAR, pseudonym, "pseudonymOfText", FAIL_ON_NULL);
        add("pseudonym", VARBINARY, pseudonym, "pseudonymOfBytes", FAIL_ON_NULL);
        add("pseudonym", UUID, pseudonym, "pseudonymOfUuid", FAIL_ON_NULL);
        add("pseudonym", BIGINT, pseudonym, "pseudonymOfNumber", FAIL_ON_NULL);
        add("format_preserving", VARCHAR, "Other text of the same form, by a key; NULL where the form has too few", "formatPreserving", NULLABLE_RETURN);
        add("reveal", VARCHAR, "The text behind a format-preserving mask", "reveal", NULLABLE_RETURN);
    }

    Collection<FunctionMetadata> all()
    {
        return functions.values().stream().map(Function::metadata).toList();
    }

    FunctionMetadata metadata(FunctionId id)
    {
        return require(id).metadata();
    }

    @Override
    public ScalarFunctionImplementation getScalarFunctionImplementation(
            FunctionId functionId,
            BoundSignature boundSignature,
            FunctionDependencies functionDependencies,
            InvocationConvention invocationConvention)
    {
        Function function = require(functionId);
        MethodHandle adapted = ScalarFunctionAdapter.adapt(
                function.handle(),
                boundSignature.getReturnType(),
                boundSignature.getArgumentTypes(),
                simpleConvention(function.returns(), NEVER_NULL),
                invocationConvention);
        return ScalarFunctionImplementation.builder().methodHandle(adapted).build();
    }

    private Function require(FunctionId id)
    {
        return Optional.ofNullable(functions.get(id)).orElseThrow(() -> new IllegalArgumentException("there is no function " + id));
    }

    private void add(String name, Type type, String description, String method, InvocationReturnConvention returns)
    {
        FunctionId id = new FunctionId(name + "_" + type.getBaseName());
        FunctionMetadata.Builder metadata = FunctionMetadata.scalarBuilder(name)
                .functionId(id)
                .signature(Signature.builder().returnType(type).argumentType(type).build())
                .description(description);
        if (returns == NULLABLE_RETURN) {
            metadata.nullable();
        }
        Class<?> form = type.getJavaType() == long.class ? long.class : Slice.class;
        functions.put(id, new Function(metadata.build(), handle(method, form), returns));
    }

    private MethodHandle handle(String method, Class<?> form)
    {
        try {
            return MethodHandles.lookup().findVirtual(KeyedMasks.class, method, MethodType.methodType(form, form)).bindTo(masks);
        }
        catch (ReflectiveOperationException e) {
            throw new IllegalStateException("no method " + method, e);
        }
    }
}
