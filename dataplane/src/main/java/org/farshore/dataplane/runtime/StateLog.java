package org.farshore.dataplane.runtime;

import java.lang.System.Logger.Level;

/**
 * State changes for people and for {@code grep}: one line of {@code key=value} pairs on standard error through
 * {@link System.Logger}. Nothing is logged per write; this class allocates. Any thread.
 */
public final class StateLog {
    private static final String FORMAT_PROPERTY = "java.util.logging.SimpleFormatter.format";
    private static final String FORMAT = "%1$tFT%1$tT.%1$tL%1$tz level=%4$s %5$s%6$s%n";

    static {
        // Read once by java.util.logging, the default behind System.Logger; it writes two lines for one otherwise.
        if (System.getProperty(FORMAT_PROPERTY) == null) {
            System.setProperty(FORMAT_PROPERTY, FORMAT);
        }
    }

    private static final long WINDOW_NS = 10_000_000_000L;
    /** Lines of a bounded log in each window of ten seconds: more than honest machines that all come back at once make. */
    static final int LINES_PER_WINDOW = 100;

    private final System.Logger logger;
    private final int linesMax;
    private long windowBeginNs;
    private int lines;
    private long suppressed;

    private StateLog(final System.Logger logger, final int linesMax) {
        this.logger = logger;
        this.linesMax = linesMax;
    }

    /** The log of one class. */
    public static StateLog of(final Class<?> owner) {
        return new StateLog(System.getLogger(owner.getName()), Integer.MAX_VALUE);
    }

    /**
     * The log of a class that strangers can make speak: at most {@value #LINES_PER_WINDOW} lines in ten seconds, the next one
     * says how many were left out.
     */
    public static StateLog bounded(final Class<?> owner) {
        return new StateLog(System.getLogger(owner.getName()), LINES_PER_WINDOW);
    }

    /** A state change; {@code pairs} are key, value, key, value. */
    public void info(final Object... pairs) {
        log(Level.INFO, pairs);
    }

    /** Something handled that an operator may want to mend; {@code pairs} are key, value, key, value. */
    public void warn(final Object... pairs) {
        log(Level.WARNING, pairs);
    }

    private void log(final Level level, final Object... pairs) {
        if (logger.isLoggable(level)) {
            final long before = admit(System.nanoTime());
            if (before >= 0) {
                logger.log(level, before == 0 ? format(pairs) : format(pairs) + " suppressed=" + before);
            }
        }
    }

    /** How many lines were left out before this one; -1 when it is left out too. */
    synchronized long admit(final long nowNs) {
        if (nowNs - windowBeginNs >= WINDOW_NS || lines == 0) {
            windowBeginNs = nowNs;
            lines = 0;
        }
        if (lines >= linesMax) {
            suppressed++;
            return -1;
        }
        lines++;
        final long before = suppressed;
        suppressed = 0;
        return before;
    }

    /** The line for {@code pairs}; a value with blanks, quotes or line ends is quoted, so that one entry is one line. */
    static String format(final Object... pairs) {
        final StringBuilder line = new StringBuilder(128);
        for (int i = 0; i + 1 < pairs.length; i += 2) {
            if (i > 0) {
                line.append(' ');
            }
            line.append(pairs[i]).append('=');
            appendValue(line, String.valueOf(pairs[i + 1]));
        }
        return line.toString();
    }

    private static void appendValue(final StringBuilder line, final String value) {
        final boolean plain = !value.isEmpty() && value.chars().allMatch(c -> c > ' ' && c != '"' && c != 127);
        if (plain) {
            line.append(value);
            return;
        }
        line.append('"');
        for (int i = 0; i < value.length(); i++) {
            final char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                line.append('\\').append(c);
            } else {
                line.append(c < ' ' || c == 127 ? ' ' : c);
            }
        }
        line.append('"');
    }
}
