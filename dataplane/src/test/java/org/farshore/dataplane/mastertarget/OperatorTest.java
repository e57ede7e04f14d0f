package org.farshore.dataplane.mastertarget;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.farshore.dataplane.command.Cell;
import org.farshore.dataplane.command.CommandClient;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.command.CommandServer;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.SimulatedDisk.Survival;
import org.farshore.dataplane.runtime.SystemClocks;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The operator's commands over their socket, against a master target that this thread steps. */
@Timeout(60)
class OperatorTest {
    private static final long CAPTURE = 5;
    private static final int POINTS = 8;

    @TempDir
    Path directory;

    private FailoverWorld world;
    private AgentRunner runner;

    /** Everything that a command said. */
    private static final class Answer implements CommandClient.Listener {
        final List<List<Cell>> rows = new ArrayList<>();
        CommandClient.Outcome outcome;

        @Override
        public void onRow(final List<Cell> cells) {
            rows.add(cells);
        }

        @Override
        public void onProgress(final String stage, final long done, final long total, final boolean inBytes) {
            assertThat(stage).isNotEmpty();
        }

        Object value(final int row, final String name) {
            return rows.get(row).stream()
                    .filter(cell -> cell.name().equals(name))
                    .findFirst()
                    .orElseThrow()
                    .forPrograms();
        }
    }

    @BeforeEach
    void begin() {
        world = new FailoverWorld(30).connect(CAPTURE, 0).live(POINTS);
        listen();
    }

    private void listen() {
        runner = new AgentRunner(
                new YieldingIdleStrategy(),
                Throwable::printStackTrace,
                null,
                new CommandServer(
                        directory.resolve(CommandServer.NAME), world.target.target.commands(), new SystemClocks()));
        AgentRunner.startOnThread(runner);
    }

    @AfterEach
    void end() {
        runner.close();
    }

    /** Carries a command out while this thread steps the master target; arguments are name, value, name, value. */
    private Answer command(final String verb, final String... arguments) {
        final java.util.Map<String, String> map = new java.util.LinkedHashMap<>();
        for (int i = 0; i < arguments.length; i += 2) {
            map.put(arguments[i], arguments[i + 1]);
        }
        final Answer answer = new Answer();
        final AtomicReference<Throwable> failure = new AtomicReference<>();
        final Thread client = new Thread(() -> {
            try (CommandClient connected = CommandClient.connect(directory.resolve(CommandServer.NAME))) {
                answer.outcome = connected.call(new CommandRequest(verb, Map.copyOf(map)), answer);
            } catch (final RuntimeException e) {
                failure.set(e);
            }
        });
        client.start();
        while (client.isAlive()) {
            world.target.step();
            world.sender.poll();
            Thread.onSpinWait();
        }
        assertThat(failure.get()).isNull();
        return answer;
    }

    private Answer good(final String verb, final String... arguments) {
        final Answer answer = command(verb, arguments);
        assertThat(answer.outcome.message()).isEmpty();
        assertThat(answer.outcome.exitCode()).isZero();
        return answer;
    }

    private void refused(final ExitCode code, final String why, final String verb, final String... arguments) {
        final Answer answer = command(verb, arguments);
        assertThat(answer.outcome.message()).contains(why);
        assertThat(answer.outcome.exitCode()).isEqualTo(code.code());
    }

    @Test
    void pointsAreListedOldestFirst() {
        final Answer all = good("points");
        assertThat(all.rows).hasSize(POINTS);
        assertThat(all.value(POINTS - 1, "sequence")).isEqualTo(world.sequence(0));
        assertThat(all.value(0, "volumes")).isEqualTo("one,two");
        assertThat(all.value(0, "note")).isEqualTo("first in order");
        final Answer some = command("points", "last", "3", "volumes", "two");
        assertThat(some.rows).hasSize(3);
        assertThat(some.value(0, "sequence")).isEqualTo(world.sequence(2));
        assertThat(some.outcome.message()).isEqualTo(POINTS - 3 + " older points are not shown");
        refused(ExitCode.NO, "there is no volume three, only one, two", "points", "volumes", "three");
        refused(ExitCode.NO, "there is no machine 77", "points", "machine", "77");
    }

