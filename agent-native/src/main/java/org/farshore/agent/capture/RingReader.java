package org.farshore.agent.capture;

import org.agrona.BitUtil;
import org.agrona.collections.LongHashSet;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * Reads a BPF ring buffer in place. The kernel's layout, stable since 5.8: one page with the consumer position, written by
 * us; one page with the producer position, read only; then the data, mapped twice in a row so that a record never wraps.
 * Before each record stand 8 bytes: u32 length with bit 31 (busy: reserved, not published yet) and bit 30 (discarded), u32
 * of the kernel's own. Records begin at multiples of 8. Positions never go back.
 *
 * <p>Never waited for with epoll: the descriptor is readable as long as anything is not released, and the programs do not
 * wake anybody. The producer position is polled.
 *
 * <p><b>Half a write is never handed on.</b> The kernel publishes the first piece of a write when all its pieces are in the
 * ring, and discards it when one of them found no room. So a later piece whose first was not seen belongs to a write that
 * was given up and is in the lost bits; it is left out here. This needs reading to begin where no write is open, and a jump
 * to another position to be such a place too.
 *
 * <p>One thread. Nothing is allocated after construction.
 */
final class RingReader implements AutoCloseable {
    private static final int BUSY = 0x8000_0000;
    private static final int DISCARDED = 0x4000_0000;
    private static final int HEADER_LENGTH = 8;
    /** Sectors of 512 bytes whose byte offset is a positive long. */
    private static final int SECTOR_BITS = 54;
    /** Writes whose pieces interleave: one for each processor that can be inside the program. */
    private static final int OPEN_BIOS_MAX = 1024;

    private final BlockEventFlyweight event = new BlockEventFlyweight();
    private final LongHashSet openBios = new LongHashSet(OPEN_BIOS_MAX * 2);
    private final UnsafeBuffer consumer;
    private final UnsafeBuffer producer;
    private final UnsafeBuffer data;
    private final long mask;
    private final int pageLength;
    private final long ringLength;
    private final long[] firstPositions;

    private long expectedPosition = -1;
    private long orphanCount;

    /**
     * Maps the ring.
     *
     * @param fd of the ring's map; not kept.
     * @param length of the ring, a power of two, at most 512 MiB.
     * @param firstPositions for each volume number the position from which on records are its own; Long.MAX_VALUE: none.
     */
    RingReader(final int fd, final int length, final long[] firstPositions) {
        if (!BitUtil.isPowerOfTwo(length) || length > 1 << 29) {
            throw new IllegalArgumentException("ring length " + length + " is no power of two up to 512 MiB");
        }
        this.ringLength = length;
        this.mask = length - 1L;
        this.firstPositions = firstPositions;
        this.pageLength = LinuxCalls.getpagesize();
        final int readWrite = LinuxCalls.PROT_READ | LinuxCalls.PROT_WRITE;
        final long consumerAddress = LinuxCalls.mapShared(fd, 0, pageLength, readWrite, "the capture ring");
        final long rest = pageLength + 2L * length;
        final long producerAddress =
                LinuxCalls.mapShared(fd, pageLength, rest, LinuxCalls.PROT_READ, "the capture ring");
        consumer = new UnsafeBuffer(consumerAddress, pageLength);
        producer = new UnsafeBuffer(producerAddress, pageLength);
        // The double mapping of the largest ring has 2^30 bytes, an int.
        data = new UnsafeBuffer(producerAddress + pageLength, 2 * length);
    }

    long length() {
        return ringLength;
    }

    long consumerPosition() {
        return consumer.getLongVolatile(0);
    }

    long producerPosition() {
        return producer.getLongVolatile(0);
    }

    /** Pieces left out so far because their write was given up. */
    long orphanCount() {
        return orphanCount;
    }

    void release(final long position) {
        final long now = consumer.getLong(0);
        if (position < now || position > producerPosition() || (position & 7) != 0) {
            throw new IllegalArgumentException(
                    "release of " + position + " outside " + now + " to " + producerPosition());
        }
        consumer.putLongRelease(0, position);
    }

