package dev.meshward.trino.masking;

import dev.meshward.trino.convert.FunctionParts;
import io.trino.spi.connector.ConnectorMetadata;
import io.trino.spi.connector.ConnectorSession;
import io.trino.spi.function.BoundSignature;
import io.trino.spi.function.FunctionDependencyDeclaration;
import io.trino.spi.function.FunctionId;
import io.trino.spi.function.FunctionMetadata;
import io.trino.spi.function.SchemaFunctionName;

import java.util.Collection;
import java.util.List;

import static java.util.Objects.requireNonNull;

/**
 * One schema with functions and without tables. It is called {@code system} because the functions of a schema of that name are open
 * only by a rule of the mesh that names the very function.
 */
final class MaskingMetadata
        implements ConnectorMetadata
{
    private static final String SCHEMA = "system";

    private final MaskingFunctions functions;

    MaskingMetadata(MaskingFunctions functions)
    {
        this.functions = requireNonNull(functions, "functions is null");
    }

    @Override
    public List<String> listSchemaNames(ConnectorSession session)
    {
        return List.of(SCHEMA);
    }

    @Override
    public Collection<FunctionMetadata> listFunctions(ConnectorSession session, String schemaName)
    {
        return schemaName.equals(SCHEMA) ? functions.all() : List.of();
    }

    @Override
    public Collection<FunctionMetadata> getFunctions(ConnectorSession session, SchemaFunctionName name)
    {
        return listFunctions(session, FunctionParts.schema(name)).stream()
                .filter(function -> function.getCanonicalName().equals(FunctionParts.function(name)))
                .toList();
    }

    @Override
    public FunctionMetadata getFunctionMetadata(ConnectorSession session, FunctionId functionId)
    {
        return functions.metadata(functionId);
    }

    @Override
    public FunctionDependencyDeclaration getFunctionDependencies(ConnectorSession session, FunctionId functionId, BoundSignature boundSignature)
    {
        return FunctionDependencyDeclaration.NO_DEPENDENCIES;
    }
}
