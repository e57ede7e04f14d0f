package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the databases of a view answered, and what they must have answered. */
final class ViewFindings {
    /** All B-trees against their tables, all tables, the commits of the chain, and what pgbench keeps equal. */
    static final String[] QUESTIONS = {
        "SELECT 'recovering', pg_is_in_recovery()",
        "SELECT 'chain', count(*), coalesce(min(id), 1), coalesce(max(id), 0) FROM chain",
        "SELECT 'sums', (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(tbalance) FROM pgbench_tellers),"
                + " (SELECT sum(bbalance) FROM pgbench_branches), (SELECT coalesce(sum(delta), 0) FROM pgbench_history)",
        "SELECT 'index', i.relname, bt_index_check(i.oid, true) FROM pg_class i JOIN pg_am m ON m.oid = i.relam"
                + " WHERE m.amname = 'btree' AND i.relkind = 'i' AND i.relpersistence = 'p'",
        "SELECT 'table', t.relname, (SELECT count(*) FROM verify_heapam(t.oid)) FROM pg_class t"
                + " WHERE t.relkind IN ('r', 't', 'm') AND t.relpersistence = 'p'",
    };

    static final String SQLITE_QUESTIONS =
            "PRAGMA integrity_check; SELECT count(*), coalesce(min(id), 1), coalesce(max(id), 0) FROM chain;";

    /** A cluster that was just made has as many. */
    private static final int INDEXES_MIN = 100;

    private static final int TABLES_MIN = 60;
    private static final long PAGES_MIN = 2_000;
    private static final Pattern PAGES = Pattern.compile("Blocks scanned: *(\\d+)");

    private long inPostgres = -1;
    private long inSqlite = -1;
    private int indexes;
    private int tables;
    private long pages;

    void takePostgres(final List<String> rows) {
        for (final String row : rows) {
            final String[] cells = row.split("\\|", -1);
            switch (cells[0]) {
                case "recovering" -> assertThat(cells[1]).isEqualTo("f");
                case "chain" -> inPostgres = withoutGap("PostgreSQL", cells, 1);
                case "sums" -> assertThat(List.of(cells)).as(row).containsOnly("sums", cells[1]);
                case "index" -> indexes++;
                case "table" -> {
                    assertThat(cells[2]).as("corruption in " + cells[1]).isEqualTo("0");
                    tables++;
                }
                default -> throw new AssertionError("PostgreSQL said " + row);
            }
        }
        assertThat(indexes).isGreaterThan(INDEXES_MIN);
        assertThat(tables).isGreaterThan(TABLES_MIN);
    }

    void takeSqlite(final String answer) {
        final String[] lines = answer.split("\n");
        assertThat(lines).as(answer).hasSize(2);
        assertThat(lines[0]).isEqualTo("ok");
        inSqlite = withoutGap("SQLite", lines[1].split("\\|"), 0);
    }

    void takeChecksums(final String answer) {
        final Matcher matcher = PAGES.matcher(answer);
        assertThat(matcher.find()).as(answer).isTrue();
        pages = Long.parseLong(matcher.group(1));
        assertThat(pages).isGreaterThan(PAGES_MIN);
        assertThat(answer).containsPattern("Bad checksums: *0\n");
    }

    /** Cells are count, smallest and largest id. */
    private static long withoutGap(final String store, final String[] cells, final int at) {
        assertThat(cells[at])
                .as("commits in " + store + " up to " + cells[at + 2])
                .isEqualTo(cells[at + 2]);
        assertThat(cells[at + 1]).as("first commit in " + store).isEqualTo("1");
        return Long.parseLong(cells[at + 2]);
    }

    /** Holds the commits that were found against the times at which they were made; says between which they had to be. */
    String judge(final Moment moment, final CommitChain chain) {
        final long first = chain.inPostgresUntil(moment.notBeforeNs());
        final long last = chain.begunUntil(moment.notAfterNs());
        assertThat(inPostgres).as("commits in PostgreSQL at " + moment).isBetween(first, last);
        assertThat(inSqlite)
                .as("commits in SQLite at " + moment)
                .isBetween(chain.inSqliteUntil(moment.notBeforeNs()), chain.inPostgresUntil(moment.notAfterNs()));
        assertThat(inPostgres)
                .as("commits in PostgreSQL where SQLite has " + inSqlite + ", at " + moment)
                .isBetween(inSqlite, inSqlite + 1);
        return "commits " + inPostgres + " and " + inSqlite + " of " + first + " to " + last;
    }

    @Override
    public String toString() {
        return pages + " page checksums, " + indexes + " indexes, " + tables + " tables";
    }
}
