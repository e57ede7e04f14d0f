package org.farshore.tests.system;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.farshore.tests.lab.CommandPipe;
import org.farshore.tests.lab.PostgresServer;

/**
 * Commits 1, 2, 3 and so on, each first in PostgreSQL and, when that has answered, in SQLite; the next begins when SQLite has
 * answered. PostgreSQL commits to one volume and SQLite to the other, so that in every state that a power cut could have
 * left, PostgreSQL has as many as SQLite, or one more: a copy that holds one volume as of another moment shows at once.
 *
 * <p>The times tell what a moment must have, and what it must not have yet.
 */
final class CommitChain implements AutoCloseable {
    /** Between two commits: so many disks and processors are shared with what is tested. */
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(2);

    private final CommandPipe postgres;
    private final CommandPipe sqlite;
    private final Thread thread = new Thread(this::run, "commit-chain");
    private final List<Long> begunNs = new ArrayList<>();
    private final List<Long> inPostgresNs = new ArrayList<>();
    private final List<Long> inSqliteNs = new ArrayList<>();
    private volatile boolean stopped;
    private volatile String failure;

    private CommitChain(final CommandPipe postgres, final CommandPipe sqlite) {
        this.postgres = postgres;
        this.sqlite = sqlite;
    }

    /** Makes the tables and begins to commit. */
    static CommitChain start(final PostgresServer server, final Path sqliteFile) {
        server.query("CREATE TABLE chain (id bigint PRIMARY KEY, payload text)");
        final CommitChain chain = new CommitChain(
                CommandPipe.start(server.client("psql", "-XAt", "-v", "ON_ERROR_STOP=1")),
                CommandPipe.start("sqlite3", "-bail", sqliteFile.toString()));
        chain.thread.start();
        return chain;
    }

    private void run() {
        try {
            expect("wal", sqlite.ask("PRAGMA journal_mode = WAL;"));
            expect("100", sqlite.ask("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 100;"));
            expect("0", sqlite.ask("CREATE TABLE chain (id INTEGER PRIMARY KEY, payload TEXT UNIQUE); SELECT 0;"));
            for (long id = 1; !stopped; id++) {
                add(begunNs);
                expect("INSERT 0 1", postgres.ask("INSERT INTO chain VALUES (" + id + ", md5(random()::text));"));
                add(inPostgresNs);
                expect(
                        Long.toString(id),
                        sqlite.ask("INSERT INTO chain VALUES (" + id + ", hex(randomblob(200))); SELECT " + id + ";"));
                add(inSqliteNs);
                LockSupport.parkNanos(PAUSE_NS);
            }
        } catch (final IOException e) {
            failure = e.toString();
        }
    }

    private void expect(final String wanted, final String answer) throws IOException {
        if (!wanted.equals(answer)) {
            throw new IOException("a database answered '" + answer + "' and not '" + wanted + "'");
        }
    }

    private void add(final List<Long> times) {
        final Instant now = Instant.now();
        synchronized (times) {
            times.add(TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano());
        }
    }

    private static long countUntil(final List<Long> times, final long timeNs) {
        synchronized (times) {
            return times.stream().filter(time -> time <= timeNs).count();
        }
    }

    /** How many commits have begun until then. */
    long begunUntil(final long timeNs) {
        return countUntil(begunNs, timeNs);
    }

    /** How many commits PostgreSQL has answered until then; only after that SQLite is asked. */
    long inPostgresUntil(final long timeNs) {
        return countUntil(inPostgresNs, timeNs);
    }

    /** How many commits SQLite has answered until then. */
    long inSqliteUntil(final long timeNs) {
        return countUntil(inSqliteNs, timeNs);
    }

    /** How many commits both have answered by now. */
    long length() {
        requireHealthy();
        return inSqliteUntil(Long.MAX_VALUE);
    }

    /** Complains when a database of the source has refused a commit. */
    void requireHealthy() {
        if (failure != null && !stopped) {
            throw new AssertionError("the chain of commits broke: " + failure);
        }
    }

    /** Ends after the commit that is under way. */
    @Override
    public void close() {
        stopped = true;
        try {
            thread.join(TimeUnit.SECONDS.toMillis(20));
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        postgres.close();
        sqlite.close();
    }
}
