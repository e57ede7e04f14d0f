package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.farshore.dataplane.command.CommandClient;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.command.CommandServer;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.tests.lab.Await;
import org.farshore.tests.lab.DirectDisk;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.RecoveryCli;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Back in time on three real roles, by the commands and the NBD clients that people have: a disk is in a known state when a
 * point is cut, and other writes follow.
 */
@PrivilegedSystemTest
class RecoverySystemTest {
    private static final String NAME = "RecoverySystemTest";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long SIZE = 64 << 20;
    private static final long SEED = Long.getLong("farshore.test.seed", 20_260_809L);
    private static final long MILLISECOND_NS = 1_000_000;
    /** How often a commit is killed; more by {@code ./farshore test --long commit-kills}. */
    private static final int COMMIT_KILLS = Integer.getInteger("farshore.test.commit.kills", 3);

    private FarshoreLab lab;
    private RecoveryCli cli;
    private LoopDevice disk;
    private Path then;
    private long sequence;

    @BeforeEach
    void protectAndCutAPoint() {
        Features.requireEbpf(NAME);
        Features.requireCommands(NAME, "nbdcopy", "nbdinfo", "qemu-io", "fio", "cmp");
        lab = FarshoreLab.create("recovery").withBpfFilesystem().set(Role.MASTER_TARGET, "retention.window", "1h");
        cli = new RecoveryCli(lab);
        disk = lab.memoryLoop("disk", SIZE);
        Shell.must("dd", "if=/dev/urandom", "of=" + disk.path(), "bs=1M", "count=8", "oflag=direct", "status=none");
        lab.protect("disk", disk.path()).startAll().awaitOrdered(LIMIT);
        write(1);
        then = lab.directory().resolve("then.img");
        sequence = cli.pointOfNow();
        Shell.must("dd", "if=" + disk.path(), "of=" + then, "bs=1M", "iflag=direct", "status=none");
        write(2);
        cli.pointOfNow();
    }

    @AfterEach
    void takeDown() {
        if (lab != null) {
            lab.close();
        }
    }

    private void write(final int seed) {
        Shell.must(
                "fio",
                "--name=w",
                "--filename=" + disk.path(),
                "--direct=1",
                "--rw=randwrite",
                "--bsrange=512-32k",
                "--bs_unaligned=0",
                "--blockalign=512",
                "--size=" + SIZE,
                "--io_size=6m",
                "--randseed=" + seed,
                "--output=/dev/null");
    }

    private JsonObject open(final String... words) {
        return cli.must(words).row();
    }

    private static String uri(final JsonObject view) {
        return view.get("uri").getAsString();
    }

    private static String id(final JsonObject view) {
        return view.get("view").getAsString();
    }

    private void assertShowsThen(final String uri) {
        final Path copy = lab.directory().resolve("copy.img");
        Shell.must("nbdcopy", uri, copy.toString());
        Shell.must("cmp", then.toString(), copy.toString());
        Shell.must("rm", copy.toString());
    }

    private List<String> files(final String directory) throws IOException {
        final Path root = lab.directory().resolve("master-target");
        try (Stream<Path> paths = Files.walk(root)) {
            return paths.map(path -> root.relativize(path).toString())
                    .filter(name -> name.contains(directory))
                    .toList();
        }
    }

    @Test
    void aViewShowsTheSourceAsItWasWhileReplicationGoesOn() {
        final JsonObject view = open("view", "open", "--point", "sequence=" + sequence);
        final String uri = uri(view);
        assertThat(Shell.must("nbdinfo", "--size", uri)).isEqualTo("" + SIZE);
        assertShowsThen(uri);
        Shell.must("qemu-io", "-f", "raw", uri, "-c", "write -P 0x5a 1M 64k", "-c", "flush");
        write(3);
        lab.kill(Role.MASTER_TARGET);
        cli.startTarget();
        Shell.must("qemu-io", "-f", "raw", uri, "-c", "read -P 0x5a 1M 64k");
        assertThat(cli.must("view", "list").row().get("view").getAsString()).isEqualTo(id(view));
        final JsonObject again = open("view", "open", "--point", "sequence=" + sequence);
        assertShowsThen(uri(again));
        for (final String id : List.of(id(view), id(again))) {
            assertThat(cli.must("view", "close", id).row().get("residue").getAsInt())
                    .isZero();
        }
        assertThat(cli.must("view", "list").rows()).isEmpty();
        assertThat(Shell.attempt("nbdinfo", uri).exitCode()).isNotZero();
        Await.until("replication goes on", LIMIT, lab::ordered, lab::state);
        System.out.println("EQUAL: a view of sequence " + sequence + ", opened in "
                + view.get("openMs").getAsLong() + " ms");
    }

