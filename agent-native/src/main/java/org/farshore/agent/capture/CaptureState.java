package org.farshore.agent.capture;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * The pinned state of a capture, {@code struct capture_state} in {@code block_capture.h}: identity, the gap epoch, counters,
 * and one entry for each volume number. Mapped, shared with the kernel's programs. Native byte order, little endian on the
 * machines that are supported. One thread writes; the programs write the counters and {@code coverage unknown}.
 */
final class CaptureState {
    static final long MAGIC = 0x3165726f68737266L;
    static final int ABI = 1;
    static final int VOLUMES_MAX = 64;
    static final int COUNTER_SLOTS = 64;

    static final int MAGIC_OFFSET = 0;
    static final int ABI_OFFSET = 8;
    static final int READY_OFFSET = 12;
    static final int CAPTURE_ID_HIGH_OFFSET = 16;
    static final int CAPTURE_ID_LOW_OFFSET = 24;
    static final int BOOT_ID_HIGH_OFFSET = 32;
    static final int BOOT_ID_LOW_OFFSET = 40;
    static final int OBJECT_HASH_OFFSET = 48;
    static final int RING_LENGTH_OFFSET = 80;
    static final int BIT_COUNT_OFFSET = 88;
    static final int PAGE_CONSTANT_OFFSET = 96;
    static final int PAGE_SHIFT_OFFSET = 104;
    static final int GAP_EPOCH_OFFSET = 128;
    static final int DROPPED_OFFSET = 136;
    static final int PAYLOAD_FAULTS_OFFSET = 144;
    static final int ODD_OPERATIONS_OFFSET = 152;
    static final int CROSSING_OFFSET = 160;
    static final int UNTRACKED_OFFSET = 168;
    static final int UNKNOWN_COMPLETIONS_OFFSET = 176;
    static final int PASSTHROUGH_OFFSET = 184;
    static final int NOTED_GAP_EPOCH_OFFSET = 192;
    static final int NOTED_SUBMIT_MISSES_OFFSET = 200;
    static final int NOTED_COMPLETION_MISSES_OFFSET = 208;

    static final int COUNTERS_OFFSET = 4096;
    static final int COUNTERS_LENGTH = 64;
    static final int SUBMITTED_BIOS = 0;
    static final int SUBMITTED_BYTES = 8;
    static final int COMPLETIONS = 16;
    static final int COMPLETED_BYTES = 24;
    static final int ZEROED_RANGES = 32;
    static final int FAILED_COMPLETIONS = 40;
    static final int SKIPPED_ZEROING = 48;
    static final int SPLIT_COMPLETIONS = 56;

    static final int VOLUMES_OFFSET = 8192;
    static final int VOLUME_LENGTH = 128;
    static final int UUID_HIGH = 0;
    static final int UUID_LOW = 8;
    static final int DISK_SEQUENCE = 16;
    static final int START_SECTOR = 24;
    static final int SECTOR_COUNT = 32;
    static final int FIRST_BIT = 40;
    static final int BIT_CAPACITY = 48;
    static final int DEVICE = 56;
    static final int IN_USE = 60;
    static final int PHASE = 64;
    static final int COMPARING = 68;
    static final int COVERAGE_UNKNOWN = 72;
    static final int FIRST_POSITION = 80;

    static final int LENGTH = 16384;

    private final UnsafeBuffer buffer;

    CaptureState(final long address) {
        buffer = new UnsafeBuffer(address, LENGTH);
    }

    long getLong(final int offset) {
        return buffer.getLongVolatile(offset);
    }

    int getInt(final int offset) {
        return buffer.getIntVolatile(offset);
    }

    void putLong(final int offset, final long value) {
        buffer.putLongVolatile(offset, value);
    }

    void putInt(final int offset, final int value) {
        buffer.putIntVolatile(offset, value);
    }

    /** A field of the entry of one volume number. */
    static int volume(final int number, final int field) {
        return VOLUMES_OFFSET + number * VOLUME_LENGTH + field;
    }

    boolean inUse(final int number) {
        return getInt(volume(number, IN_USE)) != 0;
    }

    /** Adds up a counter over the processors. */
    long counter(final int field) {
        long sum = 0;
        for (int slot = 0; slot < COUNTER_SLOTS; slot++) {
            sum += buffer.getLongVolatile(COUNTERS_OFFSET + slot * COUNTERS_LENGTH + field);
        }
        return sum;
    }

    /** Makes the entry anew; it counts only when {@link #IN_USE} is set, by the caller, last. */
    void clearVolume(final int number) {
        putInt(volume(number, IN_USE), 0);
        buffer.setMemory(volume(number, 0), VOLUME_LENGTH, (byte) 0);
    }

    void putDevice(final int number, final BlockDevice device) {
        putInt(volume(number, DEVICE), device.device());
        putLong(volume(number, DISK_SEQUENCE), device.diskSequence());
        putLong(volume(number, START_SECTOR), device.startSector());
        putLong(volume(number, SECTOR_COUNT), device.sectorCount());
    }

    /** True when the volume is still the same stretch of the same disk. */
    boolean isSamePlace(final int number, final BlockDevice device) {
        return getInt(volume(number, DEVICE)) == device.device()
                && getLong(volume(number, DISK_SEQUENCE)) == device.diskSequence()
                && getLong(volume(number, START_SECTOR)) == device.startSector();
    }

    /** The first bit of a free stretch of {@code capacity} bits, or -1. Stretches lie between those of volumes in use. */
    long findRoom(final long capacity) {
        final long end = getLong(BIT_COUNT_OFFSET);
        long candidate = 0;
        boolean moved = true;
        while (moved) {
            moved = false;
            for (int number = 0; number < VOLUMES_MAX; number++) {
                final long first = getLong(volume(number, FIRST_BIT));
                final long behind = first + getLong(volume(number, BIT_CAPACITY));
                if (inUse(number) && candidate < behind && first < candidate + capacity) {
                    candidate = behind;
                    moved = true;
                }
            }
        }
        return candidate + capacity <= end ? candidate : -1;
    }
}
