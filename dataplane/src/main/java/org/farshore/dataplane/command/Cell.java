package org.farshore.dataplane.command;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Objects;
import org.farshore.dataplane.codecs.control.ValueKind;
import org.farshore.dataplane.runtime.HumanText;

/**
 * One named value of an answer.
 *
 * @param name as the key in JSON and the heading of a table.
 * @param kind what it is.
 * @param number the value, unless it is text.
 * @param text the value when it is text, else empty.
 */
public record Cell(String name, ValueKind kind, long number, String text) {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS", Locale.ROOT);
    private static final long SECOND_NS = 1_000_000_000L;

    public Cell {
        Objects.requireNonNull(name);
        Objects.requireNonNull(kind);
        Objects.requireNonNull(text);
    }

    /** Words. */
    public static Cell text(final String name, final String text) {
        return new Cell(name, ValueKind.TEXT, 0, text);
    }

    /** A number of things, or a number that only compares. */
    public static Cell count(final String name, final long count) {
        return new Cell(name, ValueKind.COUNT, count, "");
    }

    /** A size. */
    public static Cell bytes(final String name, final long bytes) {
        return new Cell(name, ValueKind.BYTES, bytes, "");
    }

    /** A length of time in milliseconds. */
    public static Cell durationMs(final String name, final long durationMs) {
        return new Cell(name, ValueKind.DURATION_MS, durationMs, "");
    }

    /** A moment, nanoseconds of the epoch. */
    public static Cell wallTime(final String name, final long wallTimeNs) {
        return new Cell(name, ValueKind.WALL_TIME_NS, wallTimeNs, "");
    }

    /** Yes or no. */
    public static Cell truth(final String name, final boolean truth) {
        return new Cell(name, ValueKind.TRUTH, truth ? 1 : 0, "");
    }

    /** As a person reads it, times in the zone of this machine. */
    public String forPeople() {
        return switch (kind) {
            case TEXT -> text;
            case BYTES -> HumanText.bytes(number);
            case DURATION_MS -> HumanText.durationMs(number);
            case WALL_TIME_NS -> TIME.format(instant().atZone(ZoneId.systemDefault()));
            case TRUTH -> number != 0 ? "yes" : "no";
            default -> HumanText.count(number);
        };
    }

    /** As a program reads it: text, number, truth, or a moment as ISO 8601 in UTC. */
    public Object forPrograms() {
        return switch (kind) {
            case TEXT -> text;
            case WALL_TIME_NS -> instant().toString();
            case TRUTH -> number != 0;
            default -> number;
        };
    }

    private Instant instant() {
        return Instant.ofEpochSecond(Math.floorDiv(number, SECOND_NS), Math.floorMod(number, SECOND_NS));
    }
}
