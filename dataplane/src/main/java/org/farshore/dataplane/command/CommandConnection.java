package org.farshore.dataplane.command;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.farshore.dataplane.codecs.control.ValueKind;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.StateLog;

/**
 * One client of a role: reads a command, steps it until it is done, reads the next. Answers wait in a bounded buffer; a row
 * that has no room is offered again by its command, a progress report is left out. Room for the end of the answer is
 * always kept. Belongs to the command thread.
 */
final class CommandConnection implements CommandReply {
    /** Bytes that may wait for a client that reads slowly. */
    static final int OUT_LENGTH = 4 * CommandWire.FRAME_LENGTH_MAX;

    private static final StateLog LOG = StateLog.of(CommandConnection.class);
    private static final int MESSAGE_LENGTH_MAX = 4 << 10;

    private final SocketChannel channel;
    private final CommandWire wire = new CommandWire();
    private final ByteBuffer in = ByteBuffer.allocate(CommandWire.FRAME_LENGTH_MAX);
    private final ByteBuffer out = ByteBuffer.allocate(OUT_LENGTH);
    private final long[] correlationId = new long[1];
    private CommandTask task;
    private boolean closed;

    CommandConnection(final SocketChannel channel) {
        this.channel = channel;
        out.flip();
    }

    boolean isClosed() {
        return closed;
    }

    int doWork(final CommandBook book) {
        try {
            int work = send();
            if (task == null) {
                work += receive(book);
            } else if (hasHungUp()) {
                close();
            } else {
                work += step();
            }
            return work + send();
        } catch (final IOException e) {
            close();
        } catch (final CommandWire.MalformedException e) {
            LOG.warn("command", "client", "refused", e.getMessage());
            close();
        }
        return 1;
    }

    private int receive(final CommandBook book) throws IOException, CommandWire.MalformedException {
        final int count = channel.read(in);
        if (count < 0) {
            close();
            return 1;
        }
        in.flip();
        final int length = CommandWire.frameLength(in);
        if (length > 0) {
            final CommandRequest request = wire.readCommand(in, length, correlationId);
            in.position(in.position() + length);
            begin(book, request);
        }
        in.compact();
        return count + length;
    }

    private void begin(final CommandBook book, final CommandRequest request) {
        try {
            task = book.begin(request);
        } catch (final FarshoreException e) {
            done(e.exitCode(), e.getMessage());
        }
    }

    /** Only one byte is looked at: a client that sends more meanwhile waits with the rest in the socket. */
    private boolean hasHungUp() throws IOException {
        if (in.position() > 0) {
            return false;
        }
        in.limit(1);
        final boolean ended = channel.read(in) < 0;
        in.limit(in.capacity());
        return ended;
    }

    private int step() {
        try {
            return task.step(this);
        } catch (final FarshoreException e) {
            done(e.exitCode(), e.getMessage());
        } catch (final RuntimeException e) {
            LOG.warn("command", "failed", "reason", e);
            done(ExitCode.INVARIANT, "the role failed to carry this out: " + e);
        }
        return 1;
    }

    @Override
    public boolean row(final Cell... cells) {
        return put(wire.row(correlationId[0], cells), CommandWire.FRAME_LENGTH_MAX);
    }

    @Override
    public void progressBytes(final String stage, final long done, final long total) {
        put(wire.progress(correlationId[0], stage, done, total, ValueKind.BYTES), CommandWire.FRAME_LENGTH_MAX);
    }

    @Override
    public void progressCount(final String stage, final long done, final long total) {
        put(wire.progress(correlationId[0], stage, done, total, ValueKind.COUNT), CommandWire.FRAME_LENGTH_MAX);
    }

    @Override
    public void done(final ExitCode exitCode, final String message) {
        final String bounded =
                message.length() > MESSAGE_LENGTH_MAX ? message.substring(0, MESSAGE_LENGTH_MAX) : message;
        if (!put(wire.done(correlationId[0], exitCode.code(), bounded), 0)) {
            close();
        }
        task = null;
    }

    /** False when fewer than {@code reserved} bytes would be left. */
    private boolean put(final ByteBuffer frame, final int reserved) {
        if (out.remaining() + frame.remaining() + reserved > out.capacity()) {
            return false;
        }
        out.compact();
        out.put(frame);
        out.flip();
        return true;
    }

    private int send() throws IOException {
        return out.hasRemaining() ? channel.write(out) : 0;
    }

    void close() {
        closed = true;
        if (task != null) {
            task.abandon();
            task = null;
        }
        try {
            channel.close();
        } catch (final IOException e) {
            LOG.warn("command", "client", "close", "failed", "reason", e.getMessage());
        }
    }
}
