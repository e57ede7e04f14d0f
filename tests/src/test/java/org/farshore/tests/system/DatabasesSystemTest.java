package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.tests.lab.Await;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.PostgresServer;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.RecoveryCli;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.Test;

/**
 * PostgreSQL under pgbench with data and log on two volumes, SQLite beside it, and random moments of both opened over NBD
 * from the running master target: file systems, pages, indexes, tables and sums are sound, and the chain of commits has
 * exactly what had been answered by then, over both volumes.
 *
 * <p>The first moments are opened while the load goes on and the window moves, so that retire writes into the replica volumes
 * at the same time; the others after it, from the whole of it. Two of three are examined side by side.
 */
@PrivilegedSystemTest
class DatabasesSystemTest {
    private static final String NAME = "DatabasesSystemTest";
    /** More by {@code ./farshore test --long postgres MOMENTS}. */
    private static final int MOMENTS = Integer.getInteger("farshore.test.moments", 10);

    private static final long SEED = Long.getLong("farshore.test.seed", System.nanoTime());
    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final String WINDOW = "12s";
    /** Of the chain, after the window was made long: what the moments after the load are drawn from. */
    private static final long COMMITS_IN_LONG_WINDOW = Math.max(500, MOMENTS * 20L);

    private static final int SIDE_BY_SIDE = 2;

    private final ExecutorService examiners = Executors.newFixedThreadPool(SIDE_BY_SIDE);
    private final List<Long> openingNs = new ArrayList<>();
    private FarshoreLab lab;
    private RecoveryCli cli;
    private DatabasesAtSource source;
    private MomentChooser chooser;
    private int opened;
    private int besideRetire;
    private int sideBySide;

    /** A moment whose databases are up. */
    private record UpMoment(int number, Moment moment, DatabasesInView view, long openingNs) {}

    @Test
    void databasesAreSoundAtAnyMoment() throws Exception {
        Features.requireEbpf(NAME);
        Features.requireCommands(NAME, "nbdfuse", "fusermount3", "losetup", "mkfs.ext4", "e2fsck", "sqlite3");
        PostgresServer.require(NAME);
        System.out.println("databases: " + MOMENTS + " moments, -Dfarshore.test.seed=" + SEED);
        lab = FarshoreLab.create("databases").withBpfFilesystem();
        try {
            protect();
            final long retiredAtBegin = retired();
            source.begin();
            Await.until("retire has begun", LIMIT, () -> retired() > retiredAtBegin, lab::state);
            final int underLoad = MOMENTS * 2 / 5;
            prove(underLoad);
            assertThat(besideRetire).as("moments beside retire").isPositive();
            cli.must("retention", "set", "--window", "24h");
            source.awaitCommits(COMMITS_IN_LONG_WINDOW);
            source.end();
            prove(MOMENTS - underLoad);
            conclude();
        } finally {
            examiners.shutdown();
            lab.close();
        }
        assertNothingIsLeft();
    }

    private void protect() {
        lab.set(Role.MASTER_TARGET, "retention.window", WINDOW).set(Role.AGENT, "ring.length", "128m");
        cli = new RecoveryCli(lab);
        source = DatabasesAtSource.create(lab);
        chooser = new MomentChooser(cli, source, SEED);
        lab.startAll().awaitOrdered(LIMIT);
    }

    /** How far retire has come. */
    private long retired() {
        return lab.now(Role.MASTER_TARGET, ReplicationCounter.JOURNAL_APPLIED_POSITION);
    }

    /** One moment alone, then two side by side, and so on. */
    private void prove(final int moments) throws InterruptedException {
        for (int done = 0; done < moments; ) {
            final int together = opened % 3 == 0 ? 1 : Math.min(SIDE_BY_SIDE, moments - done);
            final long retired = retired();
            final List<UpMoment> up = new ArrayList<>();
            for (int i = 0; i < together; i++) {
                up.add(bringUp());
            }
            examine(up, retired);
            done += together;
        }
    }

    private UpMoment bringUp() {
        final MomentChooser.Opened view = chooser.open();
        final DatabasesInView databases = DatabasesInView.bringUp(lab, view.volumes());
        final long tookNs = System.nanoTime() - view.beganNs();
        openingNs.add(tookNs);
        return new UpMoment(++opened, view.moment(), databases, tookNs);
    }

    private void examine(final List<UpMoment> up, final long retiredBefore) throws InterruptedException {
        final List<Future<ViewFindings>> examinations = new ArrayList<>();
        for (final UpMoment moment : up) {
            examinations.add(examiners.submit(() -> moment.view.examine()));
        }
        for (int i = 0; i < up.size(); i++) {
            final ViewFindings findings = get(examinations.get(i));
            final String commits = findings.judge(up.get(i).moment, source.chain());
            print(up.get(i), up.size() > 1, retired() - retiredBefore, findings + ", " + commits);
        }
        besideRetire += retired() > retiredBefore ? up.size() : 0;
        sideBySide += up.size() > 1 ? up.size() : 0;
        up.forEach(moment -> moment.view.close(cli));
    }

    private static ViewFindings get(final Future<ViewFindings> examination) throws InterruptedException {
        try {
            return examination.get();
        } catch (final ExecutionException e) {
            throw new AssertionError(e.getCause().getMessage(), e.getCause());
        }
    }

    private static void print(
            final UpMoment moment, final boolean beside, final long retiredBytes, final String findings) {
        System.out.printf(
                Locale.ROOT,
                "moment %3d: sequence %d, %s, up after %.2f s%s%s: %s; SOUND%n",
                moment.number,
                moment.moment.sequence(),
                moment.moment.isBarrier() ? "a barrier" : "between two",
                moment.openingNs / 1e9,
                beside ? ", beside another" : "",
                retiredBytes > 0 ? ", while " + retiredBytes + " bytes retired" : "",
                findings);
    }

    private void conclude() {
        final long[] sorted =
                openingNs.stream().mapToLong(Long::longValue).sorted().toArray();
        System.out.printf(
                Locale.ROOT,
                "databases: %d moments SOUND, %d beside another view, %d beside retire; from the command until PostgreSQL"
                        + " lets clients in %.2f s in the middle, %.2f s at most; %d commits in both; %s%n",
                opened,
                sideBySide,
                besideRetire,
                sorted[sorted.length / 2] / 1e9,
                Arrays.stream(sorted).max().orElseThrow() / 1e9,
                source.chain().length(),
                chooser.refusals());
    }

    /** Neither mounts nor devices nor processes of the lab. */
    private void assertNothingIsLeft() throws IOException {
        final String mark = lab.directory().toString();
        assertThat(Files.readString(Path.of("/proc/mounts"))).doesNotContain(mark);
        assertThat(Shell.must("losetup", "--list", "--output", "BACK-FILE"))
                .doesNotContain(mark)
                .doesNotContain(lab.instance());
        assertThat(ProcessHandle.allProcesses()
                        .filter(process ->
                                process.info().commandLine().orElse("").contains(mark)))
                .isEmpty();
    }
}
