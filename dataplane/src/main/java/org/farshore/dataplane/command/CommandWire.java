package org.farshore.dataplane.command;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.control.CommandDecoder;
import org.farshore.dataplane.codecs.control.CommandEncoder;
import org.farshore.dataplane.codecs.control.DoneDecoder;
import org.farshore.dataplane.codecs.control.DoneEncoder;
import org.farshore.dataplane.codecs.control.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.control.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.control.ProgressDecoder;
import org.farshore.dataplane.codecs.control.ProgressEncoder;
import org.farshore.dataplane.codecs.control.RowDecoder;
import org.farshore.dataplane.codecs.control.RowEncoder;
import org.farshore.dataplane.codecs.control.ValueKind;

/**
 * Messages of the control schema to and from bytes. Every length is compared with what is there before it is followed:
 * a socket's other end is never believed, not even this one's. One thread; not on the data path, so it allocates.
 */
final class CommandWire {
    /** Longest frame, its length field included. */
    static final int FRAME_LENGTH_MAX = 64 << 10;

    static final int LENGTH_FIELD = Integer.BYTES;
    private static final int ENTRIES_MAX = 256;

    /** What cannot be a message of the schema. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1;

        MalformedException(final String message) {
            super(message);
        }
    }

    /** Who takes the messages of a role. */
    interface AnswerHandler {
        void onRow(long correlationId, List<Cell> cells);

        void onProgress(long correlationId, String stage, long done, long total, ValueKind unit);

        void onDone(long correlationId, int exitCode, String message);
    }

    private final UnsafeBuffer out = new UnsafeBuffer(new byte[FRAME_LENGTH_MAX]);
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final CommandEncoder commandEncoder = new CommandEncoder();
    private final CommandDecoder commandDecoder = new CommandDecoder();
    private final RowEncoder rowEncoder = new RowEncoder();
    private final RowDecoder rowDecoder = new RowDecoder();
    private final ProgressEncoder progressEncoder = new ProgressEncoder();
    private final ProgressDecoder progressDecoder = new ProgressDecoder();
    private final DoneEncoder doneEncoder = new DoneEncoder();
    private final DoneDecoder doneDecoder = new DoneDecoder();

    /** A frame as it goes out, valid until the next one is made. */
    ByteBuffer command(final long correlationId, final CommandRequest request) {
        commandEncoder.wrapAndApplyHeader(out, LENGTH_FIELD, headerEncoder).correlationId(correlationId);
        final CommandEncoder.ArgumentsEncoder group =
                commandEncoder.argumentsCount(request.arguments().size());
        for (final Map.Entry<String, String> argument : request.arguments().entrySet()) {
            group.next().argumentName(argument.getKey()).argumentValue(argument.getValue());
        }
        commandEncoder.verb(request.verb());
        return frame(commandEncoder.limit());
    }

    ByteBuffer row(final long correlationId, final Cell... cells) {
        rowEncoder.wrapAndApplyHeader(out, LENGTH_FIELD, headerEncoder).correlationId(correlationId);
        final RowEncoder.CellsEncoder group = rowEncoder.cellsCount(cells.length);
        for (final Cell cell : cells) {
            group.next().kind(cell.kind()).number(cell.number());
            group.cellName(cell.name()).text(cell.text());
        }
        return frame(rowEncoder.limit());
    }

    ByteBuffer progress(
            final long correlationId, final String stage, final long done, final long total, final ValueKind unit) {
        progressEncoder
                .wrapAndApplyHeader(out, LENGTH_FIELD, headerEncoder)
                .correlationId(correlationId)
                .done(done)
                .total(total)
                .unit(unit)
                .stage(stage);
        return frame(progressEncoder.limit());
    }

    ByteBuffer done(final long correlationId, final int exitCode, final String message) {
        doneEncoder
                .wrapAndApplyHeader(out, LENGTH_FIELD, headerEncoder)
                .correlationId(correlationId)
                .exitCode((short) exitCode)
                .message(message);
        return frame(doneEncoder.limit());
    }

    private ByteBuffer frame(final int limit) {
        out.putInt(0, limit - LENGTH_FIELD, ByteOrder.LITTLE_ENDIAN);
        return ByteBuffer.wrap(out.byteArray(), 0, limit);
    }

    /**
     * Length of the frame that begins at the position of {@code in}, or 0 when it is not all there yet.
     *
     * @throws MalformedException when no frame can begin like this.
     */
    static int frameLength(final ByteBuffer in) throws MalformedException {
        if (in.remaining() < LENGTH_FIELD) {
            return 0;
        }
        final int length = Integer.reverseBytes(in.getInt(in.position()));
        if (length < MessageHeaderDecoder.ENCODED_LENGTH || length > FRAME_LENGTH_MAX - LENGTH_FIELD) {
            throw new MalformedException("a frame of " + length + " bytes");
        }
        return in.remaining() < LENGTH_FIELD + length ? 0 : LENGTH_FIELD + length;
    }