    /** As {@link CaptureSource#take}. */
    long take(final CaptureHandler handler, final long from, final long limitPosition, final int recordLimit) {
        final long limit = Math.min(limitPosition, producerPosition());
        if (from != expectedPosition) {
            openBios.clear();
        }
        long position = from;
        for (int i = 0; i < recordLimit && position < limit; i++) {
            final int offset = (int) (position & mask);
            final int header = data.getIntVolatile(offset);
            if ((header & BUSY) != 0) {
                break;
            }
            final int length = header & ~(BUSY | DISCARDED);
            if (length > ringLength - HEADER_LENGTH) {
                throw broken("length " + length, position);
            }
            if ((header & DISCARDED) == 0 && !dispatch(handler, offset + HEADER_LENGTH, length, position)) {
                break;
            }
            position += BitUtil.align(length + HEADER_LENGTH, HEADER_LENGTH);
        }
        expectedPosition = position;
        return position;
    }

    private boolean dispatch(
            final CaptureHandler handler, final int offset, final int recordLength, final long position) {
        if (recordLength < BlockEventFlyweight.HEADER_LENGTH) {
            throw broken("length " + recordLength, position);
        }
        event.wrap(data, offset);
        final int volume = event.volume();
        if (volume >= firstPositions.length || position < firstPositions[volume]) {
            return true;
        }
        if (event.sector() >>> SECTOR_BITS != 0 || event.length() < 0) {
            throw broken("sector " + event.sector() + " and " + event.length() + " bytes", position);
        }
        final long byteOffset = event.sector() << 9;
        switch (event.type()) {
            case BlockEventFlyweight.SUBMIT:
                if (!isPiece(event.length(), recordLength - BlockEventFlyweight.HEADER_LENGTH)) {
                    throw broken("a piece of " + event.length() + " bytes in a record of " + recordLength, position);
                }
                return dispatchSubmit(handler, volume, byteOffset);
            case BlockEventFlyweight.COMPLETE:
                return handler.onComplete(volume, byteOffset, event.length(), event.error(), event.timeNs());
            case BlockEventFlyweight.ZEROED:
                final boolean discard = (event.flags() & BlockEventFlyweight.DISCARD) != 0;
                return handler.onZeroed(volume, byteOffset, event.length(), discard, event.timeNs());
            default:
                throw broken("type " + event.type(), position);
        }
    }

    private static boolean isPiece(final long length, final int room) {
        return length > 0
                && length <= room
                && length <= StreamLimits.BATCH_PAYLOAD_LENGTH_MAX
                && (length & (StreamLimits.SECTOR_LENGTH - 1)) == 0;
    }

    /** The programs write no such record: the ring is not what it was, or was taken at a wrong place. */
    private static FarshoreException broken(final String found, final long position) {
        return new FarshoreException(
                ExitCode.INVARIANT,
                "the capture ring has a record with " + found + " at position " + position
                        + ": end the capture with --detach and start again, the volumes are then compared");
    }

    private boolean dispatchSubmit(final CaptureHandler handler, final int volume, final long byteOffset) {
        final boolean first = (event.flags() & BlockEventFlyweight.FIRST) != 0;
        final boolean last = (event.flags() & BlockEventFlyweight.LAST) != 0;
        final long bio = event.bio();
        if (!first && !openBios.contains(bio)) {
            orphanCount++;
            return true;
        }
        final int length = (int) event.length();
        if (!handler.onSubmit(volume, byteOffset, length, first, last, event.timeNs(), data, event.payloadOffset())) {
            return false;
        }
        if (first && !last) {
            openBios.add(bio);
        } else if (last && !first) {
            openBios.remove(bio);
        }
        return true;
    }

    @Override
    public void close() {
        LinuxCalls.munmap(consumer.addressOffset(), pageLength);
        LinuxCalls.munmap(producer.addressOffset(), pageLength + 2 * ringLength);
    }
}
