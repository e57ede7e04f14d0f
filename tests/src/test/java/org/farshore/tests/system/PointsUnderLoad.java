package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.farshore.tests.lab.RecoveryCli;
import org.farshore.tests.lab.Shell;

/**
 * Opens random points of the window and reads all of each volume over NBD. What a point showed when it was young it must
 * show again when it is old and most of it lies in the replica volumes; and it may be refused only when it had left the
 * window.
 */
final class PointsUnderLoad {
    private final RecoveryCli cli;
    private final Duration window;
    private final SplittableRandom random;
    private final Map<Long, String> digests = new TreeMap<>();
    private int opened;
    private int openedAgain;
    private int refused;

    private record Point(long sequence, Instant time) {}

    PointsUnderLoad(final RecoveryCli cli, final Duration window, final long seed) {
        this.cli = cli;
        this.window = window;
        random = new SplittableRandom(seed);
    }

    /** Draws a point, one that was read before as often as not, and reads it. */
    void readOne() {
        final List<Point> points = points();
        final List<Point> known = points.stream()
                .filter(point -> digests.containsKey(point.sequence))
                .toList();
        final List<Point> drawn = known.isEmpty() || random.nextBoolean() ? points : known;
        final Point point = drawn.get(random.nextInt(drawn.size()));
        final RecoveryCli.Answer answer = cli.call("view-open", "point", "sequence=" + point.sequence);
        if (answer.exitCode() == 0) {
            compare(point, answer.rows());
        } else {
            judgeRefusal(point, answer);
        }
    }

    private void compare(final Point point, final List<JsonObject> volumes) {
        final List<String> digest = new ArrayList<>();
        for (final JsonObject volume : volumes) {
            final String uri = volume.get("uri").getAsString();
            digest.add(Shell.script("nbdcopy '" + uri + "' - | sha256sum"));
        }
        final String view = volumes.get(0).get("view").getAsString();
        assertThat(cli.call("view-close", "view", view).exitCode()).isZero();
        opened++;
        final String before = digests.put(point.sequence, digest.toString());
        if (before != null) {
            openedAgain++;
            assertThat(digest).as("point " + point.sequence + ", read again").hasToString(before);
        }
    }

    /** Points are as old as the newest one is younger, on the clock of the machine that cut them. */
    private void judgeRefusal(final Point point, final RecoveryCli.Answer answer) {
        final String text = "point " + point.sequence + " of " + point.time + ": " + answer.message();
        assertThat(answer.message()).as(text).containsAnyOf("withdrawn", "before the oldest point");
        final List<Point> now = points();
        assertThat(Duration.between(point.time, now.get(now.size() - 1).time))
                .as(text)
                .isGreaterThanOrEqualTo(window);
        refused++;
    }

    private List<Point> points() {
        final List<Point> points = new ArrayList<>();
        for (final JsonObject row : cli.call("points").rows()) {
            points.add(new Point(
                    row.get("sequence").getAsLong(),
                    Instant.parse(row.get("time").getAsString())));
        }
        return points;
    }

    /** The window as it is offered, from its oldest point to the newest. */
    Duration span() {
        final List<Point> points = points();
        return Duration.between(points.get(0).time, points.get(points.size() - 1).time);
    }

    int opened() {
        return opened;
    }

    /** Of those that were opened: at least for the second time. */
    int openedAgain() {
        return openedAgain;
    }

    @Override
    public String toString() {
        return opened + " points read, " + openedAgain + " of them again, " + refused + " had left, 0 failed";
    }
}
