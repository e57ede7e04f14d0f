package org.farshore.dataplane.tool;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.JournalInspector;
import org.farshore.dataplane.journal.RecoveredJournal;
import org.farshore.dataplane.journal.StreamState;
import org.farshore.dataplane.journal.VolumeState;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.HumanText;

/** {@code farshore journal describe}: state record, segments, and what the frames add up to. */
final class DescribeCommand {
    private static final long NS_PER_MS = 1_000_000L;

    /** What the frames of one segment add up to. */
    private static final class Sum {
        private long frames;
        private long bytes;
        private long firstSequence = -1;
        private long lastSequence = -1;

        void add(final JournalFrameFlyweight frame) {
            frames++;
            bytes += frame.alignedLength();
            if (frame.recordCount() > 0) {
                firstSequence = firstSequence < 0 ? frame.firstSequence() : firstSequence;
                lastSequence = frame.firstSequence() + frame.recordCount() - 1;
            }
        }

        String sequences() {
            return firstSequence < 0 ? "-" : firstSequence + " .. " + lastSequence;
        }
    }

    private final JournalInspector journal;
    private final PrintStream out;
    private final Map<Long, Sum> bySegment = new TreeMap<>();
    private final Map<String, Long> byType = new TreeMap<>();

    private DescribeCommand(final JournalInspector journal, final PrintStream out) {
        this.journal = journal;
        this.out = out;
    }

    static ExitCode run(final JournalInspector journal, final PrintStream out, final JournalOptions options) {
        final DescribeCommand command = new DescribeCommand(journal, out);
        final JournalInspector.Walk walk = journal.walk((position, frame, buffer, offset, length) -> {
            command.bySegment
                    .computeIfAbsent(frame.segmentNumber(), key -> new Sum())
                    .add(frame);
            command.byType.merge(JournalFrameFlyweight.typeName(frame.type()), 1L, Long::sum);
            return true;
        });
        if (options.json()) {
            out.println(JsonText.of(command.asMap(walk)));
        } else {
            command.print(walk);
        }
        return ExitCode.OK;
    }

    private void print(final JournalInspector.Walk walk) {
        final StreamState state = journal.state();
        final RecoveredJournal found = walk.found();
        line("journal", journal.directory().toString());
        line("machine", JournalTool.machine(state.machineIdHigh(), state.machineIdLow()));
        printState();
        line(
                "connection",
                "generation " + found.generation() + ", incarnation " + found.incarnation() + ", capture "
                        + JournalTool.machine(found.captureIdHigh(), found.captureIdLow()));
        line(
                "frames",
                byType.entrySet().stream()
                                .map(entry -> HumanText.count(entry.getValue()) + " " + entry.getKey())
                                .collect(Collectors.joining(", "))
                        + (byType.isEmpty() ? "none" : " in " + HumanText.count(walk.groups()) + " groups"));
        line(
                "end",
                "position " + found.endPosition() + ", END sequence " + found.endSequence() + ", capture position "
                        + found.capturePosition());
        if (found.tornLength() > 0) {
            line("open tail", HumanText.bytes(found.tornLength()) + " behind the end, not whole (yet)");
        }
        if (!found.damages().isEmpty()) {
            line("damage", found.damages().size() + " ranges; see farshore journal verify");
        }
        out.println();
        printSegments();
        out.println();
    }

    private void printState() {
        final StreamState state = journal.storedState();
        if (state == null) {
            line("state", "no state record beside the journal");
            return;
        }
        line(
                "state",
                "record " + journal.stateCounter() + ": floor " + state.floor() + ", horizon " + state.horizon()
                        + ", applied " + state.appliedPosition() + " (END sequence " + state.appliedSequence() + ")"
                        + (journal.isOneStateCopyDamaged() ? "; the other copy is damaged" : ""));
        if (state.retentionWindowNs() >= 0) {
            line("window", HumanText.durationMs(state.retentionWindowNs() / NS_PER_MS) + ", set for this machine");
        }
        if (state.journalLost()) {
            line("lost", "the replicas were brought past journal that could not be read");
        }
        for (final VolumeState volume : state.volumes()) {
            line(
                    "volume " + volume.number(),
                    volume.name() + ", " + HumanText.bytes(volume.sizeBytes())
                            + (volume.everConverged() ? ", has converged" : ", never converged"));
        }
    }

