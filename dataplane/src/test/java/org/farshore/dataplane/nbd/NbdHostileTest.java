package org.farshore.dataplane.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.farshore.dataplane.runtime.HeapCounters;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that send anything. Seeds are in the failures; a run takes the same ones each time. */
@Timeout(120)
class NbdHostileTest {
    private static final int SIZE = 1 << 16;
    private static final int SOCKET_ROUNDS = 300;
    private static final int MEMORY_ROUNDS = 15_000;

    private final MemoryExport disk = new MemoryExport(SIZE);
    private final NbdServerRig rig = NbdServerRig.with(disk);

    @AfterEach
    void end() throws IOException {
        try (NbdClient polite = NbdClient.structured(rig.socket, "disk")) {
            assertThat(polite.flush()).as("still at work").isZero();
        }
        rig.close();
        assertThat(rig.faults).isEmpty();
        assertThat(disk.closed).hasValue(disk.opened.get());
    }

    /** A whole life of a client, as it goes over the wire. */
    private static byte[] conversation(final boolean structured, final Random random) {
        return NbdClient.bytes(data -> {
            data.writeInt(NbdClient.FIXED | NbdClient.NO_ZEROES);
            option(data, NbdProtocol.OPT_LIST);
            if (structured) {
                option(data, NbdProtocol.OPT_STRUCTURED_REPLY);
                option(data, NbdProtocol.OPT_LIST_META_CONTEXT, NbdClient.metaContext("disk", "base:"));
                option(data, NbdProtocol.OPT_SET_META_CONTEXT, NbdClient.metaContext("disk", "base:allocation"));
            }
            option(data, NbdProtocol.OPT_INFO, NbdClient.info("disk", 0, 1, 2, 3));
            if (random.nextBoolean()) {
                option(data, NbdProtocol.OPT_GO, NbdClient.info("disk", 3));
            } else {
                option(data, NbdProtocol.OPT_EXPORT_NAME, "disk".getBytes(StandardCharsets.UTF_8));
            }
            for (int i = 0; i < 12; i++) {
                final int command = random.nextInt(9);
                final int length = command == NbdProtocol.CMD_FLUSH ? 0 : random.nextInt(9000);
                final long offset = command == NbdProtocol.CMD_FLUSH ? 0 : random.nextInt(SIZE - 9000);
                if (command != NbdProtocol.CMD_DISC) {
                    data.write(NbdClient.request(command, random.nextInt(4) == 0 ? 1 : 0, i, offset, length));
                    data.write(new byte[command == NbdProtocol.CMD_WRITE ? length : 0]);
                }
            }
            data.write(NbdClient.request(NbdProtocol.CMD_DISC, 0, 99, 0, 0));
        });
    }

    private static void option(final DataOutputStream out, final int option, final byte... data) throws IOException {
        out.writeLong(NbdProtocol.OPTION_MAGIC);
        out.writeInt(option);
        out.writeInt(data.length);
        out.write(data);
    }

    /** Breaks a conversation in one of the ways in which things break. */
    private static byte[] broken(final byte[] whole, final Random random) {
        final byte[] bytes = whole.clone();
        final int at = random.nextInt(bytes.length);
        switch (random.nextInt(5)) {
            case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> {
                for (int i = 0; i < 8; i++) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
            }
            case 2 -> {
                return Arrays.copyOf(bytes, at);
            }
            case 3 -> {
                final byte[] tail = new byte[bytes.length - at];
                random.nextBytes(tail);
                System.arraycopy(tail, 0, bytes, at, tail.length);
            }
            default ->
                Arrays.fill(bytes, at, Math.min(bytes.length, at + 4), (byte) (random.nextBoolean() ? 0xFF : 0x7F));
        }
        return bytes;
    }

    @Test
    void aClientThatHangsUpAtAnyByteOfTheHandshakeIsForgotten() throws IOException {
        final byte[] whole = NbdClient.bytes(data -> {
            data.writeInt(NbdClient.FIXED | NbdClient.NO_ZEROES);
            option(data, NbdProtocol.OPT_STRUCTURED_REPLY);
            option(data, NbdProtocol.OPT_SET_META_CONTEXT, NbdClient.metaContext("disk", "base:allocation"));
            option(data, NbdProtocol.OPT_GO, NbdClient.info("disk", 3));
            data.write(NbdClient.request(NbdProtocol.CMD_WRITE, 0, 1, 0, 16));
            data.write(new byte[16]);
        });
        for (int length = 0; length <= whole.length; length++) {
            try (NbdClient client = new NbdClient(rig.socket)) {
                client.out.write(whole, 0, length);
                if (length % 2 == 0 || length == whole.length) {
                    client.channel.shutdownOutput();
                    client.in.readAllBytes();
                }
            }
            final int soFar = length + 1;
            NbdServerRig.await(soFar + " clients are forgotten", () -> ended() == soFar);
        }
        assertThat(rig.closed(NbdCloseReason.LOST)).isEqualTo(whole.length + 1);
        assertThat(disk.bytes[0]).as("the last one's write was whole").isZero();
    }

