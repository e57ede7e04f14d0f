package org.farshore.dataplane.tool;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.farshore.dataplane.runtime.Colour;
import org.farshore.dataplane.runtime.HumanText;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.RoleSample;

/** A role as a block of lines for people, none wider than 80 columns as long as names are short. */
final class StatTable {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT);
    private static final int BAR_WIDTH = 20;
    private static final int ERRORS_SHOWN = 5;

    private final boolean colour;
    private final boolean allCounters;

    StatTable(final boolean colour, final boolean allCounters) {
        this.colour = colour;
        this.allCounters = allCounters;
    }

    /** The block of one role; {@code before} is an earlier sample of it, or null when there is none to take rates from. */
    List<String> lines(final RoleSample now, final RoleSample before) {
        final RoleReport report = RoleReport.of(now);
        final List<String> lines = new ArrayList<>();
        lines.add(Colour.BOLD.paint(colour, now.role() + " " + now.instance()) + "   pid " + now.pid() + "   "
                + (now.life() == RoleSample.Life.DEAD ? "started " : "up ")
                + HumanText.durationMs(System.currentTimeMillis() - now.startedMs())
                + (now.life() == RoleSample.Life.DEAD ? " ago" : ""));
        add(lines, "state", stateColour(now, report).paint(colour, report.state()));
        if (!report.healthy() || !"nothing to do".equals(report.next())) {
            add(lines, "next", report.next());
        }
        final RoleSample earlier = before != null && before.pid() == now.pid() ? before : null;
        switch (now.role()) {
            case "agent" -> agent(lines, now, earlier);
            case "process-server" -> processServer(lines, now, earlier);
            case "master-target" -> masterTarget(lines, now, earlier);
            default -> add(lines, "counters", now.values().size() + "");
        }
        errors(lines, now);
        if (allCounters) {
            counters(lines, now);
        }
        return lines;
    }

    private static Colour stateColour(final RoleSample now, final RoleReport report) {
        if (report.healthy()) {
            return Colour.GREEN;
        }
        return now.life() == RoleSample.Life.RUNNING ? Colour.YELLOW : Colour.RED;
    }

    private void agent(final List<String> lines, final RoleSample now, final RoleSample before) {
        for (final String volume : now.volumes()) {
            volume(lines, now, before, volume);
        }
        add(
                lines,
                "lag",
                "now " + ms(now, ReplicationCounter.RECOVERY_LAG) + "   p50 "
                        + ms(now, ReplicationCounter.RECOVERY_LAG_P50) + "   p99 "
                        + ms(now, ReplicationCounter.RECOVERY_LAG_P99) + "   max "
                        + ms(now, ReplicationCounter.RECOVERY_LAG_MAX));
        flow(lines, now, before, "captured", ReplicationCounter.CAPTURED_BYTES);
        flow(lines, now, before, "sent", ReplicationCounter.SENT_PAYLOAD_BYTES);
        flow(lines, now, before, "durable", ReplicationCounter.DURABLE_PAYLOAD_BYTES);
        final long held = now.sum(ReplicationCounter.CAPTURE_PRODUCER_POSITION)
                - now.sum(ReplicationCounter.CAPTURE_RELEASED_POSITION);
        final long ring = now.sum(ReplicationCounter.CAPTURE_RING_LENGTH);
        add(
                lines,
                "behind",
                HumanText.bytes(held) + " of the ring"
                        + (ring > 0 ? " (" + HumanText.percent((double) held / ring) + ")" : "") + ", "
                        + HumanText.count(now.sum(ReplicationCounter.SENT_SEQUENCE)
                                - now.sum(ReplicationCounter.DURABLE_SEQUENCE))
                        + " records not durable yet");
        add(
                lines,
                "read back",
                "initial copy " + HumanText.bytes(now.sum(ReplicationCounter.INITIAL_COPY_BYTES)) + ", resync "
                        + HumanText.bytes(now.sum(ReplicationCounter.RESYNC_BYTES)) + ", repair "
                        + HumanText.bytes(now.sum(ReplicationCounter.REPAIR_BYTES)) + ", dropped "
                        + HumanText.count(now.sum(ReplicationCounter.CAPTURE_DROPPED)));
    }

    private void volume(final List<String> lines, final RoleSample now, final RoleSample before, final String volume) {
        final long code = now.value(ReplicationCounter.VOLUME_STATE, volume);
        final long todo = now.value(ReplicationCounter.VOLUME_TODO, volume);
        final StringBuilder text = new StringBuilder();
        text.append(volume)
                .append("  ")
                .append(RoleReport.volumeState(code))
                .append(", ")
                .append(HumanText.bytes(now.value(ReplicationCounter.VOLUME_SIZE, volume)));
        final double copied = RoleReport.copied(now, volume);
        if (copied < 1) {
            text.append("  ")
                    .append(HumanText.bar(copied, BAR_WIDTH))
                    .append(' ')
                    .append(HumanText.percent(copied))
                    .append(", ")
                    .append(HumanText.bytes(todo))
                    .append(" to read");
        }
        if (before != null && todo < before.value(ReplicationCounter.VOLUME_TODO, volume)) {
            final double rate = (before.value(ReplicationCounter.VOLUME_TODO, volume) - todo)
                    * 1e9
                    / (now.readNs() - before.readNs());
            text.append(" at ").append(HumanText.rate(rate)).append(", ");
            text.append(HumanText.durationMs((long) (todo / rate * 1000))).append(" left");
        }
        add(lines, "volume", text.toString());
    }

    private void processServer(final List<String> lines, final RoleSample now, final RoleSample before) {
        flow(lines, now, before, "in", ReplicationCounter.OPTIMISE_IN_BYTES);
        flow(lines, now, before, "out", ReplicationCounter.OPTIMISE_OUT_BYTES);
        final long in = now.sum(ReplicationCounter.OPTIMISE_IN_BYTES);
        final long out = now.sum(ReplicationCounter.OPTIMISE_OUT_BYTES);
        add(
                lines,
                "ratio",
                ratio(in, out) + "   zeros " + HumanText.bytes(now.sum(ReplicationCounter.OPTIMISE_ZERO_BYTES))
                        + ", passed as incompressible "
                        + HumanText.bytes(now.sum(ReplicationCounter.OPTIMISE_PASSED_BYTES)));
        add(
                lines,
                "behind",
                HumanText.count(now.sum(ReplicationCounter.RELAY_RECEIVED_SEQUENCE)
                                - now.sum(ReplicationCounter.RELAY_SHIPPED_SEQUENCE))
                        + " records received and not shipped");
    }

    private void masterTarget(final List<String> lines, final RoleSample now, final RoleSample before) {
        flow(lines, now, before, "received", ReplicationCounter.RECEIVE_BYTES);
        flow(lines, now, before, "applied", ReplicationCounter.APPLIED_BYTES);
        add(
                lines,
                "behind",
                "not durable "
                        + distance(
                                now,
                                ReplicationCounter.JOURNAL_APPENDED_POSITION,
                                ReplicationCounter.JOURNAL_DURABLE_POSITION)
                        + ", durable and not applied "
                        + distance(
                                now,
                                ReplicationCounter.JOURNAL_DURABLE_POSITION,
                                ReplicationCounter.JOURNAL_APPLIED_POSITION));
        add(
                lines,
                "journal",
                HumanText.count(now.sum(ReplicationCounter.JOURNAL_SEGMENTS)) + " segments, "
                        + HumanText.count(now.sum(ReplicationCounter.JOURNAL_REUSED)) + " reused, "
                        + HumanText.count(now.sum(ReplicationCounter.JOURNAL_SYNCS)) + " group commits, longest "
                        + HumanText.durationMs(now.max(ReplicationCounter.JOURNAL_SYNC_MAX) / 1000) + ", "
                        + HumanText.count(now.sum(ReplicationCounter.POINTS)) + " points");
        retention(lines, now);
    }

    /** Nothing where nothing of the past is kept. */
    private void retention(final List<String> lines, final RoleSample now) {
        if (now.max(ReplicationCounter.RETENTION_WINDOW) <= 0) {
            return;
        }
        add(
                lines,
                "kept",
                HumanText.durationMs(now.max(ReplicationCounter.RETENTION_WINDOW)) + " window, "
                        + HumanText.count(now.sum(ReplicationCounter.RETENTION_POINTS)) + " points, "
                        + HumanText.count(now.sum(ReplicationCounter.INDEX_VERSIONS)) + " versions in "
                        + HumanText.bytes(now.sum(ReplicationCounter.RETENTION_USED)) + " of journal"
                        + (now.max(ReplicationCounter.RETENTION_ALARM) > 0 ? "; SHORT OF ROOM" : ""));
    }

    private static String distance(
            final RoleSample now, final ReplicationCounter ahead, final ReplicationCounter behind) {
        return HumanText.bytes(Math.max(0, now.sum(ahead) - now.sum(behind)));
    }

    private static String ms(final RoleSample now, final ReplicationCounter counter) {
        return HumanText.durationMs(now.max(counter));
    }

    /** What went in for one byte that went out. */
    static String ratio(final long in, final long out) {
        return out <= 0 ? "-" : String.format(Locale.ROOT, "%.2f : 1", (double) in / out);
    }

    private void flow(
            final List<String> lines,
            final RoleSample now,
            final RoleSample before,
            final String name,
            final ReplicationCounter counter) {
        final String rate = before == null ? "" : String.format("%12s   ", HumanText.rate(now.rate(counter, before)));
        add(lines, name, rate + HumanText.bytes(now.sum(counter)) + " in all");
    }

    private void errors(final List<String> lines, final RoleSample now) {
        final int count = now.faults().size();
        if (count == 0) {
            add(lines, "errors", "none");
            return;
        }
        for (final RoleSample.Fault fault : now.faults().subList(Math.max(0, count - ERRORS_SHOWN), count)) {
            final String last = Instant.ofEpochMilli(fault.lastMs())
                    .atZone(ZoneId.systemDefault())
                    .format(TIME);
            add(lines, "errors", fault.count() + " times, last " + last + ": " + fault.headline());
        }
        if (count > ERRORS_SHOWN) {
            add(lines, "errors", "and " + (count - ERRORS_SHOWN) + " older ones, see --json");
        }
    }

    private void counters(final List<String> lines, final RoleSample now) {
        for (final RoleSample.Value value : now.values()) {
            lines.add(String.format(
                    "    %5d %20s  %s %s",
                    value.typeId(), HumanText.count(value.value()), value.label(), value.subject()));
        }
    }

    private void add(final List<String> lines, final String name, final String text) {
        lines.add("  " + Colour.FAINT.paint(colour, String.format("%-10s", name)) + text);
    }
}
