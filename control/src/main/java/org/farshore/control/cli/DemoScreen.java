package org.farshore.control.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.farshore.dataplane.runtime.Colour;
import org.farshore.dataplane.runtime.HumanText;
import org.farshore.dataplane.runtime.LiveScreen;
import org.farshore.dataplane.runtime.ReplicationCounter;

/**
 * What a person sees of the demo: steps that stay, and below them, on a terminal, a few lines that move. Elsewhere one
 * plain line every five seconds. One thread.
 */
final class DemoScreen {
    private static final int BAR_WIDTH = 24;
    private static final int TEXT_WIDTH = 72;
    private static final String STEP_INDENT = "       ";
    private static final long PLAIN_EVERY_NS = TimeUnit.SECONDS.toNanos(5);
    private static final List<String> STATES =
            List.of("waiting", "initial copy", "comparing", "resync", "repair", "in write order");
    private static final int ORDERED = 5;

    private final LiveScreen screen;
    private final boolean colour;
    private final long startNs = System.nanoTime();
    private long plainAtNs;

    DemoScreen(final LiveScreen screen, final boolean colour) {
        this.screen = screen;
        this.colour = colour;
    }

    /** A step, with the time since the start. */
    void step(final String text) {
        final List<String> lines = wrapped(text);
        screen.note(Colour.BOLD.paint(colour, clock()) + "  " + lines.get(0));
        lines.subList(1, lines.size()).forEach(line -> screen.note(STEP_INDENT + line));
    }

    /** More about the last step. */
    void detail(final String text) {
        wrapped(text).forEach(line -> screen.note(STEP_INDENT + line));
    }

    /** A line that stays. */
    void note(final String text) {
        screen.note(text);
    }

    /** Broken at blanks so that it fits beside the clock; a log gets its lines whole. */
    private List<String> wrapped(final String text) {
        return screen.terminal() ? wrap(text, TEXT_WIDTH) : List.of(text);
    }

    static List<String> wrap(final String text, final int width) {
        final List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (final String word : text.split(" ")) {
            if (line.length() > 0 && line.length() + 1 + word.length() > width) {
                lines.add(line.toString());
                line = new StringBuilder();
            }
            line.append(line.length() == 0 ? "" : " ").append(word);
        }
        lines.add(line.toString());
        return lines;
    }

    /** What matters most. */
    void alarm(final String text) {
        screen.note(Colour.RED.paint(colour, text));
    }

    /** Takes the moving lines away. */
    void clear() {
        screen.clear();
    }

    /** Leaves the moving lines where they are. */
    void keep() {
        screen.keep();
    }

    /** Seconds since the demo began. */
    double seconds() {
        return (System.nanoTime() - startNs) / 1e9;
    }

    private String clock() {
        final long seconds = (long) seconds();
        return String.format(Locale.ROOT, "%02d:%02d", seconds / 60, seconds % 60);
    }

    /** Shows where things stand; {@code doing} is the step under way. */
    void show(final String doing, final DemoNumbers numbers, final List<DemoWorkload> workloads, final int kills) {
        if (screen.terminal()) {
            screen.draw(live(doing, numbers, workloads, kills));
        } else if (System.nanoTime() - plainAtNs >= PLAIN_EVERY_NS) {
            plainAtNs = System.nanoTime();
            screen.note(clock() + "  " + plain(doing, numbers));
        }
    }

