package org.farshore.dataplane.command;

import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.farshore.dataplane.codecs.control.ValueKind;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/** The other end of a {@link CommandServer}: sends commands and waits for their answers. One thread. */
public final class CommandClient implements AutoCloseable {
    /** Who takes an answer. */
    public interface Listener {
        /** One row of it. */
        void onRow(List<Cell> cells);

        /** Long work has come so far; {@code total} 0 when not known yet. */
        void onProgress(String stage, long done, long total, boolean inBytes);
    }

    /**
     * How a command ended.
     *
     * @param exitCode 0 done, else for the command line's exit.
     * @param message empty when there is nothing to say.
     */
    public record Outcome(int exitCode, String message) {}

    private final SocketChannel channel;
    private final CommandWire wire = new CommandWire();
    private final ByteBuffer in = ByteBuffer.allocate(2 * CommandWire.FRAME_LENGTH_MAX);
    private final Path path;
    private long nextCorrelationId = 1;

    private CommandClient(final Path path, final SocketChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * Connects to the role that listens on this socket.
     *
     * @throws FarshoreException UNAVAILABLE when no role does, PRIVILEGE when this user may not.
     */
    public static CommandClient connect(final Path path) {
        try {
            return new CommandClient(path, SocketChannel.open(UnixDomainSocketAddress.of(path)));
        } catch (final IOException | IllegalArgumentException e) {
            if (Files.exists(path) && !Files.isWritable(path)) {
                throw new FarshoreException(
                        ExitCode.PRIVILEGE, "no permission to use " + path + ": run this as the role's own user", e);
            }
            throw new FarshoreException(
                    ExitCode.UNAVAILABLE,
                    "no role answers on " + path + " (" + e.getMessage() + "): is it running?",
                    e);
        }
    }

    /**
     * Has one command carried out; returns when it is.
     *
     * @throws FarshoreException UNAVAILABLE when the role went away meanwhile.
     */
    public Outcome call(final CommandRequest request, final Listener listener) {
        final long correlationId = nextCorrelationId++;
        final Answer answer = new Answer(correlationId, listener);
        try {
            final ByteBuffer frame = wire.command(correlationId, request);
            while (frame.hasRemaining()) {
                channel.write(frame);
            }
            while (answer.outcome == null) {
                in.flip();
                for (int length = CommandWire.frameLength(in); length > 0; length = CommandWire.frameLength(in)) {
                    wire.readAnswer(in, length, answer);
                    in.position(in.position() + length);
                }
                in.compact();
                if (answer.outcome == null && channel.read(in) < 0) {
                    throw new EOFException("it hung up");
                }
            }
            return answer.outcome;
        } catch (final IOException | CommandWire.MalformedException e) {
            throw new FarshoreException(
                    ExitCode.UNAVAILABLE,
                    "the role on " + path + " went away before " + request.verb() + " was done: " + e.getMessage(),
                    e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.UNAVAILABLE, "cannot hang up on " + path + ": " + e.getMessage(), e);
        }
    }

    /** Takes what belongs to one command. */
    private static final class Answer implements CommandWire.AnswerHandler {
        private final long expected;
        private final Listener listener;
        private Outcome outcome;

        Answer(final long expected, final Listener listener) {
            this.expected = expected;
            this.listener = listener;
        }

        @Override
        public void onRow(final long correlationId, final List<Cell> cells) {
            if (correlationId == expected) {
                listener.onRow(cells);
            }
        }

        @Override
        public void onProgress(
                final long correlationId, final String stage, final long done, final long total, final ValueKind unit) {
            if (correlationId == expected) {
                listener.onProgress(stage, done, total, unit == ValueKind.BYTES);
            }
        }

        @Override
        public void onDone(final long correlationId, final int exitCode, final String message) {
            if (correlationId == expected) {
                outcome = new Outcome(exitCode, message);
            }
        }
    }
}
