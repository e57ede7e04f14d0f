package org.farshore.dataplane.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import org.agrona.BitUtil;

/**
 * How much the kernel lets a socket hold, and what window of unacknowledged data follows from it. A window larger than
 * the socket buffer is no window: the datagrams that do not fit are dropped and sent again, which halves the rate.
 * With the usual {@code net.core.rmem_max} of 212,992 the window is 128 KiB; 4 MiB are worth asking for.
 */
public final class SocketLimits {
    /** What is asked for; the kernel grants at most {@code net.core.rmem_max} and {@code net.core.wmem_max}. */
    public static final int BUFFER_LENGTH_WANTED = 4 << 20;
    /**
     * Most unacknowledged data of one stream, half a term. An idle machine does as well with 1 MiB; one with more threads
     * than cores answers a window only after some milliseconds, and the rate is then the window over that time.
     */
    public static final int WINDOW_LENGTH_MAX = 2 << 20;
    /** Least that a datagram of 64 KiB can pass through. */
    public static final int WINDOW_LENGTH_MIN = 64 << 10;

    private final int receiveLength;
    private final int sendLength;

    /** Limits in bytes, as granted. */
    public SocketLimits(final int receiveLength, final int sendLength) {
        this.receiveLength = receiveLength;
        this.sendLength = sendLength;
    }

    /** Asks the kernel. */
    public static SocketLimits probe() {
        try (DatagramChannel channel = DatagramChannel.open()) {
            return new SocketLimits(
                    grant(channel, StandardSocketOptions.SO_RCVBUF), grant(channel, StandardSocketOptions.SO_SNDBUF));
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot ask for the size of socket buffers", e);
        }
    }

    /** Bytes of the receive buffer to ask for: granted in full. */
    public int receiveLength() {
        return receiveLength;
    }

    /** Bytes of the send buffer to ask for: granted in full. */
    public int sendLength() {
        return sendLength;
    }

    /** The flow control window in bytes: the largest power of two up to the receive buffer, at most 2 MiB. */
    public int windowLength() {
        final int granted = Math.max(WINDOW_LENGTH_MIN, Math.min(receiveLength, WINDOW_LENGTH_MAX));
        return BitUtil.isPowerOfTwo(granted) ? granted : BitUtil.findNextPositivePowerOfTwo(granted) >> 1;
    }

    /** True when the window is smaller than it should be; the sysctl to raise is {@code net.core.rmem_max}. */
    public boolean isTight() {
        return windowLength() < WINDOW_LENGTH_MAX;
    }

    private static int grant(final DatagramChannel channel, final SocketOption<Integer> option) throws IOException {
        channel.setOption(option, BUFFER_LENGTH_WANTED);
        return Math.min(BUFFER_LENGTH_WANTED, channel.getOption(option));
    }
}
