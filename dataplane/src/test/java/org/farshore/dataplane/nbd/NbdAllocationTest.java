package org.farshore.dataplane.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import org.farshore.dataplane.runtime.HeapCounters;
import org.junit.jupiter.api.Test;

/** The data path of the server allocates nothing; what the JDK's socket and file channels do is not measured here. */
class NbdAllocationTest {
    private static final int ROUNDS = 3000;
    private static final int SMALLEST_OBJECT_LENGTH = 16;

    /** The same requests again and again. */
    private static final class Endless implements ByteChannel {
        private final ByteBuffer handshake;
        private final ByteBuffer requests;
        private final long untilSent;
        private long sent;

        Endless(final byte[] handshake, final byte[] requests, final long rounds) {
            this.handshake = ByteBuffer.wrap(handshake);
            this.requests = ByteBuffer.allocateDirect(requests.length).put(requests);
            untilSent = rounds;
        }

        @Override
        public int read(final ByteBuffer target) {
            if (handshake.hasRemaining()) {
                final int length = handshake.remaining();
                target.put(handshake);
                return length;
            }
            if (sent++ == untilSent) {
                return -1;
            }
            requests.clear();
            target.put(requests);
            return requests.capacity();
        }

        @Override
        public int write(final ByteBuffer source) {
            final int length = source.remaining();
            source.position(source.limit());
            return length;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    private static void requests(final DataOutputStream data) throws IOException {
        data.write(NbdClient.request(NbdProtocol.CMD_READ, 0, 1, 0, 4096));
        data.write(NbdClient.request(NbdProtocol.CMD_READ, 0, 2, 100, 100_000));
        data.write(NbdClient.request(NbdProtocol.CMD_WRITE, 0, 3, 4096, 4096));
        data.write(new byte[4096]);
        data.write(NbdClient.request(NbdProtocol.CMD_WRITE_ZEROES, 0, 4, 0, 8192));
        data.write(NbdClient.request(NbdProtocol.CMD_BLOCK_STATUS, 0, 5, 0, 65_536));
    }

    @Test
    void servingARequestAllocatesNothing() throws IOException {
        final MemoryExport disk = new MemoryExport(1 << 17);
        disk.knowsHoles = true;
        final NbdExports exports = new NbdExports(1);
        exports.add("disk", disk);
        final byte[] handshake = NbdClient.bytes(data -> data.writeInt(NbdClient.FIXED));
        final Endless channel = new Endless(handshake, NbdClient.bytes(NbdAllocationTest::requests), ROUNDS);
        final NbdBuffers buffers = new NbdBuffers();
        final NbdWire wire = new NbdWire(channel, buffers);
        wire.require(4);
        wire.in().getInt();
        final NbdAgreement agreed = new NbdAgreement(exports.find("disk"), true, true);
        final NbdTally tally = new NbdTally(new NbdCounters(new HeapCounters()));
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final long thread = Thread.currentThread().getId();
        final long before = threads.getThreadAllocatedBytes(thread);
        new NbdSession(wire, agreed, disk.open(), buffers.extents, tally).run();
        final long allocated = threads.getThreadAllocatedBytes(thread) - before;
        assertThat(allocated).as("bytes for %d requests", 5 * ROUNDS).isLessThan(ROUNDS * SMALLEST_OBJECT_LENGTH);
    }
}
