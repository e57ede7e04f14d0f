package org.farshore.dataplane.tool;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.JournalInspector;
import org.farshore.dataplane.runtime.ExitCode;

/** {@code farshore journal dump}: one line for each frame. */
final class DumpCommand {
    private static final String LINE = "%14s  %-11s  %11s  %-23s  %14s  %16s  %8s%n";

    private final PrintStream out;
    private final JournalOptions options;
    private long left;

    private DumpCommand(final PrintStream out, final JournalOptions options) {
        this.out = out;
        this.options = options;
        this.left = options.limit();
    }

    static ExitCode run(final JournalInspector journal, final PrintStream out, final JournalOptions options) {
        final DumpCommand command = new DumpCommand(out, options);
        if (!options.json()) {
            out.println(journal.directory());
            out.printf(
                    Locale.ROOT,
                    LINE,
                    "POSITION",
                    "TYPE",
                    "INCARNATION",
                    "SEQUENCES",
                    "END",
                    "CAPTURE POSITION",
                    "BYTES");
        }
        journal.walk(command::onFrame);
        return ExitCode.OK;
    }

    private boolean onFrame(
            final long position,
            final JournalFrameFlyweight frame,
            final DirectBuffer buffer,
            final int bodyOffset,
            final int bodyLength) {
        if (position < options.from() || left <= 0) {
            return true;
        }
        left--;
        final String body = options.bodies() ? FrameText.of(frame.type(), buffer, bodyOffset, bodyLength) : null;
        if (options.json()) {
            out.println(JsonText.of(asMap(position, frame, body)));
            return true;
        }
        out.printf(
                Locale.ROOT,
                LINE,
                position,
                JournalFrameFlyweight.typeName(frame.type()),
                frame.incarnation(),
                sequences(frame),
                frame.endSequence(),
                frame.capturePosition(),
                frame.length());
        if (body != null) {
            out.println("                " + body);
        }
        return true;
    }

    private static String sequences(final JournalFrameFlyweight frame) {
        final long first = frame.firstSequence();
        return switch (frame.recordCount()) {
            case 0 -> "next " + first;
            case 1 -> Long.toString(first);
            default -> first + " .. " + (first + frame.recordCount() - 1);
        };
    }

    private static Map<String, Object> asMap(
            final long position, final JournalFrameFlyweight frame, final String body) {
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("position", position);
        map.put("type", JournalFrameFlyweight.typeName(frame.type()));
        map.put("length", frame.length());
        map.put("segment", frame.segmentNumber());
        map.put("offset", frame.segmentOffset());
        map.put("life", String.format("%016x", frame.life()));
        map.put("durablePosition", frame.durablePosition());
        map.put("generation", frame.generation());
        map.put("incarnation", frame.incarnation());
        map.put("firstSequence", frame.firstSequence());
        map.put("recordCount", frame.recordCount());
        map.put("endSequence", frame.endSequence());
        map.put("capturePosition", frame.capturePosition());
        map.put("captureTimeNs", frame.captureTimeNs());
        if (body != null) {
            map.put("body", body);
        }
        return map;
    }
}