    @Test
    void aTestFailoverLeavesNoResidue() throws IOException {
        final JsonObject test = open("test-failover", "start", "--point", "sequence=" + sequence);
        assertShowsThen(uri(test));
        Shell.must("qemu-io", "-f", "raw", uri(test), "-c", "write -P 1 0 1M", "-c", "flush");
        assertThat(files(id(test))).isNotEmpty();
        assertThat(cli.must("test-failover", "cleanup").row().get("residue").getAsInt())
                .isZero();
        assertThat(files(id(test))).isEmpty();
        assertThat(cli.must("retention").row().get("held").getAsString()).isEmpty();
        lab.awaitOrdered(LIMIT);
        assertThat(cli.newestPoint()).isGreaterThan(sequence);
    }

    @Test
    void aFailoverRefusesTheOldSourceUntilItIsCancelled() throws IOException {
        final JsonObject failover = open("failover", "--yes", "--point", "sequence=" + sequence);
        assertShowsThen(uri(failover));
        Await.until(
                "the agent says that it is refused",
                LIMIT,
                () -> lab.process(Role.AGENT).log().contains("STALE_GENERATION"),
                lab::state);
        assertThat(lab.process(Role.MASTER_TARGET).log()).contains("rejected=STALE_GENERATION");
        assertThat(lab.now(Role.MASTER_TARGET, ReplicationCounter.RECEIVE_REJECTED))
                .isPositive();
        assertThat(cli.must("failover", "status").row().get("phase").getAsString())
                .isEqualTo("failed_over");
        write(4);
        final JsonObject other = open("failover", "change-point", "--yes", "--point", "latest");
        assertThat(other.get("sequence").getAsLong()).isGreaterThan(sequence);
        assertThat(id(other)).isNotEqualTo(id(failover));
        assertNoTraceOf(failover);
        assertThat(cli.must("failover", "cancel", "--yes").row().get("phase").getAsString())
                .isEqualTo("replicating");
        assertNoTraceOf(other);
        assertThat(cli.must("view", "list").rows()).isEmpty();
        assertThat(cli.must("retention").row().get("held").getAsString()).isEmpty();
        Await.until(
                "the source goes on",
                LIMIT,
                () -> lab.now(Role.AGENT, ReplicationCounter.SESSION_STATE) == FarshoreLab.STREAMING && lab.ordered(),
                lab::state);
        final long now = cli.pointOfNow();
        final Path source = lab.directory().resolve("now.img");
        Shell.must("dd", "if=" + disk.path(), "of=" + source, "bs=1M", "iflag=direct", "status=none");
        final JsonObject view = open("view", "open", "--point", "sequence=" + now);
        final Path copy = lab.directory().resolve("copy.img");
        Shell.must("nbdcopy", uri(view), copy.toString());
        Shell.must("cmp", source.toString(), copy.toString());
    }

    /** No file, no export. */
    private void assertNoTraceOf(final JsonObject view) throws IOException {
        assertThat(files(id(view))).isEmpty();
        assertThat(Shell.attempt("nbdinfo", uri(view)).exitCode()).isNotZero();
    }

    @Test
    void whatIsRefusedSaysWhy() {
        assertThat(cli.attempt("failover", "--point", "latest").exitCode()).isEqualTo(2);
        assertThat(cli.attempt("view", "open", "--point", "sequence=999999999").message())
                .contains("not durable");
        assertThat(cli.attempt("view", "close", "77").exitCode()).isEqualTo(1);
        assertThat(cli.attempt("commit", "--yes").message()).contains("has not failed over");
        lab.stop(Role.MASTER_TARGET);
        assertThat(cli.attempt("points").exitCode()).isEqualTo(75);
    }

