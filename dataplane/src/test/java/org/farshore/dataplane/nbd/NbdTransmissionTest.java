package org.farshore.dataplane.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.farshore.dataplane.nbd.NbdProtocol.CHUNK_ERROR_OFFSET;
import static org.farshore.dataplane.nbd.NbdProtocol.CHUNK_NONE;
import static org.farshore.dataplane.nbd.NbdProtocol.CHUNK_OFFSET_DATA;
import static org.farshore.dataplane.nbd.NbdProtocol.CHUNK_OFFSET_HOLE;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_BLOCK_STATUS;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_FLAG_DF;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_FLAG_FAST_ZERO;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_FLAG_FUA;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_FLAG_NO_HOLE;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_FLAG_REQ_ONE;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_FLUSH;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_READ;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_TRIM;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_WRITE;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_WRITE_ZEROES;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.farshore.dataplane.nbd.NbdClient.ReadResult;
import org.farshore.dataplane.nbd.NbdClient.Reply;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class NbdTransmissionTest {
    private static final int SIZE = 34 << 20;
    private static final int EINVAL = NbdError.EINVAL.number();
    private static final int MAX = NbdLimits.PAYLOAD_LENGTH_MAX;

    private final MemoryExport disk = new MemoryExport(SIZE);
    private final NbdServerRig rig = NbdServerRig.with(disk);

    @AfterEach
    void end() throws IOException {
        rig.close();
        assertThat(rig.faults).isEmpty();
        assertThat(disk.closed).hasValue(disk.opened.get());
    }

    private NbdClient structured() throws IOException {
        return NbdClient.structured(rig.socket, "disk");
    }

    private NbdClient simple() throws IOException {
        return NbdClient.simple(rig.socket, "disk");
    }

    private byte[] expected(final long offset, final int length) {
        return Arrays.copyOfRange(disk.bytes, (int) offset, (int) offset + length);
    }

    private static byte[] random(final long seed, final int length) {
        final byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    @Test
    void readsOfEveryLengthReturnTheBytesByBothKindsOfReply() throws IOException {
        try (NbdClient chunks = structured();
                NbdClient plain = simple()) {
            for (final int length : new int[] {1, 511, 4096, 65_537, 256 << 10, (256 << 10) + 1, 1 << 20, MAX}) {
                final long offset = (long) SIZE - length;
                assertThat(chunks.read(0, offset, length).bytes()).isEqualTo(expected(offset, length));
                plain.send(CMD_READ, 0, offset, length);
                final Reply reply = plain.reply(length);
                assertThat(reply.error()).isZero();
                assertThat(reply.payload()).isEqualTo(expected(offset, length));
            }
        }
    }

    @Test
    void lengthZeroIsAnsweredAndDoesNothing() throws IOException {
        try (NbdClient chunks = structured();
                NbdClient plain = simple()) {
            assertThat(chunks.read(0, 0, 0).types()).containsExactly(CHUNK_NONE);
            assertThat(plain.call(CMD_READ, 0, SIZE, 0)).isZero();
            assertThat(plain.write(0)).isZero();
            assertThat(plain.call(CMD_TRIM, 0, 0, 0)).isZero();
            assertThat(plain.call(CMD_WRITE_ZEROES, 0, SIZE, 0)).isZero();
            assertThat(chunks.call(CMD_BLOCK_STATUS, 0, 0, 0)).isEqualTo(EINVAL);
        }
        assertThat(disk.bytes).isEqualTo(new MemoryExport(SIZE).bytes);
    }

    @Test
    void rangesBeyondTheEndAreRefusedAndTheConnectionGoesOn() throws IOException {
        final int enospc = NbdError.ENOSPC.number();
        final byte[] payload = new byte[4096];
        try (NbdClient client = structured()) {
            for (final long offset : new long[] {SIZE - 4095, SIZE, Long.MAX_VALUE - 10, Long.MIN_VALUE, -4096, -1}) {
                assertThat(client.call(CMD_READ, 0, offset, 4096)).isEqualTo(EINVAL);
                assertThat(client.call(CMD_TRIM, 0, offset, 4096)).isEqualTo(EINVAL);
                assertThat(client.call(CMD_BLOCK_STATUS, 0, offset, 4096)).isEqualTo(EINVAL);
                assertThat(client.write(offset, payload)).isEqualTo(enospc);
                assertThat(client.call(CMD_WRITE_ZEROES, 0, offset, 4096)).isEqualTo(enospc);
            }
            assertThat(client.call(CMD_WRITE_ZEROES, 0, 0, 0xFFFFFFFFL)).isEqualTo(enospc);
            assertThat(client.call(CMD_TRIM, 0, 0, 0xFFFFFFFFL)).isEqualTo(EINVAL);
            assertThat(client.read(0, 0, 4096).bytes()).isEqualTo(expected(0, 4096));
        }
        rig.awaitClosed(NbdCloseReason.LOST, 1);
        assertThat(rig.count(ReplicationCounter.NBD_ERRORS)).isEqualTo(6 * 5 + 2);
        assertThat(disk.bytes).isEqualTo(new MemoryExport(SIZE).bytes);
    }

    @Test
    void readsLongerThanTheMaximumAreRefused() throws IOException {
        try (NbdClient chunks = structured();
                NbdClient plain = simple()) {
            assertThat(chunks.call(CMD_READ, 0, 0, MAX + 1)).isEqualTo(NbdError.EOVERFLOW.number());
            assertThat(plain.call(CMD_READ, 0, 0, MAX + 1)).isEqualTo(EINVAL);
            assertThat(plain.flush()).isZero();
        }
    }

    @Test
    void writesOfEveryLengthArriveWhole() throws IOException {
        try (NbdClient client = simple()) {
            for (final int length : new int[] {1, 4096, 65_537, 256 << 10, (256 << 10) + 1, 3 << 20, MAX}) {
                for (final int offset : new int[] {0, 1, 4095}) {
                    final byte[] payload = random(length + offset, length);
                    assertThat(client.write(offset, payload)).isZero();
                    assertThat(expected(offset, length)).isEqualTo(payload);
                }
            }
        }
    }

    @Test
    void aWriteLongerThanTheMaximumEndsTheConnectionUnread() throws IOException {
        for (final long length : new long[] {MAX + 1, 0xFFFFFFFFL}) {
            try (NbdClient client = simple()) {
                client.send(CMD_WRITE, 0, 0, length);
                assertThat(client.isHungUp()).isTrue();
            }
        }
        rig.awaitClosed(NbdCloseReason.OVERSIZE, 2);
    }

    @Test
    void longPiecesOfAnUnalignedWriteEndAtBlocks() throws IOException {
        final StringBuilder pieces = new StringBuilder();
        rig.server.add("watched", new DelegatingExport(disk) {
            @Override
            public NbdAccess open() {
                return new DelegatingAccess(disk.open()) {
                    @Override
                    public void write(final long offset, final ByteBuffer source, final NbdOutcome outcome) {
                        pieces.append(offset)
                                .append('+')
                                .append(source.remaining())
                                .append(' ');
                        super.write(offset, source, outcome);
                    }
                };
            }
        });
        try (NbdClient client = NbdClient.simple(rig.socket, "watched")) {
            assertThat(client.write(100, new byte[600_000])).isZero();
        }
        assertThat(pieces.toString()).isEqualTo("100+262044 262144+262144 524288+75812 ");
    }

    @Test
    void holesAreSentAsHolesUnlessTheClientWantsOneChunk() throws IOException {
        disk.knowsHoles = true;
        Arrays.fill(disk.bytes, 8192, 1 << 20, (byte) 0);
        try (NbdClient client = structured()) {
            final ReadResult holes = client.read(0, 1, (1 << 20) + 4096);
            assertThat(holes.types()).containsExactly(CHUNK_OFFSET_DATA, CHUNK_OFFSET_HOLE, CHUNK_OFFSET_DATA);
            assertThat(holes.bytes()).isEqualTo(expected(1, (1 << 20) + 4096));
            final ReadResult whole = client.read(CMD_FLAG_DF, 1, 1 << 20);
            assertThat(whole.types()).containsExactly(CHUNK_OFFSET_DATA);
            assertThat(whole.bytes()).isEqualTo(expected(1, 1 << 20));
            assertThat(client.read(CMD_FLAG_DF, 0, (1 << 20) + 1).error()).isEqualTo(NbdError.EOVERFLOW.number());
            assertThat(client.read(0, 8192, 1 << 19).types()).containsExactly(CHUNK_OFFSET_HOLE);
        }
    }

    @Test
    void moreExtentsThanAreLookedAtAreStillReadRight() throws IOException {
        disk.knowsHoles = true;
        for (int block = 0; block < SIZE / 4096; block += 2) {
            Arrays.fill(disk.bytes, block * 4096, block * 4096 + 4096, (byte) 0);
        }
        try (NbdClient client = structured()) {
            assertThat(client.read(0, 0, MAX).bytes()).isEqualTo(expected(0, MAX));
            client.send(CMD_BLOCK_STATUS, 0, 0, SIZE);
            assertThat(client.reply(0).payload()).hasSize(4 + 8 * NbdLimits.EXTENT_COUNT_MAX);
        }
    }

    @Test
    void aBadSectorFailsTheReadAtItsOffsetWithoutOneWrongByte() throws IOException {
        disk.badOffset = 600_000;
        try (NbdClient chunks = structured();
                NbdClient plain = simple()) {
            final ReadResult failed = chunks.read(0, 0, 1 << 20);
            assertThat(failed.types()).containsExactly(CHUNK_OFFSET_DATA, CHUNK_OFFSET_DATA, CHUNK_ERROR_OFFSET);
            assertThat(failed.error()).isEqualTo(NbdError.EIO.number());
            assertThat(failed.errorOffset()).isEqualTo(600_000);
            assertThat(failed.message()).isEqualTo("bad sector");
            assertThat(Arrays.copyOf(failed.bytes(), 512 << 10)).isEqualTo(expected(0, 512 << 10));
            assertThat(chunks.read(0, 700_000, 4096).bytes()).isEqualTo(expected(700_000, 4096));
            assertThat(plain.call(CMD_READ, 0, 0, 1 << 20)).isEqualTo(NbdError.EIO.number());
            assertThat(plain.flush()).isZero();
        }
    }

    @Test
    void aSimpleReadThatFailsBehindItsHeaderEndsTheConnection() throws IOException {
        disk.badOffset = 3 << 20;
        try (NbdClient plain = simple()) {
            plain.send(CMD_READ, 0, 0, 4 << 20);
            assertThat(plain.in.readInt()).isEqualTo(NbdProtocol.SIMPLE_REPLY_MAGIC);
            assertThat(plain.in.readInt()).isZero();
            plain.in.readLong();
            assertThat(plain.in.readNBytes(4 << 20)).hasSizeLessThan((3 << 20) + 1);
        }
        rig.awaitClosed(NbdCloseReason.READ_FAILED, 1);
    }

    @Test
    void aFailedWriteIsAnsweredBehindItsWholePayload() throws IOException {
        disk.badOffset = 300_000;
        try (NbdClient client = structured()) {
            final long cookie = client.send(CMD_WRITE, 0, 0, 3 << 20, new byte[3 << 20]);
            final Reply reply = client.reply(0);
            assertThat(reply.type()).isEqualTo(CHUNK_ERROR_OFFSET);
            assertThat(reply.cookie()).isEqualTo(cookie);
            assertThat(reply.buffer().getLong(6 + "bad sector".length())).isEqualTo(300_000);
            assertThat(client.write(0, new byte[512])).isZero();
        }
    }

    @Test
    void unalignedRequestsAreRefusedByAnExportWithSectors() throws IOException {
        final MemoryExport sectors = new MemoryExport(1 << 20);
        sectors.minimumBlockLength = 512;
        rig.server.add("sectors", sectors);
        try (NbdClient client = NbdClient.structured(rig.socket, "sectors")) {
            assertThat(client.call(CMD_READ, 0, 1, 512)).isEqualTo(EINVAL);
            assertThat(client.call(CMD_READ, 0, 512, 511)).isEqualTo(EINVAL);
            assertThat(client.write(256, new byte[512])).isEqualTo(EINVAL);
            assertThat(client.call(CMD_TRIM, 0, 0, 100)).isEqualTo(EINVAL);
            assertThat(client.call(CMD_WRITE_ZEROES, 0, 100, 512)).isEqualTo(EINVAL);
            assertThat(client.call(CMD_BLOCK_STATUS, 0, 100, 512)).isEqualTo(EINVAL);
            assertThat(client.write(512, new byte[512])).isZero();
        }
    }

    @Test
    void aReadOnlyExportRefusesEveryChange() throws IOException {
        disk.readOnly = true;
        final int eperm = NbdError.EPERM.number();
        try (NbdClient client = simple()) {
            assertThat(client.write(0, new byte[4096])).isEqualTo(eperm);
            assertThat(client.call(CMD_TRIM, 0, 0, 4096)).isEqualTo(eperm);
            assertThat(client.call(CMD_WRITE_ZEROES, 0, 0, 4096)).isEqualTo(eperm);
            assertThat(client.flush()).isZero();
        }
        assertThat(disk.bytes).isEqualTo(new MemoryExport(SIZE).bytes);
    }

    @Test
    void commandsAndFlagsThatWereNotOfferedAreRefused() throws IOException {
        disk.trims = false;
        try (NbdClient plain = simple();
                NbdClient chunks = structured()) {
            for (final int command : new int[] {5, 8, 9, 4711, 0xFFFF}) {
                assertThat(plain.call(command, 0, 0, 0)).isEqualTo(EINVAL);
            }
            assertThat(plain.call(CMD_TRIM, 0, 0, 4096)).isEqualTo(EINVAL);
            assertThat(plain.call(CMD_READ, CMD_FLAG_DF, 0, 512)).isEqualTo(EINVAL);
            assertThat(chunks.call(CMD_READ, 1 << 9, 0, 512)).isEqualTo(EINVAL);
            assertThat(plain.call(CMD_WRITE, CMD_FLAG_NO_HOLE, 0, 512, new byte[512]))
                    .isEqualTo(EINVAL);
            assertThat(plain.call(CMD_BLOCK_STATUS, 0, 0, 512)).isEqualTo(EINVAL);
            assertThat(plain.call(CMD_WRITE_ZEROES, CMD_FLAG_FAST_ZERO, 0, 512)).isEqualTo(EINVAL);
            assertThat(plain.call(CMD_FLUSH, 0, 0, 512)).isEqualTo(EINVAL);
            assertThat(plain.call(CMD_FLUSH, 0, 512, 0)).isEqualTo(EINVAL);
            assertThat(plain.call(CMD_FLUSH, CMD_FLAG_FUA, 0, 0))
                    .as("FUA is valid everywhere")
                    .isZero();
        }
    }

    @Test
    void fastZeroIsAnsweredHonestly() throws IOException {
        disk.zeroingFast = true;
        try (NbdClient client = simple()) {
            assertThat(client.call(CMD_WRITE_ZEROES, CMD_FLAG_FAST_ZERO, 0, 8192))
                    .isZero();
            assertThat(expected(0, 8192)).containsOnly(0);
            assertThat(client.call(CMD_WRITE_ZEROES, CMD_FLAG_FAST_ZERO | CMD_FLAG_NO_HOLE, 8192, 512))
                    .isEqualTo(NbdError.ENOTSUP.number());
            assertThat(client.call(CMD_WRITE_ZEROES, CMD_FLAG_NO_HOLE, 8192, 512))
                    .isZero();
        }
    }

    @Test
    void fuaIsDurableWhenItIsAnsweredAndPlainWritesAfterAFlush() throws IOException {
        try (NbdClient client = simple()) {
            assertThat(client.write(0, random(1, 512))).isZero();
            assertThat(disk.flushes).hasValue(0);
            assertThat(client.call(CMD_WRITE, CMD_FLAG_FUA, 512, 512, random(2, 512)))
                    .isZero();
            assertThat(Arrays.copyOf(disk.durable, 1024)).isEqualTo(expected(0, 1024));
            assertThat(client.call(CMD_WRITE_ZEROES, CMD_FLAG_FUA, 0, 100)).isZero();
            assertThat(disk.durable[99]).isZero();
            assertThat(client.call(CMD_TRIM, CMD_FLAG_FUA, 200, 100)).isZero();
            assertThat(disk.flushes).hasValue(3);
            assertThat(client.write(5, (byte) 77)).isZero();
            assertThat(client.flush()).isZero();
            assertThat(disk.durable[5]).isEqualTo((byte) 77);
        }
    }

    @Test
    void blockStatusDescribesTheRangeAndNotMore() throws IOException {
        disk.knowsHoles = true;
        Arrays.fill(disk.bytes, 4096, 12_288, (byte) 0);
        try (NbdClient client = structured()) {
            client.send(CMD_BLOCK_STATUS, 0, 100, 20_000);
            assertThat(ints(client.reply(0).buffer())).containsExactly(1, 3996, 0, 8192, 3, 20_000 - 3996 - 8192, 0);
            client.send(CMD_BLOCK_STATUS, CMD_FLAG_REQ_ONE, 5000, 20_000);
            assertThat(ints(client.reply(0).buffer())).containsExactly(1, 12_288 - 5000, 3);
            disk.knowsHoles = false;
            client.send(CMD_BLOCK_STATUS, 0, 0, SIZE);
            assertThat(ints(client.reply(0).buffer())).containsExactly(1, SIZE, 0);
        }
    }

    private static int[] ints(final ByteBuffer payload) {
        final int[] values = new int[payload.remaining() / 4];
        payload.asIntBuffer().get(values);
        return values;
    }

    @Test
    void manyRequestsAtOnceAreAnsweredInOrder() throws IOException {
        final int count = 500;
        try (NbdClient client = simple()) {
            client.send(data -> {
                for (int i = 0; i < count; i++) {
                    data.write(NbdClient.request(CMD_WRITE, 0, i, i * 4096L, 4096));
                    data.write(random(i, 4096));
                    if (i % 3 == 0) {
                        data.write(NbdClient.request(CMD_READ, 0, i, i * 4096L, 10));
                    }
                }
            });
            for (int i = 0; i < count; i++) {
                assertThat(client.reply(0).cookie()).isEqualTo(i);
                if (i % 3 == 0) {
                    assertThat(client.reply(10).payload()).isEqualTo(Arrays.copyOf(random(i, 4096), 10));
                }
            }
        }
        for (int i = 0; i < count; i++) {
            assertThat(expected(i * 4096L, 4096)).isEqualTo(random(i, 4096));
        }
    }

    @Test
    void disconnectIsObeyedAfterWhatCameBeforeIt() throws IOException {
        try (NbdClient client = simple()) {
            client.send(data -> {
                data.write(NbdClient.request(CMD_READ, 0, 7, 0, 16));
                data.write(NbdClient.request(NbdProtocol.CMD_DISC, 0, 8, 0, 0));
                data.write(NbdClient.request(CMD_READ, 0, 9, 0, 16));
            });
            assertThat(client.reply(16).cookie()).isEqualTo(7);
            assertThat(client.isHungUp()).isTrue();
        }
        rig.awaitClosed(NbdCloseReason.DONE, 1);
    }

    @Test
    void aRequestWithoutItsMagicEndsTheConnection() throws IOException {
        try (NbdClient client = simple()) {
            client.out.write(new byte[28]);
            assertThat(client.isHungUp()).isTrue();
        }
        rig.awaitClosed(NbdCloseReason.PROTOCOL, 1);
    }

    @Test
    void whatIsCountedIsWhatWasDone() throws IOException {
        try (NbdClient client = structured()) {
            client.write(0, new byte[5000]);
            client.read(0, 0, 3000);
            client.call(CMD_READ, 0, SIZE, 1);
            client.send(NbdProtocol.CMD_DISC, 0, 0, 0);
            assertThat(client.isHungUp()).isTrue();
        }
        rig.awaitClosed(NbdCloseReason.DONE, 1);
        assertThat(rig.count(ReplicationCounter.NBD_REQUESTS)).isEqualTo(3);
        assertThat(rig.count(ReplicationCounter.NBD_ERRORS)).isEqualTo(1);
        assertThat(rig.count(ReplicationCounter.NBD_WRITTEN_BYTES)).isEqualTo(5000);
        assertThat(rig.count(ReplicationCounter.NBD_READ_BYTES)).isEqualTo(3000);
        assertThat(rig.count(ReplicationCounter.NBD_CONNECTIONS)).isZero();
    }
}
