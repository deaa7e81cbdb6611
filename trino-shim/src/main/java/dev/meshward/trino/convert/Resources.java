package dev.meshward.trino.convert;

import dev.meshward.decision.v1.CatalogResource;
import dev.meshward.decision.v1.EntityResource;
import dev.meshward.decision.v1.FunctionResource;
import dev.meshward.decision.v1.Resource;
import dev.meshward.decision.v1.RoleResource;
import dev.meshward.decision.v1.SchemaResource;
import dev.meshward.decision.v1.SessionPropertyResource;
import dev.meshward.decision.v1.SystemResource;
import dev.meshward.decision.v1.TableName;
import dev.meshward.decision.v1.TableResource;
import dev.meshward.decision.v1.UserResource;
import io.trino.spi.connector.CatalogSchemaName;
import io.trino.spi.connector.CatalogSchemaRoutineName;
import io.trino.spi.connector.CatalogSchemaTableName;
import io.trino.spi.connector.EntityKindAndName;
import io.trino.spi.security.Identity;

import java.util.Optional;
import java.util.Set;

/**
 * What an action is on, as messages.
 */
public final class Resources
{
    private Resources() {}

    public static Resource system()
    {
        return Resource.newBuilder().setSystem(SystemResource.getDefaultInstance()).build();
    }

    public static Resource catalog(String catalog)
    {
        return Resource.newBuilder().setCatalog(CatalogResource.newBuilder().setCatalog(catalog)).build();
    }

    public static Resource schema(CatalogSchemaName schema)
    {
        return schema(schema.getCatalogName(), schema.getSchemaName());
    }

    public static Resource schema(String catalog, String schema)
    {
        return Resource.newBuilder().setSchema(SchemaResource.newBuilder().setCatalog(catalog).setSchema(schema)).build();
    }

    public static Resource table(CatalogSchemaTableName table)
    {
        return resource(parts(table));
    }

    public static Resource branch(CatalogSchemaTableName table, Optional<String> branch)
    {
        TableResource.Builder parts = parts(table);
        branch.ifPresent(parts::setBranch);
        return resource(parts);
    }

    public static Resource columns(CatalogSchemaTableName table, Optional<String> branch, Set<String> columns)
    {
        TableResource.Builder parts = parts(table).addAllColumns(columns.stream().sorted().toList());
        branch.ifPresent(parts::setBranch);
        return resource(parts);
    }

    public static Resource procedure(CatalogSchemaTableName table, String procedure)
    {
        return resource(parts(table).setProcedure(procedure));
    }

    public static Resource privilege(CatalogSchemaTableName table, Optional<String> branch, String privilege)
    {
        TableResource.Builder parts = parts(table).setPrivilege(privilege);
        branch.ifPresent(parts::setBranch);
        return resource(parts);
    }

    public static Resource entity(EntityKindAndName entity)
    {
        return Resource.newBuilder().setEntity(parts(entity)).build();
    }

    public static Resource privilege(EntityKindAndName entity, String privilege)
    {
        return Resource.newBuilder().setEntity(parts(entity).setPrivilege(privilege)).build();
    }

    public static Resource function(CatalogSchemaRoutineName function)
    {
        return Resource.newBuilder()
                .setFunction(FunctionResource.newBuilder()
                        .setCatalog(function.getCatalogName())
                        .setSchema(function.getSchemaName())
                        .setFunction(function.getRoutineName()))
                .build();
    }

    public static Resource sessionProperty(Optional<String> catalog, String property)
    {
        SessionPropertyResource.Builder parts = SessionPropertyResource.newBuilder().setProperty(property);
        catalog.ifPresent(parts::setCatalog);
        return Resource.newBuilder().setSessionProperty(parts).build();
    }

    public static Resource user(String user)
    {
        return Resource.newBuilder().setUser(UserResource.newBuilder().setUser(user)).build();
    }

    public static Resource user(Identity identity)
    {
        return Resource.newBuilder()
                .setUser(UserResource.newBuilder()
                        .setUser(identity.getUser())
                        .addAllGroups(identity.getGroups().stream().sorted().toList()))
                .build();
    }

    public static Resource role(String role)
    {
        return Resource.newBuilder().setRole(RoleResource.newBuilder().setRole(role)).build();
    }

    public static TableName tableName(CatalogSchemaTableName table)
    {
        return TableName.newBuilder()
                .setCatalog(table.getCatalogName())
                .setSchema(table.getSchemaTableName().getSchemaName())
                .setTable(table.getSchemaTableName().getTableName())
                .build();
    }

    private static TableResource.Builder parts(CatalogSchemaTableName table)
    {
        return TableResource.newBuilder().setTable(tableName(table));
    }

    private static EntityResource.Builder parts(EntityKindAndName entity)
    {
        return EntityResource.newBuilder().setEntityKind(entity.entityKind()).addAllName(entity.name());
    }

    private static Resource resource(TableResource.Builder parts)
    {
        return Resource.newBuilder().setTable(parts).build();
    }
}
