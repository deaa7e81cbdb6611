package dev.meshward.trino;

import dev.meshward.decision.v1.CheckAccessRequest;
import io.grpc.Status;
import io.trino.spi.TrinoException;
import io.trino.spi.connector.CatalogSchemaName;
import io.trino.spi.connector.CatalogSchemaRoutineName;
import io.trino.spi.connector.CatalogSchemaTableName;
import io.trino.spi.connector.EntityKindAndName;
import io.trino.spi.connector.EntityPrivilege;
import io.trino.spi.connector.SchemaTableName;
import io.trino.spi.function.SchemaFunctionName;
import io.trino.spi.security.AccessDeniedException;
import io.trino.spi.security.Identity;
import io.trino.spi.security.PrincipalType;
import io.trino.spi.security.Privilege;
import io.trino.spi.security.SystemAccessControl;
import io.trino.spi.security.SystemSecurityContext;
import io.trino.spi.security.TrinoPrincipal;
import io.trino.spi.type.Type;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import static dev.meshward.trino.PluginUnderTest.COLUMNS;
import static dev.meshward.trino.PluginUnderTest.JAY;
import static dev.meshward.trino.PluginUnderTest.OWNER;
import static dev.meshward.trino.PluginUnderTest.TABLE;
import static io.trino.spi.type.BigintType.BIGINT;
import static java.util.Arrays.stream;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Calls every method of the newest SPI, whatever it is: one that is added later is in these tests already.
 */
final class TestEveryMethod
{
    /** These are answered by the plugin itself. */
    private static final Set<String> LOCAL = Set.of("checkCanSetUser", "getEventListeners", "shutdown");
    private static final Set<String> ABOUT_TABLES = Set.of(
            "checkCanSelectFromColumns",
            "checkCanCreateViewWithSelectFromColumns",
            "getRowFilters",
            "getColumnMask",
            "getColumnMasks");

    private PluginUnderTest plugin;
    private SystemSecurityContext context;

    @BeforeEach
    void start()
    {
        plugin = new PluginUnderTest(Map.of("meshward.deadline", "10s"));
        context = plugin.startQuery(JAY);
    }

    @AfterEach
    void stop()
    {
        plugin.close();
    }

    @Test
    void everyMethodOfTheSpiIsOverridden()
    {
        assertThat(methods()).hasSizeGreaterThanOrEqualTo(99);
        for (Method method : methods()) {
            assertThat(declares(method)).as("%s is left to the SPI's default", method).isTrue();
        }
    }

    @Test
    void noMethodThatTrinoForbidsIsDeclared()
    {
        assertThat(stream(MeshwardAccessControl.class.getMethods()).map(Method::getName))
                .doesNotContain("checkCanAccessCatalog", "checkCanExecuteFunction", "checkCanGrantExecuteFunctionPrivilege");
    }

    @Test
    void everyMethodIsInTheListOfActionsAndEveryListedMethodExists()
            throws IOException
    {
        Set<String> listed = new TreeSet<>(listedActions().keySet());
        listed.addAll(LOCAL);
        assertThat(listed).isEqualTo(methods().stream().map(Method::getName).collect(Collectors.toCollection(TreeSet::new)));
    }

    @Test
    void everyCheckAsksForTheActionThatTheListGivesIt()
            throws Exception
    {
        Map<String, String> actions = listedActions();
        for (Method method : methods()) {
            String name = method.getName();
            if (LOCAL.contains(name) || ABOUT_TABLES.contains(name) || name.startsWith("filter")) {
                continue;
            }
            context = plugin.startQuery(JAY);
            plugin.server.requests.clear();
            call(method);
            assertThat(plugin.server.asked(CheckAccessRequest.class)).as(name)
                    .hasSize(1)
                    .allSatisfy(request -> {
                        assertThat(request.getAction()).isEqualTo(actions.get(name));
                        assertThat(request.getResource().getKindCase()).isNotEqualTo(dev.meshward.decision.v1.Resource.KindCase.KIND_NOT_SET);
                        assertThat(request.getContext().getIdentity().getUser()).isEqualTo("jay");
                    });
        }
    }

    @Test
    void everyDenialIsAnAccessDeniedExceptionWithTheReason()
            throws Exception
    {
        plugin.server.accesses = request -> AnsweringServer.deny("ask the owners of finance").build();
        plugin.server.tables = request -> AnsweringServer.clear(request)
                .setRead(AnsweringServer.verdict(false, "ask the owners of finance"))
                .setShare(AnsweringServer.verdict(false, "ask the owners of finance"))
                .build();
        plugin.server.slices = request -> AnsweringServer.keepAll(request).clearKept().build();
        for (Method method : methods()) {
            if (LOCAL.contains(method.getName()) || method.getName().startsWith("get")) {
                continue;
            }
            if (method.getReturnType() == void.class) {
                assertThat(failure(method)).as(method.getName())
                        .isInstanceOf(AccessDeniedException.class)
                        .hasMessageContaining("ask the owners of finance");
            }
            else if (method.getReturnType() == boolean.class) {
                assertThat(call(method)).as(method.getName()).isEqualTo(false);
            }
            else if (call(method) instanceof Map<?, ?> map) {
                assertThat(map.values()).as(method.getName()).allSatisfy(kept -> assertThat((Collection<?>) kept).isEmpty());
            }
            else {
                assertThat((Collection<?>) call(method)).as(method.getName()).isEmpty();
            }
        }
    }