    /** Correlation id and request of one whole frame. */
    CommandRequest readCommand(final ByteBuffer in, final int frameLength, final long[] correlationId)
            throws MalformedException {
        final UnsafeBuffer message = open(in, frameLength, CommandDecoder.TEMPLATE_ID, CommandDecoder.BLOCK_LENGTH);
        commandDecoder.wrapAndApplyHeader(message, 0, headerDecoder);
        correlationId[0] = commandDecoder.correlationId();
        try {
            final CommandDecoder.ArgumentsDecoder group = commandDecoder.arguments();
            checkCount(group.count());
            final Map<String, String> arguments = new LinkedHashMap<>();
            while (group.hasNext()) {
                group.next();
                check(group.argumentNameLength(), commandDecoder.limit(), message);
                final String name = group.argumentName();
                check(group.argumentValueLength(), commandDecoder.limit(), message);
                arguments.put(name, group.argumentValue());
            }
            check(commandDecoder.verbLength(), commandDecoder.limit(), message);
            return new CommandRequest(commandDecoder.verb(), Map.copyOf(arguments));
        } catch (final IndexOutOfBoundsException | IllegalArgumentException e) {
            throw new MalformedException("no command: " + e.getMessage());
        }
    }

    /** Hands one whole frame of a role to {@code handler}. */
    void readAnswer(final ByteBuffer in, final int frameLength, final AnswerHandler handler) throws MalformedException {
        final UnsafeBuffer message = new UnsafeBuffer(in, in.position() + LENGTH_FIELD, frameLength - LENGTH_FIELD);
        headerDecoder.wrap(message, 0);
        try {
            switch (headerDecoder.templateId()) {
                case RowDecoder.TEMPLATE_ID -> {
                    open(in, frameLength, RowDecoder.TEMPLATE_ID, RowDecoder.BLOCK_LENGTH);
                    readRow(message, handler);
                }
                case ProgressDecoder.TEMPLATE_ID -> {
                    open(in, frameLength, ProgressDecoder.TEMPLATE_ID, ProgressDecoder.BLOCK_LENGTH);
                    progressDecoder.wrapAndApplyHeader(message, 0, headerDecoder);
                    check(progressDecoder.stageLength(), progressDecoder.limit(), message);
                    handler.onProgress(
                            progressDecoder.correlationId(),
                            progressDecoder.stage(),
                            progressDecoder.done(),
                            progressDecoder.total(),
                            progressDecoder.unit());
                }
                default -> {
                    open(in, frameLength, DoneDecoder.TEMPLATE_ID, DoneDecoder.BLOCK_LENGTH);
                    doneDecoder.wrapAndApplyHeader(message, 0, headerDecoder);
                    check(doneDecoder.messageLength(), doneDecoder.limit(), message);
                    handler.onDone(doneDecoder.correlationId(), doneDecoder.exitCode(), doneDecoder.message());
                }
            }
        } catch (final IndexOutOfBoundsException | IllegalArgumentException e) {
            throw new MalformedException("no answer: " + e.getMessage());
        }
    }

    private void readRow(final UnsafeBuffer message, final AnswerHandler handler) throws MalformedException {
        rowDecoder.wrapAndApplyHeader(message, 0, headerDecoder);
        final long correlationId = rowDecoder.correlationId();
        final RowDecoder.CellsDecoder group = rowDecoder.cells();
        checkCount(group.count());
        final List<Cell> cells = new ArrayList<>(group.count());
        while (group.hasNext()) {
            group.next();
            final ValueKind kind = group.kind();
            final long number = group.number();
            check(group.cellNameLength(), rowDecoder.limit(), message);
            final String name = group.cellName();
            check(group.textLength(), rowDecoder.limit(), message);
            cells.add(new Cell(name, kind, number, group.text()));
        }
        handler.onRow(correlationId, cells);
    }

    private UnsafeBuffer open(final ByteBuffer in, final int frameLength, final int templateId, final int blockLength)
            throws MalformedException {
        final UnsafeBuffer message = new UnsafeBuffer(in, in.position() + LENGTH_FIELD, frameLength - LENGTH_FIELD);
        headerDecoder.wrap(message, 0);
        if (headerDecoder.schemaId() != CommandDecoder.SCHEMA_ID
                || headerDecoder.templateId() != templateId
                || headerDecoder.blockLength() < blockLength
                || MessageHeaderDecoder.ENCODED_LENGTH + headerDecoder.blockLength() > message.capacity()) {
            throw new MalformedException("template " + headerDecoder.templateId() + " of schema "
                    + headerDecoder.schemaId() + " with a block of " + headerDecoder.blockLength() + " bytes");
        }
        return message;
    }

    private static void checkCount(final int count) throws MalformedException {
        if (count > ENTRIES_MAX) {
            throw new MalformedException("a table of " + count + " entries");
        }
    }

    private static void check(final int length, final int limit, final UnsafeBuffer message) throws MalformedException {
        if (length < 0 || length > message.capacity() - limit - Integer.BYTES) {
            throw new MalformedException("text of " + (length & 0xFFFF_FFFFL) + " bytes");
        }
    }
}
