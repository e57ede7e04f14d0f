package org.farshore.dataplane.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The socket of one connection with its two buffers. Blocking; used by the connection's thread alone, except for {@link
 * #activity()}, by which the guard sees from outside whether and on whom the thread is waiting.
 *
 * <p>One rule keeps both ends from waiting for each other: the wire never waits for the client with replies in hand. Replies
 * collect in the buffer while requests that have already arrived are served, and leave together before the next wait; so a
 * client that sends sixteen requests at once costs one read and one write of the socket.
 */
final class NbdWire {
    /** Waiting for the first byte of whatever the client says next. */
    static final int IDLE = 0;
    /** Waiting for the rest of something the client has begun. */
    static final int RECEIVING = 1;
    /** Waiting for the client to take replies. */
    static final int SENDING = 2;
    /** Not waiting for the client. */
    static final int WORKING = 3;

    private static final int STATE_BITS = 2;
    private static final int STATE_MASK = (1 << STATE_BITS) - 1;

    private final ByteChannel channel;
    private final ByteBuffer in;
    private final ByteBuffer out;
    private final AtomicLong activity = new AtomicLong(WORKING);
    private long steps;

    /** The wire over a blocking channel; {@code buffers} are this wire's until it is thrown away. */
    NbdWire(final ByteChannel channel, final NbdBuffers buffers) {
        this.channel = channel;
        in = buffers.in.clear().limit(0);
        out = buffers.out.clear();
    }

    /** A number that changes with each step the connection makes. Any thread. */
    long activity() {
        return activity.get();
    }

    /** On whom the thread was waiting when it showed this activity: one of the four states. */
    static int stateOf(final long activity) {
        return (int) (activity & STATE_MASK);
    }

    private void show(final int state) {
        activity.lazySet(++steps << STATE_BITS | state);
    }

    /** Bytes received and not yet consumed, from position to limit. */
    ByteBuffer in() {
        return in;
    }

    /**
     * Waits until the client says something more, after sending what is due.
     *
     * @return false when the client has hung up at a place where it may.
     */
    boolean awaitMore() throws IOException {
        return in.hasRemaining() || fill(IDLE);
    }

    /**
     * Returns when {@code length} bytes lie in {@link #in()}; at most the buffer's capacity.
     *
     * @throws NbdDisconnect LOST when the client hangs up before.
     */
    void require(final int length) throws IOException {
        if (in.remaining() >= length) {
            return;
        }
        if (in.position() + length > in.capacity()) {
            in.compact().flip();
        }
        while (in.remaining() < length) {
            if (!fill(RECEIVING)) {
                throw new NbdDisconnect(NbdCloseReason.LOST, "hung up within a message");
            }
        }
    }

    /** Reads and forgets {@code length} bytes. */
    void skip(final long length) throws IOException {
        long left = length;
        while (left > 0) {
            require(1);
            final int taken = (int) Math.min(left, in.remaining());
            in.position(in.position() + taken);
            left -= taken;
        }
    }

    private boolean fill(final int state) throws IOException {
        flush();
        if (!in.hasRemaining()) {
            in.clear().limit(0);
        }
        show(state);
        final int begin = in.position();
        in.position(in.limit()).limit(in.capacity());
        try {
            return channel.read(in) >= 0;
        } finally {
            in.limit(in.position()).position(begin);
            show(WORKING);
        }
    }

    /** A buffer with at least {@code length} bytes of room from its position on; what is put there goes out later. */
    ByteBuffer room(final int length) throws IOException {
        if (out.remaining() < length) {
            flush();
        }
        return out;
    }

    /** Sends what is due; returns when the kernel has all of it. */
    void flush() throws IOException {
        if (out.position() == 0) {
            return;
        }
        show(SENDING);
        out.flip();
        try {
            while (out.hasRemaining()) {
                channel.write(out);
            }
        } finally {
            out.clear();
            show(WORKING);
        }
    }
}