    private void printSegments() {
        out.printf(
                Locale.ROOT,
                "%-14s  %8s  %-8s  %9s  %10s  %s%n",
                "FILE",
                "SEGMENT",
                "STATE",
                "FRAMES",
                "BYTES",
                "SEQUENCES");
        for (final JournalInspector.SegmentInfo segment : journal.segments()) {
            final Sum sum = bySegment.getOrDefault(segment.segmentNumber(), new Sum());
            out.printf(
                    Locale.ROOT,
                    "%-14s  %8d  %-8s  %9s  %10s  %s%n",
                    segment.name(),
                    segment.segmentNumber(),
                    stateOf(segment),
                    HumanText.count(sum.frames),
                    HumanText.bytes(sum.bytes),
                    sum.sequences());
        }
    }

    private String stateOf(final JournalInspector.SegmentInfo segment) {
        if (!segment.headerValid()) {
            return "damaged";
        }
        final StreamState state = journal.state();
        if ((segment.segmentNumber() + 1) * state.segmentLength() <= state.horizon()) {
            return "free";
        }
        return bySegment.containsKey(segment.segmentNumber()) ? "live" : "ready";
    }

    private Map<String, Object> asMap(final JournalInspector.Walk walk) {
        final StreamState state = journal.state();
        final RecoveredJournal found = walk.found();
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("journal", journal.directory().toString());
        map.put("machine", JournalTool.machine(state.machineIdHigh(), state.machineIdLow()));
        map.put("generation", found.generation());
        map.put("incarnation", found.incarnation());
        map.put("segmentLength", state.segmentLength());
        map.put("floor", state.floor());
        map.put("horizon", state.horizon());
        map.put("appliedPosition", state.appliedPosition());
        map.put("appliedSequence", state.appliedSequence());
        if (state.retentionWindowNs() >= 0) {
            map.put("retentionWindowMs", state.retentionWindowNs() / NS_PER_MS);
        }
        map.put("journalLost", state.journalLost());
        map.put("endPosition", found.endPosition());
        map.put("endSequence", found.endSequence());
        map.put("capturePosition", found.capturePosition());
        map.put("groups", walk.groups());
        map.put("frames", byType);
        map.put("openTailBytes", found.tornLength());
        map.put("damages", found.damages().size());
        map.put("segments", journal.segments().stream().map(this::segmentMap).collect(Collectors.toList()));
        map.put(
                "volumes",
                state.volumes().stream().map(DescribeCommand::volumeMap).collect(Collectors.toList()));
        return map;
    }

    private Map<String, Object> segmentMap(final JournalInspector.SegmentInfo segment) {
        final Sum sum = bySegment.getOrDefault(segment.segmentNumber(), new Sum());
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("file", segment.name());
        map.put("segment", segment.segmentNumber());
        map.put("state", stateOf(segment));
        map.put("frames", sum.frames);
        map.put("bytes", sum.bytes);
        map.put("sequences", sum.firstSequence < 0 ? List.of() : List.of(sum.firstSequence, sum.lastSequence));
        return map;
    }

    private static Map<String, Object> volumeMap(final VolumeState volume) {
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("number", volume.number());
        map.put("name", volume.name());
        map.put("sizeBytes", volume.sizeBytes());
        map.put("everConverged", volume.everConverged());
        return map;
    }

    private void line(final String name, final String value) {
        out.printf(Locale.ROOT, "%-11s %s%n", name, value);
    }
}
