package org.farshore.control.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A ledger in a SQLite database: accounts whose balances always sum to the same, and a numbered row for every transfer.
 * Each transfer is a transaction of its own, synced before it counts. So a copy can be asked three questions: is the file
 * sound, is the sum right, and is the last transfer that was acknowledged there.
 */
final class SqliteLedger {
    static final String FILE = "ledger.sqlite";

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int ACCOUNTS = 1000;
    private static final int OPENING_BALANCE = 1000;
    private static final int NOTE_LENGTH = 1500;
    private static final int TRANSFERS_KEPT_MAX = 20_000;
    private static final int ROW_LENGTH = 2048;

    private final Path database;
    private final long transfersKept;
    private final SplittableRandom random;
    private final AtomicLong transfers = new AtomicLong();

    /** Keeps as many transfers as fit {@code bytesMax}, roughly. */
    SqliteLedger(final Path database, final long bytesMax, final long seed) {
        this.database = database;
        this.transfersKept = Math.min(TRANSFERS_KEPT_MAX, bytesMax / ROW_LENGTH);
        this.random = new SplittableRandom(seed);
    }

    /** Makes the tables. */
    void create() {
        sql("PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL;"
                + "CREATE TABLE account(id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);"
                + "CREATE TABLE transfer(id INTEGER PRIMARY KEY, source INTEGER, target INTEGER, amount INTEGER,"
                + " note BLOB);"
                + "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<" + ACCOUNTS + ")"
                + " INSERT INTO account SELECT i, " + OPENING_BALANCE + " FROM n;");
    }

    /** Runs some transfers, each in its own transaction. Returns roughly how many bytes that wrote. */
    long transfer(final int count) {
        final StringBuilder script = new StringBuilder("PRAGMA synchronous=FULL;\n");
        for (int i = 1; i <= count; i++) {
            final long id = transfers.get() + i;
            final int source = 1 + random.nextInt(ACCOUNTS);
            final int target = 1 + random.nextInt(ACCOUNTS);
            final int amount = random.nextInt(100);
            script.append("BEGIN IMMEDIATE;")
                    .append("UPDATE account SET balance=balance-" + amount + " WHERE id=" + source + ";")
                    .append("UPDATE account SET balance=balance+" + amount + " WHERE id=" + target + ";")
                    .append("INSERT INTO transfer VALUES(" + id + "," + source + "," + target + "," + amount
                            + ",randomblob(" + NOTE_LENGTH + "));")
                    .append("DELETE FROM transfer WHERE id<=" + (id - transfersKept) + ";COMMIT;\n");
        }
        sql(script.toString());
        transfers.addAndGet(count);
        return (long) count * 8 * 4096;
    }

    /** Transfers that were acknowledged. */
    long transfers() {
        return transfers.get();
    }

    private void sql(final String script) {
        Commands.must(LIMIT, List.of("sqlite3", "-bail", database.toString()), script);
    }

    /**
     * Asks a copy of a ledger the three questions.
     *
     * @return an empty text when all is well, else what is wrong.
     */
    static String check(final Path copy, final long transfersExpected) {
        final Commands.Result result = Commands.run(
                LIMIT,
                List.of(
                        "sqlite3",
                        "-bail",
                        "-readonly",
                        copy.toString(),
                        "PRAGMA integrity_check; SELECT sum(balance) FROM account;"
                                + " SELECT coalesce(max(id),0) FROM transfer;"));
        final String expected = "ok\n" + (long) ACCOUNTS * OPENING_BALANCE + "\n" + transfersExpected;
        final String found = result.output().trim();
        if (result.ok() && found.equals(expected)) {
            return "";
        }
        return "expected integrity, sum and last transfer \"" + expected.replace('\n', ' ') + "\", found \""
                + found.replace('\n', ' ') + "\"";
    }
}
