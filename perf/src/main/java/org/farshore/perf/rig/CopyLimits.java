package org.farshore.perf.rig;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What this machine can do at best, measured between the rounds of the rig so that both meet the same weather: copying
 * memory, passing datagrams over loopback, writing in sequence with a sync for each mebibyte. All in 1e9 bytes a second.
 */
final class CopyLimits implements AutoCloseable {
    private static final double SECOND_NS = 1e9;
    private static final int PIECE_LENGTH = 64 << 10;
    private static final int MEMORY_LENGTH = 128 << 20;
    private static final int SOCKET_LENGTH = 4 << 20;
    private static final int FILE_LENGTH = 128 << 20;
    private static final int SYNC_LENGTH = 1 << 20;

    private final UnsafeBuffer source = new UnsafeBuffer(BufferUtil.allocateDirectAligned(MEMORY_LENGTH, PIECE_LENGTH));
    private final UnsafeBuffer target = new UnsafeBuffer(BufferUtil.allocateDirectAligned(MEMORY_LENGTH, PIECE_LENGTH));
    private final ByteBuffer block = BufferUtil.allocateDirectAligned(SYNC_LENGTH, 4096);
    private final FileChannel file;
    private final long durationNs;
    private long filePosition;

    /**
     * Makes a file written in full, as journal segments are.
     *
     * @param directory on the disk that the master target uses.
     * @param seconds for each limit.
     */
    CopyLimits(final Path directory, final double seconds) throws IOException {
        durationNs = (long) (seconds * SECOND_NS);
        source.setMemory(0, MEMORY_LENGTH, (byte) 1);
        target.setMemory(0, MEMORY_LENGTH, (byte) 2);
        file = FileChannel.open(
                directory.resolve("copy-limit"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.DELETE_ON_CLOSE);
        for (long at = 0; at < FILE_LENGTH; at += SYNC_LENGTH) {
            file.write(block.clear(), at);
        }
        file.force(true);
    }

    /** All three, one after the other. */
    Speeds measure(final int datagramLength) throws IOException, InterruptedException {
        return new Speeds(memory(), loopback(datagramLength), syncedWrites());
    }

    private double memory() {
        final long beginNs = System.nanoTime();
        long bytes = 0;
        long nowNs = beginNs;
        for (int at = 0; nowNs - beginNs < durationNs; at = (at + PIECE_LENGTH) % MEMORY_LENGTH) {
            target.putBytes(at, source, at, PIECE_LENGTH);
            bytes += PIECE_LENGTH;
            nowNs = System.nanoTime();
        }
        return bytes / 1e9 / ((nowNs - beginNs) / SECOND_NS);
    }

    /** What arrives; one thread sends, one receives, as the two ends of a hop. */
    private double loopback(final int datagramLength) throws IOException, InterruptedException {
        try (DatagramChannel receiver = DatagramChannel.open();
                DatagramChannel sender = DatagramChannel.open()) {
            receiver.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_LENGTH);
            sender.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_LENGTH);
            receiver.bind(new InetSocketAddress("127.0.0.1", 0));
            sender.connect(receiver.getLocalAddress());
            final long endNs = System.nanoTime() + durationNs;
            final AtomicLong received = new AtomicLong();
            final Thread thread = new Thread(() -> receive(receiver, received), "loopback-receiver");
            thread.start();
            final ByteBuffer datagram = ByteBuffer.allocateDirect(datagramLength);
            while (System.nanoTime() < endNs) {
                sender.write(datagram.clear());
            }
            final double speed = received.get() / 1e9 / (durationNs / SECOND_NS);
            sender.write(ByteBuffer.allocate(0)); // an empty datagram ends the other thread
            thread.join(1000);
            return speed;
        }
    }

    private static void receive(final DatagramChannel receiver, final AtomicLong received) {
        final ByteBuffer datagram = ByteBuffer.allocateDirect(PIECE_LENGTH);
        try {
            do {
                receiver.receive(datagram.clear());
                received.addAndGet(datagram.position());
            } while (datagram.position() > 0);
        } catch (final IOException e) {
            // Closed by the sender's side: the measuring is over.
            received.addAndGet(0);
        }
    }

    private double syncedWrites() throws IOException {
        final long beginNs = System.nanoTime();
        long bytes = 0;
        long nowNs = beginNs;
        while (nowNs - beginNs < durationNs) {
            file.write(block.clear(), filePosition);
            file.force(false);
            filePosition = (filePosition + SYNC_LENGTH) % FILE_LENGTH;
            bytes += SYNC_LENGTH;
            nowNs = System.nanoTime();
        }
        return bytes / 1e9 / ((nowNs - beginNs) / SECOND_NS);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    /**
     * Speeds in 1e9 bytes a second.
     *
     * @param memory copying 64 KiB pieces from memory to memory.
     * @param loopback datagrams received, of the length that the rig uses.
     * @param syncedWrites 1 MiB each and a sync, over a file that was written before.
     */
    record Speeds(double memory, double loopback, double syncedWrites) {}
}