    private long ended() {
        return Arrays.stream(NbdCloseReason.values()).mapToLong(rig::closed).sum();
    }

    @Test
    void brokenConversationsOverASocketEndAndHarmNobody() throws IOException {
        for (int seed = 0; seed < SOCKET_ROUNDS; seed++) {
            final Random random = new Random(seed);
            final byte[] bytes = broken(conversation(random.nextBoolean(), random), random);
            try (NbdClient client = new NbdClient(rig.socket)) {
                try {
                    client.out.write(bytes);
                    client.channel.shutdownOutput();
                } catch (final IOException e) {
                    // The server has hung up already, as it may.
                }
                final int rounds = seed + 1;
                while (!client.isHungUp()) {}
                NbdServerRig.await("seed " + seed + " is forgotten", () -> ended() == rounds);
            }
        }
    }

    @Test
    void brokenConversationsInMemoryEndInAReasonAndNothingElse() {
        final NbdExports exports = new NbdExports(1);
        exports.add("disk", disk);
        final NbdCounters counters = new NbdCounters(new HeapCounters());
        final NbdBuffers buffers = new NbdBuffers();
        int disconnects = 0;
        int wholes = 0;
        for (int seed = 0; seed < MEMORY_ROUNDS; seed++) {
            final Random random = new Random(seed);
            final byte[] whole = conversation(random.nextBoolean(), random);
            final boolean breaks = seed % 16 != 0;
            final byte[] bytes = breaks ? broken(whole, random) : whole;
            try {
                final NbdCloseReason reason = converse(new MemoryChannel(bytes, random), exports, buffers, counters);
                assertThat(breaks || reason == NbdCloseReason.DONE)
                        .as("seed %d ended by %s", seed, reason)
                        .isTrue();
                wholes++;
            } catch (final NbdDisconnect e) {
                assertThat(breaks).as("seed %d: %s", seed, e.getMessage()).isTrue();
                disconnects++;
            } catch (final IOException | RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        assertThat(disconnects).isGreaterThan(MEMORY_ROUNDS / 4);
        assertThat(wholes).isGreaterThan(MEMORY_ROUNDS / 10);
    }

    private NbdCloseReason converse(
            final ByteChannel channel, final NbdExports exports, final NbdBuffers buffers, final NbdCounters counters)
            throws IOException {
        final NbdWire wire = new NbdWire(channel, buffers);
        final NbdAgreement agreed = new NbdHandshake(wire, exports, slot -> null).run();
        if (agreed == null) {
            return NbdCloseReason.DONE;
        }
        final NbdAccess access = agreed.export().open();
        try {
            return new NbdSession(wire, agreed, access, buffers.extents, new NbdTally(counters)).run();
        } finally {
            access.close();
        }
    }

    /** A client whose bytes arrive in pieces of any length, and who takes replies the same way. */
    private static final class MemoryChannel implements ByteChannel {
        private final ByteBuffer bytes;
        private final Random random;
        private boolean open = true;

        MemoryChannel(final byte[] bytes, final Random random) {
            this.bytes = ByteBuffer.wrap(bytes);
            this.random = random;
        }

        @Override
        public int read(final ByteBuffer target) {
            if (!bytes.hasRemaining()) {
                return -1;
            }
            final int wanted = random.nextInt(4) == 0 ? 1 + random.nextInt(40) : bytes.remaining();
            final int taken = Math.min(Math.min(wanted, bytes.remaining()), target.remaining());
            if (taken == 0) {
                throw new AssertionError("a read into no room never ends");
            }
            target.put(bytes.slice(bytes.position(), taken));
            bytes.position(bytes.position() + taken);
            return taken;
        }

        @Override
        public int write(final ByteBuffer source) throws ClosedChannelException {
            if (!open) {
                throw new ClosedChannelException();
            }
            final int taken = Math.min(source.remaining(), 1 + random.nextInt(20_000));
            source.position(source.position() + taken);
            return taken;
        }

        @Override
        public boolean isOpen() {
            return open;
        }

        @Override
        public void close() {
            open = false;
        }
    }
}
