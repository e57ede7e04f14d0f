package org.farshore.tests.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.farshore.tests.lab.Await;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.Mount;
import org.farshore.tests.lab.PostgresServer;
import org.farshore.tests.lab.Shell;

/**
 * Two volumes with ext4 and the databases on them: PostgreSQL with its data on the first and its log on the second, under
 * pgbench and the chain of commits; SQLite on the first.
 */
final class DatabasesAtSource {
    static final String DATA = "data";
    static final String LOG = "wal";
    /** Places on the volumes. */
    static final Path CLUSTER = Path.of("postgres", "cluster");

    static final Path SQLITE = Path.of("sqlite", "chain.db");
    static final Path WRITE_AHEAD_LOG = Path.of("postgres", "wal");

    private static final long DATA_LENGTH = 512L << 20;
    private static final long LOG_LENGTH = 96L << 20;
    private static final Duration LIMIT = Duration.ofSeconds(120);
    /** Transactions of pgbench in a second: what two shared cores do beside the roles and the views. */
    private static final int RATE = 60;

    /** Checkpoints every few seconds, so that pages, control file and used log change places again and again. */
    private static final String SETTINGS = """
            listen_addresses = ''
            max_connections = 20
            shared_buffers = 16MB
            min_wal_size = 4MB
            max_wal_size = 12MB
            checkpoint_timeout = 30s
            autovacuum_naptime = 5s
            """;

    private final FarshoreLab lab;
    private final LoopDevice data;
    private final LoopDevice log;
    private PostgresServer server;
    private CommitChain chain;
    private AutoCloseable pgbench;
    private long beganNs;
    private long endedNs;

    private DatabasesAtSource(final FarshoreLab lab) {
        this.lab = lab;
        data = lab.memoryLoop(DATA, DATA_LENGTH);
        log = lab.memoryLoop(LOG, LOG_LENGTH);
    }

    /** Makes file systems, cluster and tables, and protects both volumes; the roles are not started. */
    static DatabasesAtSource create(final FarshoreLab lab) {
        final DatabasesAtSource source = new DatabasesAtSource(lab);
        source.makeCluster();
        lab.protect(DATA, source.data.path()).protect(LOG, source.log.path());
        return source;
    }

    private Path place(final String volume, final Path onVolume) {
        return lab.directory().resolve("source-" + volume).resolve(onVolume);
    }

    private Path mounted(final String volume, final LoopDevice device) {
        Shell.must(
                "mkfs.ext4",
                "-q",
                "-F",
                "-E",
                "lazy_itable_init=0",
                device.path().toString());
        final Mount mount =
                lab.guest(() -> Mount.of(device.path(), lab.directory().resolve("source-" + volume)));
        return mount.point();
    }

    private void makeCluster() {
        Shell.must("chmod", "0711", lab.directory().toString());
        PostgresServer.directoryFor(mounted(DATA, data).resolve("postgres"));
        PostgresServer.directoryFor(mounted(LOG, log).resolve("postgres"));
        Shell.must("mkdir", place(DATA, SQLITE).getParent().toString());
        final Path cluster = place(DATA, CLUSTER);
        PostgresServer.makeCluster(cluster, place(LOG, WRITE_AHEAD_LOG));
        try {
            Files.writeString(
                    cluster.resolve("postgresql.conf"), SETTINGS, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        server = lab.guest(() -> PostgresServer.start(cluster, lab.directory().resolve("source-sockets")));
        server.awaitReady();
        server.query("CREATE EXTENSION amcheck");
        Shell.must(server.client("pgbench", "--initialize", "--scale=1", "--quiet"));
        // Nobody syncs a settings file: until the kernel does, a power cut leaves zeros behind its former end.
        Shell.must("sync", cluster.resolve("postgresql.conf").toString());
    }

    /** Begins the load; every moment from now on is one of a server that runs. */
    void begin() {
        chain = lab.guest(() -> CommitChain.start(server, place(DATA, SQLITE)));
        pgbench = lab.guest(this::startPgbench);
        Await.until("the chain of commits grows", LIMIT, () -> chain.length() > 0, lab::state);
        beganNs = nowNs();
    }

    private AutoCloseable startPgbench() {
        try {
            final Process process = new ProcessBuilder(
                            server.client("pgbench", "--client=2", "--no-vacuum", "--rate=" + RATE, "--time=86400"))
                    .redirectErrorStream(true)
                    .redirectOutput(lab.directory().resolve("pgbench.log").toFile())
                    .start();
            return () -> {
                process.destroy();
                process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
            };
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until the load has gone on for so many commits of the chain. */
    void awaitCommits(final long more) {
        final long until = chain.length() + more;
        Await.until(more + " commits more", LIMIT.plusMillis(more * 50), () -> chain.length() >= until, lab::state);
    }

    /** Ends the load; the server goes on until the lab ends. */
    void end() throws Exception {
        chain.requireHealthy();
        endedNs = nowNs();
        chain.close();
        pgbench.close();
    }

    private static long nowNs() {
        final Instant now = Instant.now();
        return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
    }

    CommitChain chain() {
        return chain;
    }

    /** Wall time from which on the load ran. */
    long beganNs() {
        return beganNs;
    }

    /** Wall time until which the load ran; the end of time while it does. */
    long endedNs() {
        return endedNs == 0 ? Long.MAX_VALUE : endedNs;
    }
}
