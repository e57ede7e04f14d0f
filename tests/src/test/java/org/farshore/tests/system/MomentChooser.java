package org.farshore.tests.system;

import com.google.gson.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.farshore.tests.lab.RecoveryCli;

/** Draws moments out of what {@code farshore points} offers: barriers, and sequences between two of them. */
final class MomentChooser {
    /** A point is chosen again when it left the window before it was opened, or lies inside a write or a repair. */
    private static final int ATTEMPTS_MAX = 40;

    private static final int BARRIERS_BEHIND = 2;

    private final RecoveryCli cli;
    private final DatabasesAtSource source;
    private final SplittableRandom random;
    private int withdrawn;
    private int insideWrites;
    private int insideRepairs;

    private record Point(long sequence, long timeNs) {}

    /** A moment, the rows of the view that was opened of it, and when its command was given. */
    record Opened(Moment moment, List<JsonObject> volumes, long beganNs) {}

    MomentChooser(final RecoveryCli cli, final DatabasesAtSource source, final long seed) {
        this.cli = cli;
        this.source = source;
        random = new SplittableRandom(seed);
    }

    /** Chooses a moment of the load and opens a view of both volumes. */
    Opened open() {
        final boolean isBarrier = random.nextBoolean();
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            // Asked each time: on a busy machine a list grows older than the window while commands start.
            final Moment moment = draw(points(), isBarrier);
            final long beganNs = System.nanoTime();
            final RecoveryCli.Answer answer = cli.attempt("view", "open", "--point", "sequence=" + moment.sequence());
            if (answer.exitCode() == 0) {
                return new Opened(moment, answer.rows(), beganNs);
            }
            judgeRefusal(moment, answer);
        }
        throw new AssertionError("no moment could be opened in " + ATTEMPTS_MAX + " attempts");
    }

    private void judgeRefusal(final Moment moment, final RecoveryCli.Answer answer) {
        if (answer.message().contains("withdrawn") || answer.message().contains("before the oldest point")) {
            withdrawn++;
        } else if (answer.message().contains("inside a write") && !moment.isBarrier()) {
            insideWrites++;
        } else if (answer.message().contains("inside a CONVERGING stretch") && !moment.isBarrier()) {
            // Repairs of writes that overlapped in flight: some milliseconds each.
            insideRepairs++;
        } else {
            throw new AssertionError(moment + " was refused with " + answer.exitCode() + ": " + answer.message());
        }
    }

    private Moment draw(final List<Point> points, final boolean isBarrier) {
        final int i = random.nextInt(points.size() - BARRIERS_BEHIND);
        final Point point = points.get(i);
        final Point next = points.get(i + 1);
        final long between = next.sequence - point.sequence - 1;
        if (between > 0 && !isBarrier) {
            final long sequence = point.sequence + 1 + random.nextLong(between);
            return new Moment(sequence, false, point.timeNs, points.get(i + 2).timeNs);
        }
        return new Moment(point.sequence, true, point.timeNs, next.timeNs);
    }

    /** The points of the load, and those behind it which say until when it was. */
    private List<Point> points() {
        final List<Point> points = new ArrayList<>();
        for (final JsonObject row : cli.must("points").rows()) {
            final Instant time = Instant.parse(row.get("time").getAsString());
            final long timeNs = TimeUnit.SECONDS.toNanos(time.getEpochSecond()) + time.getNano();
            if (row.get("note").getAsString().contains("uncertain")) {
                throw new AssertionError("nobody set the clock, and yet: " + row);
            }
            if (timeNs >= source.beganNs() && timeNs <= source.endedNs()) {
                points.add(new Point(row.get("sequence").getAsLong(), timeNs));
            }
        }
        if (points.size() <= BARRIERS_BEHIND) {
            throw new AssertionError("only " + points.size() + " points are offered");
        }
        return points;
    }

    /** Which choices were refused, as they should be. */
    String refusals() {
        return withdrawn + " choices had left the window meanwhile, " + insideWrites + " lay inside a write, "
                + insideRepairs + " inside a repair";
    }
}
