package org.farshore.dataplane.command;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.farshore.dataplane.codecs.control.ValueKind;

/** The frames of commands and answers, for tests of other packages. */
public final class CommandWireAccess {
    private CommandWireAccess() {}

    /** A frame with a command. */
    public static byte[] command(final CommandRequest request) {
        return bytes(new CommandWire().command(7, request));
    }

    /** A frame of each kind of answer. */
    public static List<byte[]> answers() {
        final CommandWire wire = new CommandWire();
        return List.of(
                bytes(wire.row(7, Cell.text("volume", "data"), Cell.bytes("size", 1 << 20), Cell.wallTime("time", 1))),
                bytes(wire.progress(7, "bringing versions into the replica", 3, 9, ValueKind.BYTES)),
                bytes(wire.done(7, 1, "there is no such point")));
    }

    private static byte[] bytes(final ByteBuffer frame) {
        final byte[] bytes = new byte[frame.remaining()];
        frame.get(bytes);
        return bytes;
    }

    /** Reads as a role does; null when it is refused, or not all there. */
    public static CommandRequest readCommand(final byte[] bytes) {
        final ByteBuffer in = ByteBuffer.wrap(bytes);
        try {
            final int length = CommandWire.frameLength(in);
            return length == 0 ? null : new CommandWire().readCommand(in, length, new long[1]);
        } catch (final CommandWire.MalformedException e) {
            return null;
        }
    }

    /** Reads as a client does; what was said, or null when it is refused or not all there. */
    public static List<Object> readAnswer(final byte[] bytes) {
        final ByteBuffer in = ByteBuffer.wrap(bytes);
        final Heard heard = new Heard();
        try {
            final int length = CommandWire.frameLength(in);
            if (length == 0) {
                return null;
            }
            new CommandWire().readAnswer(in, length, heard);
            return heard.said;
        } catch (final CommandWire.MalformedException e) {
            return null;
        }
    }

    private static final class Heard implements CommandWire.AnswerHandler {
        private final List<Object> said = new ArrayList<>();

        @Override
        public void onRow(final long correlationId, final List<Cell> cells) {
            said.addAll(cells);
            cells.forEach(cell -> said.add(cell.forPeople() + cell.forPrograms()));
        }

        @Override
        public void onProgress(
                final long correlationId, final String stage, final long done, final long total, final ValueKind unit) {
            said.addAll(List.of(stage, done, total, unit));
        }

        @Override
        public void onDone(final long correlationId, final int exitCode, final String message) {
            said.addAll(List.of(Map.of(exitCode, message)));
        }
    }
}
