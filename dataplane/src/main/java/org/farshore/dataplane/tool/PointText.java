package org.farshore.dataplane.tool;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/** A recovery point as a person writes it, made into what a role understands. Times are of this machine's zone. */
final class PointText {
    private static final Pattern AGO = Pattern.compile("(\\d{1,9})(ms|s|m|h|d) ago");
    private static final long SECOND_NS = 1_000_000_000L;

    private PointText() {}

    /**
     * Translates.
     *
     * @param now what "ago" counts from, and whose day a bare time of day is of.
     * @throws FarshoreException USAGE when it means nothing.
     */
    static String parse(final String text, final Instant now, final ZoneId zone) {
        if (text.matches("latest(-processed|-application)?") || text.startsWith("label=")) {
            return text;
        }
        if (text.matches("(sequence=)?\\d{1,18}")) {
            return text.startsWith("sequence=") ? text : "sequence=" + text;
        }
        final Instant time = time(text.startsWith("time=") ? text.substring("time=".length()) : text, now, zone);
        if (time == null) {
            throw new FarshoreException(
                    ExitCode.USAGE,
                    "'" + text
                            + "' is no point: write latest, latest-processed, latest-application, a sequence, label=NAME,"
                            + " or a time such as 2026-01-31T14:05:09, 14:05:09.250, '90s ago'");
        }
        return "time=" + Math.addExact(Math.multiplyExact(time.getEpochSecond(), SECOND_NS), time.getNano());
    }

    private static Instant time(final String text, final Instant now, final ZoneId zone) {
        final Matcher ago = AGO.matcher(text);
        if (ago.matches()) {
            return now.minus(duration(Long.parseLong(ago.group(1)), ago.group(2)));
        }
        final String iso = text.trim().replace(' ', 'T');
        try {
            if (iso.endsWith("Z")) {
                return Instant.parse(iso);
            }
            if (iso.indexOf('T') >= 0) {
                return LocalDateTime.parse(iso).atZone(zone).toInstant();
            }
            return LocalDateTime.of(LocalDate.ofInstant(now, zone), LocalTime.parse(iso))
                    .atZone(zone)
                    .toInstant();
        } catch (final DateTimeParseException e) {
            return null;
        }
    }

    static Duration duration(final long number, final String unit) {
        return switch (unit) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
        };
    }

    /**
     * A length of time such as {@code 90s} or {@code 36h}, in milliseconds.
     *
     * @throws FarshoreException USAGE when it is none.
     */
    static long durationMs(final String text) {
        final Matcher matcher = AGO.matcher(text + " ago");
        if (!matcher.matches()) {
            throw new FarshoreException(
                    ExitCode.USAGE, "'" + text + "' is no length of time: write 500ms, 90s, 30m, 36h or 7d");
        }
        return duration(Long.parseLong(matcher.group(1)), matcher.group(2)).toMillis();
    }
}
