package org.farshore.dataplane.operate;

import java.util.Collection;
import java.util.UUID;
import org.farshore.dataplane.codecs.replication.BarrierKind;
import org.farshore.dataplane.recover.PointChoice;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * Which recovery point is wanted, as it is written in a command: {@code latest}, {@code latest-processed},
 * {@code latest-application}, {@code time=} epoch nanoseconds, {@code label=}, {@code sequence=}.
 */
record PointQuery(Kind kind, long number, String label) {
    enum Kind {
        LATEST,
        LATEST_PROCESSED,
        LATEST_APPLICATION,
        TIME,
        LABEL,
        SEQUENCE
    }

    /** @throws FarshoreException USAGE when it is none of those. */
    static PointQuery parse(final String text) {
        final int equals = text.indexOf('=');
        final String name = equals < 0 ? text : text.substring(0, equals);
        final String value = equals < 0 ? "" : text.substring(equals + 1);
        return switch (name) {
            case "latest" -> new PointQuery(Kind.LATEST, 0, "");
            case "latest-processed" -> new PointQuery(Kind.LATEST_PROCESSED, 0, "");
            case "latest-application" -> new PointQuery(Kind.LATEST_APPLICATION, 0, "");
            case "time" -> new PointQuery(Kind.TIME, number(text, value), "");
            case "label" -> new PointQuery(Kind.LABEL, 0, value);
            case "sequence" -> new PointQuery(Kind.SEQUENCE, number(text, value), "");
            default -> throw usage(text);
        };
    }

    private static long number(final String text, final String value) {
        try {
            return Long.parseLong(value);
        } catch (final NumberFormatException e) {
            throw usage(text);
        }
    }

    private static FarshoreException usage(final String text) {
        return new FarshoreException(
                ExitCode.USAGE,
                "'" + text + "' is no point: latest, latest-processed, latest-application, time=, label= or sequence=");
    }

    /** Asks for it; follow thread. */
    PointChoice choose(final StreamHistory history, final Collection<UUID> volumes) {
        return switch (kind) {
            case LATEST -> history.points().latest(volumes);
            case LATEST_PROCESSED ->
                history.points().latestProcessed(history.index().indexedPosition(), volumes);
            case LATEST_APPLICATION -> history.points().latest(BarrierKind.APPLICATION, volumes);
            case TIME -> history.points().atTime(number, volumes);
            case LABEL -> history.points().withLabel(label, volumes);
            case SEQUENCE -> history.points().atSequence(number, volumes);
        };
    }
}