    @Test
    void noFailureIsADenialOrAnEmptyAnswer()
            throws Exception
    {
        plugin.server.accesses = request -> {
            throw Status.INTERNAL.asRuntimeException();
        };
        plugin.server.tables = request -> {
            throw Status.INTERNAL.asRuntimeException();
        };
        plugin.server.slices = request -> {
            throw Status.INTERNAL.asRuntimeException();
        };
        for (Method method : methods()) {
            if (!LOCAL.contains(method.getName())) {
                assertThat(failure(method)).as(method.getName())
                        .isInstanceOf(TrinoException.class)
                        .isNotInstanceOf(AccessDeniedException.class)
                        .hasMessageContaining("nothing is shown");
            }
        }
    }

    private static List<Method> methods()
    {
        return stream(SystemAccessControl.class.getMethods()).filter(method -> !method.isSynthetic()).toList();
    }

    private static boolean declares(Method method)
    {
        try {
            MeshwardAccessControl.class.getDeclaredMethod(method.getName(), method.getParameterTypes());
            return true;
        }
        catch (NoSuchMethodException e) {
            return false;
        }
    }

    /** SPI method to action, from the table in docs/actions.md. */
    private static Map<String, String> listedActions()
            throws IOException
    {
        Map<String, String> actions = new HashMap<>();
        for (String line : Files.readAllLines(Path.of("../docs/actions.md"))) {
            String[] cells = line.split("\\|");
            if (cells.length == 4 && cells[3].contains("`")) {
                String action = cells[1].strip().replace("`", "").replace(' ', '_');
                Pattern.compile("`(\\w+)`").matcher(cells[3]).results()
                        .map((MatchResult method) -> method.group(1))
                        .forEach(method -> actions.put(method, action));
            }
        }
        assertThat(actions).hasSizeGreaterThan(80);
        return actions;
    }

    private Object call(Method method)
            throws Exception
    {
        List<Object> arguments = new ArrayList<>();
        for (java.lang.reflect.Type type : method.getGenericParameterTypes()) {
            arguments.add(sample(method, type));
        }
        return method.invoke(plugin.control, arguments.toArray());
    }

    private Throwable failure(Method method)
            throws Exception
    {
        try {
            return new AssertionError("%s returned %s".formatted(method.getName(), call(method)));
        }
        catch (InvocationTargetException e) {
            return e.getCause();
        }
    }

    private Object sample(Method method, java.lang.reflect.Type type)
    {
        return switch (type.getTypeName().replaceAll("(?:\\w+\\.)+(\\w+)", "$1")) {
            case "SystemSecurityContext" -> context;
            case "Identity" -> JAY;
            case "QueryId" -> method.getName().equals("checkCanExecuteQuery") ? PluginUnderTest.newQueryId() : context.getQueryId();
            case "String" -> "name";
            case "boolean" -> true;
            case "CatalogSchemaName" -> new CatalogSchemaName("lake", "finance");
            case "CatalogSchemaTableName" -> TABLE;
            case "CatalogSchemaRoutineName" -> new CatalogSchemaRoutineName("lake", "tools", "score");
            case "Privilege" -> Privilege.SELECT;
            case "EntityPrivilege" -> new EntityPrivilege("SELECT");
            case "EntityKindAndName" -> new EntityKindAndName("TABLE", List.of("lake", "finance", "transactions"));
            case "TrinoPrincipal" -> new TrinoPrincipal(PrincipalType.USER, "bob");
            case "Type" -> (Type) BIGINT;
            case "List<ColumnSchema>" -> COLUMNS;
            case "Set<String>" -> Set.of("id");
            case "Set<TrinoPrincipal>" -> Set.of(new TrinoPrincipal(PrincipalType.USER, "bob"));
            case "Set<SchemaTableName>" -> Set.of(new SchemaTableName("finance", "transactions"));
            case "Set<SchemaFunctionName>" -> Set.of(new SchemaFunctionName("tools", "score"));
            case "Collection<Identity>" -> List.of(OWNER);
            case "Optional<String>", "Optional<TrinoPrincipal>", "Optional<Principal>" -> Optional.empty();
            case "Map<String, Object>", "Map<String, Optional<Object>>" -> Map.of();
            case "Map<SchemaTableName, Set<String>>" -> Map.of(new SchemaTableName("finance", "transactions"), Set.of("id"));
            default -> throw new AssertionError("no sample for " + type + (type instanceof ParameterizedType ? " (generic)" : ""));
        };
    }
}
