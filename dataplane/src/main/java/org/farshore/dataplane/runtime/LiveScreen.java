package org.farshore.dataplane.runtime;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A few lines of text that are drawn over themselves, on a terminal; what was {@link #note noted} scrolls away above them.
 * Lines are cut to the terminal's width and height, since a line that wraps could not be drawn over. One thread.
 */
public final class LiveScreen {
    private static final String ESCAPE = "\u001b[";
    private static final int DEFAULT_COLUMNS = 80;
    private static final int DEFAULT_ROWS = 24;
    private static final long SIZE_VALID_NS = TimeUnit.SECONDS.toNanos(3);

    private final PrintStream out;
    private final boolean terminal;
    private List<String> shown = List.of();
    private int columns = DEFAULT_COLUMNS;
    private int rows = DEFAULT_ROWS;
    private boolean sized;
    private long sizedAtNs;

    /** On {@code out}; when that is no terminal, nothing is ever drawn over. */
    public LiveScreen(final PrintStream out, final boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** True when standard output (1) or standard error (2) of this process is a terminal that can move its cursor. */
    public static boolean isTerminal(final int fileDescriptor) {
        if ("dumb".equals(System.getenv("TERM")) || System.getenv("TERM") == null) {
            return false;
        }
        try {
            final String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fileDescriptor))
                    .toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (final IOException e) {
            return false;
        }
    }

    /** True when colours are welcome: a terminal, and no NO_COLOR in the environment. */
    public static boolean wantsColour(final int fileDescriptor) {
        final String noColour = System.getenv("NO_COLOR");
        return isTerminal(fileDescriptor) && (noColour == null || noColour.isEmpty());
    }

    public boolean terminal() {
        return terminal;
    }

    /** Draws {@code lines} over what was drawn before. */
    public void draw(final List<String> lines) {
        if (!terminal) {
            lines.forEach(out::println);
            out.flush();
            return;
        }
        measure();
        final List<String> cut = new ArrayList<>();
        for (final String line : lines.subList(0, Math.min(lines.size(), rows - 1))) {
            cut.add(cut(line, columns - 1));
        }
        shown = redraw(cut);
    }

    /** Prints a line that stays, above the live ones. */
    public void note(final String line) {
        if (!terminal) {
            out.println(line);
            out.flush();
            return;
        }
        final List<String> live = shown;
        redraw(List.of());
        out.print(line + System.lineSeparator());
        shown = List.of();
        shown = redraw(live);
    }

    /** Takes the live lines away. */
    public void clear() {
        if (terminal) {
            shown = redraw(List.of());
        }
    }

    /** Leaves the live lines as they are; the next ones are drawn below. */
    public void keep() {
        shown = List.of();
    }

    private List<String> redraw(final List<String> lines) {
        final StringBuilder text = new StringBuilder();
        if (!shown.isEmpty()) {
            text.append(ESCAPE).append(shown.size()).append('A');
        }
        text.append('\r');
        for (final String line : lines) {
            text.append(line)
                    .append(ESCAPE)
                    .append("0m")
                    .append(ESCAPE)
                    .append('K')
                    .append('\n');
        }
        text.append(ESCAPE).append('J');
        out.print(text);
        out.flush();
        return List.copyOf(lines);
    }

    private void measure() {
        final long now = System.nanoTime();
        if (sized && now - sizedAtNs < SIZE_VALID_NS) {
            return;
        }
        sized = true;
        sizedAtNs = now;
        final int[] size = terminalSize();
        rows = size[0];
        columns = size[1];
    }

    /** Rows and columns of the controlling terminal, 24 and 80 when it does not say. */
    private static int[] terminalSize() {
        try {
            final Process stty = new ProcessBuilder("stty", "size")
                    .redirectInput(new java.io.File("/dev/tty"))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            final String text = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).trim();
            if (stty.waitFor() == 0 && text.matches("[1-9][0-9]* [1-9][0-9]*")) {
                final String[] parts = text.split(" ");
                return new int[] {Math.max(4, Integer.parseInt(parts[0])), Math.max(20, Integer.parseInt(parts[1]))};
            }
        } catch (final IOException e) {
            return new int[] {DEFAULT_ROWS, DEFAULT_COLUMNS};
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return new int[] {DEFAULT_ROWS, DEFAULT_COLUMNS};
    }

    /** The first {@code width} visible characters; escape sequences take no room. */
    static String cut(final String line, final int width) {
        final StringBuilder kept = new StringBuilder();
        int visible = 0;
        for (int i = 0; i < line.length(); i++) {
            if (line.charAt(i) == '\u001b') {
                final int end = line.indexOf('m', i);
                if (end < 0) {
                    break;
                }
                kept.append(line, i, end + 1);
                i = end;
            } else if (visible < width) {
                kept.append(line.charAt(i));
                visible++;
            }
        }
        return kept.toString();
    }
}