    List<String> live(
            final String doing, final DemoNumbers numbers, final List<DemoWorkload> workloads, final int kills) {
        final List<String> lines = new ArrayList<>();
        lines.add("");
        lines.add(name("state") + Colour.BOLD.paint(colour, doing));
        for (final String volume : numbers.agent().volumes()) {
            lines.add(name(volume) + volume(numbers, volume));
        }
        lines.add(name("captured")
                + flow(numbers, ReplicationCounter.CAPTURED_BYTES)
                + " in " + HumanText.count(numbers.agent(ReplicationCounter.CAPTURED_RECORDS)) + " writes");
        lines.add(name("sent") + flow(numbers, ReplicationCounter.SENT_PAYLOAD_BYTES));
        lines.add(name("durable") + flow(numbers, ReplicationCounter.DURABLE_PAYLOAD_BYTES));
        lines.add(name("ratio") + ratio(numbers) + "   ring holds " + HumanText.bytes(numbers.held()));
        lines.add(name("lag") + lag(numbers));
        for (final DemoWorkload workload : workloads) {
            lines.add(name("life") + workload);
        }
        lines.add(name("roles") + "agent " + numbers.agent().pid() + ", process server "
                + (numbers.server() == null
                        ? Colour.RED.paint(colour, "dead")
                        : String.valueOf(numbers.server().pid()))
                + (kills == 0 ? "" : " (killed " + (kills == 1 ? "once" : kills + " times") + ")")
                + ", master target " + numbers.target().pid());
        return lines;
    }

    /** One line for logs. */
    String plain(final String doing, final DemoNumbers numbers) {
        return String.format(
                Locale.ROOT,
                "%s; %s copied, captured %s, sent %s, durable %s, ratio %s, lag %s",
                doing,
                HumanText.percent(numbers.copied()),
                HumanText.rate(numbers.rate(ReplicationCounter.CAPTURED_BYTES)),
                HumanText.rate(numbers.rate(ReplicationCounter.SENT_PAYLOAD_BYTES)),
                HumanText.rate(numbers.rate(ReplicationCounter.DURABLE_PAYLOAD_BYTES)),
                ratio(numbers),
                numbers.hasPoint()
                        ? HumanText.durationMs(numbers.agent().max(ReplicationCounter.RECOVERY_LAG))
                        : "- (no point yet)");
    }

    private String volume(final DemoNumbers numbers, final String volume) {
        final long todo = numbers.agent().value(ReplicationCounter.VOLUME_TODO, volume);
        final int state = (int) numbers.agent().value(ReplicationCounter.VOLUME_STATE, volume);
        final double copied = numbers.copied(volume);
        final String word = state >= 0 && state < STATES.size() ? STATES.get(state) : "?";
        final StringBuilder text = new StringBuilder();
        text.append(HumanText.bar(copied, BAR_WIDTH)).append(' ').append(HumanText.percent(copied));
        text.append("  ").append((state == ORDERED ? Colour.GREEN : Colour.YELLOW).paint(colour, word));
        if (todo > 0 && numbers.agentBefore() != null) {
            final long before = numbers.agentBefore().value(ReplicationCounter.VOLUME_TODO, volume);
            final double rate = (before - todo)
                    * 1e9
                    / Math.max(
                            1, numbers.agent().readNs() - numbers.agentBefore().readNs());
            if (rate > 0) {
                text.append(", ").append(HumanText.rate(rate));
                text.append(", ")
                        .append(HumanText.durationMs((long) (todo / rate * 1000)))
                        .append(" left");
            }
        }
        return text.toString();
    }

    private String lag(final DemoNumbers numbers) {
        if (!numbers.hasPoint()) {
            return "no recovery point yet: the first comes after the initial copy";
        }
        return "now " + ms(numbers, ReplicationCounter.RECOVERY_LAG) + "   p50 "
                + ms(numbers, ReplicationCounter.RECOVERY_LAG_P50) + "   p99 "
                + ms(numbers, ReplicationCounter.RECOVERY_LAG_P99) + "   max "
                + ms(numbers, ReplicationCounter.RECOVERY_LAG_MAX);
    }

    private static String ms(final DemoNumbers numbers, final ReplicationCounter counter) {
        return HumanText.durationMs(numbers.agent().max(counter));
    }

    private static String flow(final DemoNumbers numbers, final ReplicationCounter counter) {
        return String.format(
                "%10s   %s", HumanText.rate(numbers.rate(counter)), HumanText.bytes(numbers.agent(counter)));
    }

    static String ratio(final DemoNumbers numbers) {
        return numbers.optimisedOut() == 0
                ? "-"
                : String.format(Locale.ROOT, "%.2f : 1", (double) numbers.optimisedIn() / numbers.optimisedOut());
    }

    private String name(final String name) {
        return "  " + Colour.FAINT.paint(colour, String.format("%-10s", name));
    }
}
