// Trino's own main class is in none of the jars that Maven Central has; it is this one line.
public final class MeshwardTrinoLauncher
{
    private MeshwardTrinoLauncher() {}

    public static void main(String[] args)
    {
        new io.trino.server.Server().start(args[0]);
    }
}
