package org.farshore.tests.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** One life of a PostgreSQL server of our own, without the machine's clusters: a process of an unprivileged user. */
public final class PostgresServer implements AutoCloseable {
    /** Whose processes and files they are. */
    public static final String USER = "postgres";

    private static final Path VERSIONS = Path.of("/usr/lib/postgresql");
    private static final String READY = "database system is ready to accept connections";
    private static final Duration LIMIT = Duration.ofSeconds(180);

    private final Process process;
    private final Path sockets;
    private final Path log;
    private boolean ended;

    private PostgresServer(final Process process, final Path sockets, final Path log) {
        this.process = process;
        this.sockets = sockets;
        this.log = log;
    }

    /** Ends the test as skipped where there is no server, no client, or no user for it. */
    public static void require(final String name) {
        if (programs() == null) {
            Features.skip(name, "no PostgreSQL server below " + VERSIONS + " (Debian package postgresql)");
        }
        if (Shell.attempt("id", USER).exitCode() != 0) {
            Features.skip(name, "no user " + USER + ": PostgreSQL does not run as root");
        }
        Features.requireCommands(name, "setpriv", "psql");
    }

    /** Directory of the newest version's programs, or null. */
    private static Path programs() {
        if (!Files.isDirectory(VERSIONS)) {
            return null;
        }
        try (Stream<Path> versions = Files.list(VERSIONS)) {
            return versions.map(version -> version.resolve("bin"))
                    .filter(bin -> Stream.of("postgres", "initdb", "pgbench", "pg_checksums")
                            .allMatch(program -> Files.isExecutable(bin.resolve(program))))
                    .max(Comparator.comparing(bin ->
                            Integer.parseInt(bin.getParent().getFileName().toString())))
                    .orElse(null);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A command line of a program of PostgreSQL under its user. */
    public static String[] command(final String program, final String... arguments) {
        final List<String> command = new ArrayList<>(List.of(
                "env",
                "-C",
                "/",
                "setpriv",
                "--reuid",
                USER,
                "--regid",
                USER,
                "--init-groups",
                programs() + "/" + program));
        command.addAll(List.of(arguments));
        return command.toArray(String[]::new);
    }

    /** Makes a directory for the server's user, and the way to it passable. */
    public static Path directoryFor(final Path directory) {
        Shell.must("install", "-d", "-o", USER, "-g", USER, "-m", "0700", directory.toString());
        return directory;
    }

    /** A cluster with checksums on its pages, its log in a directory of its own. */
    public static void makeCluster(final Path cluster, final Path writeAheadLog) {
        Shell.must(command(
                "initdb",
                "--pgdata=" + cluster,
                "--waldir=" + writeAheadLog,
                "--data-checksums",
                "--wal-segsize=1",
                "--auth=trust",
                "--locale=C",
                "--encoding=UTF8"));
    }

    /**
     * Starts a server that listens on a socket in {@code sockets} alone and logs beside it.
     *
     * @param settings {@code name=value}, stronger than what the cluster's files say.
     */
    public static PostgresServer start(final Path cluster, final Path sockets, final String... settings) {
        directoryFor(sockets);
        final Path log = Path.of(sockets + ".log");
        try {
            final List<String> arguments = new ArrayList<>(List.of("-D", cluster.toString(), "-k", sockets.toString()));
            for (final String setting : settings) {
                arguments.addAll(List.of("-c", setting));
            }
            final Process process = new ProcessBuilder(command("postgres", arguments.toArray(String[]::new)))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            return new PostgresServer(process, sockets, log);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until recovery is over and clients are let in. */
    public PostgresServer awaitReady() {
        Await.until(
                "PostgreSQL is ready",
                LIMIT,
                () -> {
                    if (!process.isAlive()) {
                        throw new AssertionError("PostgreSQL ended with " + process.exitValue() + ":\n" + log());
                    }
                    return log().contains(READY);
                },
                this::log);
        return this;
    }

    /** Everything it has said. */
    public String log() {
        try {
            return Files.readString(log, StandardCharsets.UTF_8);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The command line of a client. */
    public String[] client(final String program, final String... arguments) {
        final List<String> command = new ArrayList<>(List.of(arguments));
        command.addAll(0, List.of("-h", sockets.toString(), "-U", USER));
        command.add(USER);
        return command(program, command.toArray(String[]::new));
    }

    /** Runs statements, all of which must succeed, and returns the rows with {@code |} between columns. */
    public List<String> query(final String... statements) {
        final List<String> arguments = new ArrayList<>(List.of("-XAtq", "-v", "ON_ERROR_STOP=1"));
        for (final String statement : statements) {
            arguments.addAll(List.of("-c", statement));
        }
        return Shell.run(LIMIT, Map.of(), List.of(client("psql", arguments.toArray(String[]::new))))
                .mustSucceed()
                .output()
                .lines()
                .toList();
    }

    /** A fast shutdown, with a checkpoint, which must succeed. */
    public void stop() {
        Shell.must("kill", "-INT", Long.toString(process.pid()));
        try {
            if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError("PostgreSQL does not end:\n" + log());
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
        ended = true;
        assertThat(process.exitValue()).as(this::log).isZero();
    }

    /** Ends it at once, however it stands. */
    @Override
    public void close() {
        if (ended) {
            return;
        }
        ended = true;
        Shell.attempt("kill", "-QUIT", Long.toString(process.pid()));
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                Shell.endTree(process);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
