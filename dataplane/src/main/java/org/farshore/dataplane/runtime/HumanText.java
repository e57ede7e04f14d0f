package org.farshore.dataplane.runtime;

import java.util.Locale;

/** Numbers as people read them on a screen. Sizes are binary (MiB), rates decimal (MB/s), as disks and networks are sold. */
public final class HumanText {
    private static final String[] SIZE_UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

    private HumanText() {}

    /** A size such as {@code 0 B}, {@code 4.0 KiB} or {@code 1.0 GiB}. */
    public static String bytes(final long bytes) {
        double value = Math.abs((double) bytes);
        int unit = 0;
        while (value >= 1023.95 && unit < SIZE_UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        final String sign = bytes < 0 ? "-" : "";
        return unit == 0
                ? sign + (long) value + " B"
                : String.format(Locale.ROOT, "%s%.1f %s", sign, value, SIZE_UNITS[unit]);
    }

    /** A rate such as {@code 12.3 MB/s}; always in MB/s, so that columns may be compared at a glance. */
    public static String rate(final double bytesPerSecond) {
        final double megabytes = bytesPerSecond / 1_000_000;
        return String.format(Locale.ROOT, megabytes >= 100 ? "%.0f MB/s" : "%.1f MB/s", megabytes);
    }

    /** A duration such as {@code 12 ms}, {@code 0.35 s}, {@code 42 s}, {@code 3 min 05 s} or {@code 2 h 10 min}. */
    public static String durationMs(final long ms) {
        if (ms < 0) {
            return "-";
        }
        if (ms < 100) {
            return ms + " ms";
        }
        if (ms < 10_000) {
            return String.format(Locale.ROOT, "%.2f s", ms / 1000.0);
        }
        final long seconds = Math.round(ms / 1000.0);
        if (seconds < 60) {
            return seconds + " s";
        }
        if (seconds < 3600) {
            return String.format(Locale.ROOT, "%d min %02d s", seconds / 60, seconds % 60);
        }
        return String.format(Locale.ROOT, "%d h %02d min", seconds / 3600, seconds % 3600 / 60);
    }

    /** A whole number with separators: {@code 12,345}. */
    public static String count(final long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** A bar of {@code width} characters between brackets, such as {@code [####----]}; full only when really done. */
    public static String bar(final double fraction, final int width) {
        final double bounded = Math.min(1, Math.max(0, fraction));
        final int filled = (int) (bounded * width);
        return "[" + "#".repeat(filled) + "-".repeat(width - filled) + "]";
    }

    /** A share such as {@code 52.1 %}; 100 only when really all. */
    public static String percent(final double fraction) {
        final double bounded = Math.min(1, Math.max(0, fraction));
        final double tenths = Math.floor(bounded * 1000);
        return String.format(Locale.ROOT, "%.1f %%", tenths / 10);
    }

    /** A size as it is typed: a whole number with an optional suffix k, m, g or t (powers of 1024). */
    public static long parseBytes(final String text) {
        final String lower = text.trim().toLowerCase(Locale.ROOT);
        final int power = lower.isEmpty() ? -1 : "kmgt".indexOf(lower.charAt(lower.length() - 1));
        final String digits = power < 0 ? lower : lower.substring(0, lower.length() - 1);
        if (digits.isEmpty() || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new IllegalArgumentException(text + " is no size: write 4096, 64k, 64m or 1g");
        }
        try {
            return Math.multiplyExact(Long.parseLong(digits), 1L << (10 * (power + 1)));
        } catch (final NumberFormatException | ArithmeticException e) {
            throw new IllegalArgumentException(text + " is too large", e);
        }
    }
}