    @Test
    void retentionIsChangedAndPointsArePinnedWhileTheRoleRuns() {
        cli.must("retention", "set", "--window", "30m");
        assertThat(cli.must("retention").row().get("windowMs").getAsLong()).isEqualTo(1_800_000);
        cli.must("retention", "pin", "before", "--point", "sequence=" + sequence);
        lab.stop(Role.MASTER_TARGET);
        cli.startTarget();
        final JsonObject retention = cli.must("retention").row();
        assertThat(retention.get("windowMs").getAsLong()).isEqualTo(1_800_000);
        assertThat(retention.get("pins").getAsString()).isEqualTo("before");
        cli.must("retention", "unpin", "before");
        assertThat(cli.must("retention").row().get("pins").getAsString()).isEmpty();
    }

    /**
     * SIGKILL at random moments of a commit, each time from the same begin; in the end the replica is the view. A kill that
     * came too late does not count, and the next ones come earlier.
     */
    @Test
    void aCommitGoesOnAfterAKillAtAnyMoment() throws InterruptedException, IOException {
        final JsonObject failover = open("failover", "--yes", "--point", "sequence=" + sequence);
        final String uri = uri(failover);
        Shell.must("qemu-io", "-f", "raw", uri, "-c", "write -P 0x77 3M 20M", "-c", "write -z 40M 4M", "-c", "flush");
        final Path view = lab.directory().resolve("view.img");
        Shell.must("nbdcopy", uri, view.toString());
        lab.stop(Role.MASTER_TARGET);
        final Path data = lab.directory().resolve("master-target");
        Shell.must("cp", "-a", "--sparse=always", data.toString(), data + ".begin");
        final long wholeNs = commitFrom(data, -1);
        requireCommitted(view, uri);
        final SplittableRandom random = new SplittableRandom(SEED);
        long limitNs = wholeNs / 2;
        int kills = 0;
        for (int i = 0; kills < COMMIT_KILLS; i++) {
            assertThat(i).as("kills, %d of them in time", kills).isLessThan(4 * COMMIT_KILLS);
            final long delayNs = random.nextLong(limitNs);
            commitFrom(data, delayNs);
            final String phase =
                    cli.must("failover", "status").row().get("phase").getAsString();
            if (phase.equals("committed")) {
                limitNs = Math.max(delayNs, MILLISECOND_NS);
            } else {
                kills++;
            }
            cli.must("commit", "--yes");
            requireCommitted(view, uri);
            System.out.printf(
                    Locale.ROOT,
                    "seed %d, commit of %.0f ms killed after %.0f ms, found %s: EQUAL%n",
                    SEED,
                    wholeNs / 1e6,
                    delayNs / 1e6,
                    phase);
        }
        cli.must("view", "close", id(failover));
        assertThat(files(id(failover))).isEmpty();
    }

    /** Begins a commit from the copy of the data directory and kills the role; without a kill answers how long it took. */
    private long commitFrom(final Path data, final long killAfterNs) throws InterruptedException {
        if (lab.process(Role.MASTER_TARGET).alive()) {
            lab.stop(Role.MASTER_TARGET);
        }
        Shell.must("rm", "-rf", data.toString());
        Shell.must("cp", "-a", "--sparse=always", data + ".begin", data.toString());
        cli.startTarget();
        final long beginNs;
        try (CommandClient client = CommandClient.connect(data.resolve(CommandServer.NAME))) {
            final Thread commit = new Thread(() -> attemptCommit(client), "commit");
            beginNs = System.nanoTime();
            commit.start();
            if (killAfterNs >= 0) {
                Await.during(Duration.ofNanos(killAfterNs), () -> {});
                lab.kill(Role.MASTER_TARGET);
            }
            commit.join();
        }
        final long tookNs = System.nanoTime() - beginNs;
        if (killAfterNs >= 0) {
            cli.startTarget();
        }
        return tookNs;
    }

    private static void attemptCommit(final CommandClient client) {
        try {
            client.call(new CommandRequest("commit", Map.of()), new RecoveryCli.Silence());
        } catch (final FarshoreException e) {
            assertThat(e.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
        }
    }

    private void requireCommitted(final Path view, final String uri) {
        assertThat(cli.must("failover", "status").row().get("phase").getAsString())
                .isEqualTo("committed");
        final Path copy = lab.directory().resolve("copy.img");
        Shell.must("nbdcopy", uri, copy.toString());
        Shell.must("cmp", view.toString(), copy.toString());
        Shell.must("rm", copy.toString());
        lab.kill(Role.MASTER_TARGET);
        assertThat(DirectDisk.compare(view, lab.replica("disk")).equal()).isTrue();
        cli.startTarget();
    }
}
