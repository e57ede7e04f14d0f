package org.farshore.agent.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A ring in a file, laid out as the kernel does; the second half of its data is a copy instead of the same pages. */
class RingReaderTest implements CaptureHandler {
    private static final int RING = 1 << 16;
    private static final int PAGE = LinuxCalls.getpagesize();
    private static final int BUSY = 0x8000_0000;
    private static final int DISCARDED = 0x4000_0000;

    @TempDir
    Path folder;

    private final long[] firstPositions = new long[64];
    private final List<String> taken = new ArrayList<>();
    private int refuseAfter = Integer.MAX_VALUE;
    private UnsafeBuffer memory;
    private RingReader ring;
    private long producer;

    @BeforeEach
    void map() throws IOException {
        final Path file = folder.resolve("ring");
        final int length = 2 * PAGE + 2 * RING;
        Files.write(file, new byte[length]);
        final int fd =
                org.farshore.dataplane.runtime.Libc.open(file.toString(), org.farshore.dataplane.runtime.Libc.O_RDWR);
        final int readWrite = LinuxCalls.PROT_READ | LinuxCalls.PROT_WRITE;
        memory = new UnsafeBuffer(LinuxCalls.mapShared(fd, 0, length, readWrite, "test"), length);
        ring = new RingReader(fd, RING, firstPositions);
        LinuxCalls.close(fd);
    }

    @AfterEach
    void unmap() {
        ring.close();
        LinuxCalls.munmap(memory.addressOffset(), memory.capacity());
    }

    private long append(final int headerFlags, final int type, final int flags, final long bio, final int payload) {
        final long at = producer;
        for (int half = 0; half < 2; half++) {
            final int offset = 2 * PAGE + (int) (at & (RING - 1)) + half * RING;
            if (offset + 8 + BlockEventFlyweight.HEADER_LENGTH <= memory.capacity()) {
                memory.putInt(offset, BlockEventFlyweight.HEADER_LENGTH + payload | headerFlags);
                final int record = offset + 8;
                memory.putLong(record + BlockEventFlyweight.SECTOR_OFFSET, bio);
                memory.putLong(record + BlockEventFlyweight.LENGTH_OFFSET, 512);
                memory.putLong(record + BlockEventFlyweight.BIO_OFFSET, bio);
                memory.putByte(record + BlockEventFlyweight.TYPE_OFFSET, (byte) type);
                memory.putByte(record + BlockEventFlyweight.FLAGS_OFFSET, (byte) flags);
                memory.putShort(record + BlockEventFlyweight.VOLUME_OFFSET, (short) 0);
            }
        }
        producer += (BlockEventFlyweight.HEADER_LENGTH + payload + 8 + 7) & ~7L;
        memory.putLongVolatile(PAGE, producer);
        return at;
    }

    private long submit(final int flags, final long bio) {
        return append(0, BlockEventFlyweight.SUBMIT, flags, bio, 4096);
    }

    private long take(final long position) {
        return ring.take(this, position, Long.MAX_VALUE, 1000);
    }

    @Override
    public boolean onSubmit(
            final int volume,
            final long offset,
            final int length,
            final boolean first,
            final boolean last,
            final long timeNs,
            final DirectBuffer payload,
            final int payloadOffset) {
        return note("S" + (offset >> 9) + (first ? "f" : "") + (last ? "l" : ""));
    }

    @Override
    public boolean onComplete(
            final int volume, final long offset, final long length, final int error, final long timeNs) {
        return note("C" + (offset >> 9));
    }

    @Override
    public boolean onZeroed(
            final int volume, final long offset, final long length, final boolean discard, final long timeNs) {
        return note((discard ? "D" : "Z") + (offset >> 9));
    }

    private boolean note(final String record) {
        if (taken.size() == refuseAfter) {
            return false;
        }
        taken.add(record);
        return true;
    }

    private static final int FIRST = BlockEventFlyweight.FIRST;
    private static final int LAST = BlockEventFlyweight.LAST;

    @Test
    void handsOnRecordsInOrder() {
        submit(FIRST | LAST, 1);
        append(0, BlockEventFlyweight.COMPLETE, 0, 2, 0);
        append(0, BlockEventFlyweight.ZEROED, BlockEventFlyweight.DISCARD, 3, 0);
        assertThat(take(0)).isEqualTo(producer);
        assertThat(taken).containsExactly("S1fl", "C2", "D3");
    }

    @Test
    void stopsAtARecordThatIsNotPublished() {
        submit(FIRST | LAST, 1);
        final long busy = append(BUSY, BlockEventFlyweight.SUBMIT, FIRST | LAST, 2, 4096);
        assertThat(take(0)).isEqualTo(busy);
        memory.putIntVolatile(2 * PAGE + (int) busy, BlockEventFlyweight.HEADER_LENGTH + 4096);
        assertThat(take(busy)).isEqualTo(producer);
        assertThat(taken).containsExactly("S1fl", "S2fl");
    }

    @Test
    void dropsThePiecesOfAWriteThatWasGivenUp() {
        append(DISCARDED, BlockEventFlyweight.SUBMIT, FIRST, 1, 4096);
        submit(FIRST, 2);
        submit(0, 1);
        submit(0, 2);
        submit(LAST, 2);
        submit(LAST, 1);
        take(0);
        assertThat(taken).containsExactly("S2f", "S2", "S2l");
        assertThat(ring.orphanCount()).isEqualTo(2);
    }

    @Test
    void offersARefusedRecordAgain() {
        submit(FIRST, 1);
        final long refused = submit(0, 1);
        submit(LAST, 1);
        refuseAfter = 1;
        assertThat(take(0)).isEqualTo(refused);
        refuseAfter = Integer.MAX_VALUE;
        take(refused);
        assertThat(taken).containsExactly("S1f", "S1", "S1l");
    }

    @Test
    void readsAgainFromAnEarlierPosition() {
        submit(FIRST, 1);
        submit(LAST, 1);
        take(0);
        taken.clear();
        take(0);
        assertThat(taken).containsExactly("S1f", "S1l");
    }

    @Test
    void leavesOutRecordsOfAnOlderVolumeOfTheSameNumber() {
        submit(FIRST | LAST, 1);
        firstPositions[0] = producer;
        submit(FIRST | LAST, 2);
        take(0);
        assertThat(taken).containsExactly("S2fl");
    }

    @Test
    void goesRoundTheRing() {
        long position = 0;
        for (int i = 0; i < 100; i++) {
            submit(FIRST | LAST, i);
            position = take(position);
            ring.release(position);
        }
        assertThat(taken).hasSize(100).last().isEqualTo("S99fl");
        assertThat(ring.consumerPosition()).isEqualTo(producer);
    }

    @Test
    void neverReleasesBackwardsOrAhead() {
        submit(FIRST | LAST, 1);
        assertThatThrownBy(() -> ring.release(producer + 8)).isInstanceOf(IllegalArgumentException.class);
        ring.release(producer);
        assertThatThrownBy(() -> ring.release(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