    @Test
    void aViewIsOpenedListedAndClosedWithoutResidue() {
        final Answer opened =
                good("view-open", "point", "sequence=" + world.sequence(2), "volumes", "one", "machine", "0000");
        final String id = (String) opened.value(0, "view");
        assertThat(opened.rows).hasSize(1);
        assertThat(opened.value(0, "uri")).isEqualTo("memory:" + id + "/one");
        assertThat(world.read(id + "/one")).isEqualTo(world.points.get(world.sequence(2))[1]);
        assertThat(good("view-list").value(0, "view")).isEqualTo(id);
        assertThat(good("view-close", "view", id).value(0, "residue")).isEqualTo(0L);
        assertThat(command("view-list").outcome.message()).isEqualTo("no view is open");
        refused(ExitCode.NO, "there is no view " + id, "view-close", "view", id);
        refused(ExitCode.NO, "not durable yet", "view-open", "point", "sequence=99999");
        refused(ExitCode.USAGE, "'yesterday' is no point", "view-open", "point", "yesterday");
        refused(ExitCode.USAGE, "wants point", "view-open");
    }

    @Test
    void aTestFailoverHasAllVolumesAndCleansUp() {
        assertThat(good("test-failover-start", "point", "latest").rows).hasSize(2);
        good("view-open", "point", "latest");
        assertThat(good("test-failover-cleanup").value(0, "residue")).isEqualTo(0L);
        assertThat(good("view-list").value(0, "purpose")).isEqualTo("plain");
        refused(ExitCode.NO, "there is no test failover", "test-failover-cleanup");
        good("test-failover-start", "point", "latest");
        good("test-failover-start", "point", "latest-processed");
        refused(ExitCode.USAGE, "which test failover?", "test-failover-cleanup");
    }

    @Test
    void aFailoverToItsEnd() {
        final Answer failover = good("failover", "point", "latest");
        final String first = (String) failover.value(0, "view");
        assertThat(world.read(first + "/two")).isEqualTo(world.now[2]);
        assertThat(good("failover-status").value(0, "phase")).isEqualTo("failed_over");
        refused(ExitCode.NO, "failed over already", "failover", "point", "latest");
        final Answer changed = good("failover-change-point", "point", "sequence=" + world.sequence(3));
        final String second = (String) changed.value(0, "view");
        assertThat(good("commit").value(0, "phase")).isEqualTo("committed");
        assertThat(world.target.replica("one")).isEqualTo(world.points.get(world.sequence(3))[1]);
        refused(ExitCode.NO, "it was committed", "failover-cancel");
        refused(ExitCode.NO, "no recovery point", "view-open", "point", "time=" + Long.MAX_VALUE);
        good("view-close", "view", second);
        assertThat(good("failover-status").value(0, "phase")).isEqualTo("replicating");
    }

    @Test
    void aFailoverToAPointThatIsNotThereChangesNothing() {
        refused(ExitCode.NO, "labelled never", "failover", "point", "label=never");
        assertThat(good("failover-status").value(0, "phase")).isEqualTo("replicating");
        assertThat(world.sender.rejected).isNull();
        good("failover", "point", "latest");
        assertThat(good("failover-cancel").value(0, "generation")).isEqualTo(2L);
    }

    @Test
    void retentionIsShownSetAndPinned() {
        assertThat(good("retention").value(0, "windowMs")).isEqualTo(3_600_000L);
        good("retention-set", "windowMs", "60000");
        good("retention-pin", "name", "keep", "point", "sequence=" + world.sequence(2));
        final Answer shown = good("retention");
        assertThat(shown.value(0, "windowMs")).isEqualTo(60_000L);
        assertThat(shown.value(0, "pins")).isEqualTo("keep");
        assertThat(shown.value(0, "held")).isEqualTo("pin keep");
        assertThat(good("points").rows.stream().filter(row -> row.toString().contains("pinned: keep")))
                .hasSize(1);
        refused(ExitCode.NO, "there is a pin keep already", "retention-pin", "name", "keep", "point", "latest");
        refused(ExitCode.USAGE, "a window is", "retention-set", "windowMs", "0");
        runner.close();
        world.restart(Survival.NONE);
        world.connect(CAPTURE, 0);
        listen();
        assertThat(good("retention").value(0, "windowMs")).isEqualTo(60_000L);
        good("retention-unpin", "name", "keep");
        refused(ExitCode.NO, "there is no pin keep", "retention-unpin", "name", "keep");
        assertThat(good("retention-give-up").value(0, "state")).isEqualTo("points given up");
    }
}
