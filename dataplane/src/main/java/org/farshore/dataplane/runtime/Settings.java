package org.farshore.dataplane.runtime;

import java.io.IOException;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * The settings of one role: defaults, over them a {@code .properties} file, over it {@code -D} system properties of the
 * same names. Reading a key declares it; {@link #refuseUnknown()} then refuses every {@code farshore.<role>.} key that was
 * not read, with the nearest known one as a hint. Sizes are written {@code 64m}, durations {@code 5s}.
 */
public final class Settings {
    private final String prefix;
    private final String source;
    private final Map<String, String> given = new TreeMap<>();
    private final Map<String, String> effective = new TreeMap<>();

    private Settings(final String role, final String source, final Properties file, final Properties system) {
        this.prefix = "farshore." + role + ".";
        this.source = source;
        for (final String key : file.stringPropertyNames()) {
            given.put(key, file.getProperty(key).trim());
        }
        for (final String key : system.stringPropertyNames()) {
            if (key.startsWith(prefix)) {
                given.put(key, system.getProperty(key).trim());
            }
        }
    }

    /**
     * Reads the settings of {@code role}.
     *
     * @param file the properties file, or null for defaults and system properties alone.
     * @throws FarshoreException CONFIGURATION when the file cannot be read.
     */
    public static Settings load(final String role, final Path file, final Properties system) {
        final Properties properties = new Properties();
        if (file != null) {
            try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
                properties.load(reader);
            } catch (final IOException | IllegalArgumentException e) {
                throw new FarshoreException(
                        ExitCode.CONFIGURATION, "cannot read the settings file " + file + ": " + e.getMessage(), e);
            }
        }
        return new Settings(role, file == null ? "(no file)" : file.toString(), properties, system);
    }

    /** The full name of a key of this role: {@code farshore.<role>.<thing>}. */
    public String key(final String thing) {
        return prefix + thing;
    }

    /** A text value. */
    public String text(final String thing, final String defaultValue) {
        final String value = given.getOrDefault(key(thing), defaultValue);
        effective.put(key(thing), value == null ? "" : value);
        return value;
    }

    /** A text value that must be given. */
    public String requiredText(final String thing) {
        final String value = text(thing, null);
        if (value == null || value.isEmpty()) {
            throw bad(thing, "", "must be set");
        }
        return value;
    }

    /** A path. */
    public Path path(final String thing, final String defaultValue) {
        return toPath(thing, text(thing, defaultValue));
    }

    /** A value of this key as a path; for values that {@link #group} gave. */
    public Path toPath(final String thing, final String value) {
        try {
            return Path.of(value).toAbsolutePath().normalize();
        } catch (final InvalidPathException e) {
            throw bad(thing, value, "is no path: " + e.getReason());
        }
    }

    /** One of {@code choices}. */
    public String choice(final String thing, final String defaultValue, final String... choices) {
        final String value = text(thing, defaultValue);
        for (final String choice : choices) {
            if (choice.equals(value)) {
                return value;
            }
        }
        throw bad(thing, value, "must be one of " + String.join(", ", choices));
    }

    /** A length in bytes, with an optional suffix k, m, g or t (powers of 1024), inside [min, max]. */
    public long bytes(final String thing, final String defaultValue, final long min, final long max) {
        final String value = text(thing, defaultValue);
        return bounded(thing, value, scaled(thing, value, "kmgt", 1024), min, max);
    }

    /** A whole number inside [min, max]. */
    public int count(final String thing, final int defaultValue, final int min, final int max) {
        final String value = text(thing, Integer.toString(defaultValue));
        return (int) bounded(thing, value, scaled(thing, value, "", 1), min, max);
    }

    /** A duration in nanoseconds, written with ns, us, ms, s, m or h, or as a plain 0, inside [min, max] (both in ns). */
    public long durationNs(final String thing, final String defaultValue, final long minNs, final long maxNs) {
        final String value = text(thing, defaultValue).toLowerCase(Locale.ROOT);
        final String[] units = {"ns", "us", "ms", "s", "m", "h"};
        final long[] factors = {1L, 1_000L, 1_000_000L, 1_000_000_000L, 60_000_000_000L, 3_600_000_000_000L};
        if ("0".equals(value)) {
            return bounded(thing, value, 0, minNs, maxNs);
        }
        for (int i = 0; i < units.length; i++) {
            if (value.endsWith(units[i])) {
                final String digits = value.substring(0, value.length() - units[i].length());
                if (!digits.isEmpty() && digits.chars().allMatch(Character::isDigit)) {
                    return bounded(thing, value, multiply(thing, value, digits, factors[i]), minNs, maxNs);
                }
            }
        }
        throw bad(thing, value, "is no duration: write 100ms, 5s, 2m or 1h");
    }

    /** true or false. */
    public boolean flag(final String thing, final boolean defaultValue) {
        return choice(thing, Boolean.toString(defaultValue), "true", "false").equals("true");
    }

    /** All values whose key is {@code farshore.<role>.<thing>.<name>}, by name, sorted. */
    public Map<String, String> group(final String thing) {
        final Map<String, String> group = new TreeMap<>();
        final String start = key(thing) + ".";
        for (final Map.Entry<String, String> entry : given.entrySet()) {
            if (entry.getKey().startsWith(start)) {
                group.put(entry.getKey().substring(start.length()), entry.getValue());
                effective.put(entry.getKey(), entry.getValue());
            }
        }
        return group;
    }

    /** Refuses to go on when a key was given that nothing has read. */
    public void refuseUnknown() {
        for (final String key : given.keySet()) {
            if (!effective.containsKey(key)) {
                throw new FarshoreException(
                        ExitCode.CONFIGURATION,
                        "unknown key " + key + " in " + source + "; did you mean " + nearest(key) + "?");
            }
        }
    }

    /** Prints the effective settings, one {@code key=value} a line. */
    public void print(final PrintStream out) {
        effective.forEach((key, value) -> out.println(key + "=" + value));
    }

    /** A complaint about a value: which key, which value, in which file, and what is wrong with it. */
    public FarshoreException bad(final String thing, final String value, final String complaint) {
        return new FarshoreException(
                ExitCode.CONFIGURATION, key(thing) + "=" + value + " in " + source + " " + complaint);
    }

    private long bounded(final String thing, final String value, final long number, final long min, final long max) {
        if (number < min || number > max) {
            throw bad(thing, value, "must lie between " + min + " and " + max);
        }
        return number;
    }

    private long scaled(final String thing, final String value, final String suffixes, final long base) {
        final String text = value.toLowerCase(Locale.ROOT);
        final int last = text.length() - 1;
        final int power = last < 0 ? -1 : suffixes.indexOf(text.charAt(last));
        final String digits = power < 0 ? text : text.substring(0, last);
        if (digits.isEmpty() || !digits.chars().allMatch(Character::isDigit)) {
            throw bad(
                    thing, value, suffixes.isEmpty() ? "is no whole number" : "is no size: write 4096, 64k, 64m or 1g");
        }
        long factor = 1;
        for (int i = 0; i <= power; i++) {
            factor *= base;
        }
        return multiply(thing, value, digits, factor);
    }

    private long multiply(final String thing, final String value, final String digits, final long factor) {
        try {
            return Math.multiplyExact(Long.parseLong(digits), factor);
        } catch (final NumberFormatException | ArithmeticException e) {
            throw bad(thing, value, "is too large");
        }
    }

    private String nearest(final String unknown) {
        String best = prefix;
        int bestDistance = Integer.MAX_VALUE;
        for (final String known : effective.keySet()) {
            final int distance = distance(unknown, known);
            if (distance < bestDistance) {
                bestDistance = distance;
                best = known;
            }
        }
        return best;
    }

    /** Edit distance (Levenshtein) of two short texts. */
    private static int distance(final String a, final String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            final int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                final int substitution = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(substitution, Math.min(previous[j], current[j - 1]) + 1);
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
