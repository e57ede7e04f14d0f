package org.farshore.agent.capture;

import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * Tells the programs which stretches of which disks to follow: the map {@code volumes}, key device number, value {@code
 * struct disk_windows} of {@code block_capture.h}. Live: a change takes effect for the next write, and every method returns
 * only when no program run with the older windows is left. One thread.
 */
final class VolumeWindows implements AutoCloseable {
    static final int WINDOWS_MAX = 8;
    static final int DISK_SEQUENCE_OFFSET = 0;
    static final int WINDOW_COUNT_OFFSET = 8;
    static final int WINDOWS_OFFSET = 16;
    static final int WINDOW_LENGTH = 32;
    static final int WINDOW_START_SECTOR = 0;
    static final int WINDOW_SECTOR_COUNT = 8;
    static final int WINDOW_FIRST_BIT = 16;
    static final int WINDOW_VOLUME = 24;
    static final int LENGTH = WINDOWS_OFFSET + WINDOWS_MAX * WINDOW_LENGTH;

    private static final int KEY_OFFSET = 512;

    private final int fd;
    private final CaptureState state;
    private final UnsafeBuffer scratch;

    VolumeWindows(final int fd, final CaptureState state) {
        this.fd = fd;
        this.state = state;
        this.scratch = new UnsafeBuffer(
                LinuxCalls.mapPrivate(LinuxCalls.getpagesize(), "scratch memory"), LinuxCalls.getpagesize());
    }

    /** Makes the windows of one disk those of all volumes in use on it. */
    void publish(final int device) {
        scratch.setMemory(0, LENGTH, (byte) 0);
        scratch.putInt(KEY_OFFSET, device);
        int count = 0;
        for (int number = 0; number < CaptureState.VOLUMES_MAX; number++) {
            if (state.inUse(number) && field(number, CaptureState.DEVICE) == device) {
                if (count == WINDOWS_MAX) {
                    throw new FarshoreException(
                            ExitCode.CONFIGURATION, "more than " + WINDOWS_MAX + " volumes of one disk");
                }
                encode(count++, number);
            }
        }
        scratch.putInt(WINDOW_COUNT_OFFSET, count);
        final long key = scratch.addressOffset() + KEY_OFFSET;
        final int result = count == 0
                ? LibBpf.bpf_map_delete_elem(fd, key)
                : LibBpf.bpf_map_update_elem(fd, key, scratch.addressOffset(), LibBpf.BPF_ANY);
        if (result != 0 && count != 0) {
            throw new FarshoreException(ExitCode.PRIVILEGE, "cannot change the followed volumes: errno " + -result);
        }
        LinuxCalls.awaitProgramRuns();
    }

    private void encode(final int index, final int number) {
        final int at = WINDOWS_OFFSET + index * WINDOW_LENGTH;
        scratch.putLong(DISK_SEQUENCE_OFFSET, state.getLong(CaptureState.volume(number, CaptureState.DISK_SEQUENCE)));
        scratch.putLong(
                at + WINDOW_START_SECTOR, state.getLong(CaptureState.volume(number, CaptureState.START_SECTOR)));
        scratch.putLong(
                at + WINDOW_SECTOR_COUNT, state.getLong(CaptureState.volume(number, CaptureState.SECTOR_COUNT)));
        scratch.putLong(at + WINDOW_FIRST_BIT, state.getLong(CaptureState.volume(number, CaptureState.FIRST_BIT)));
        scratch.putInt(at + WINDOW_VOLUME, number);
    }

    private int field(final int number, final int field) {
        return state.getInt(CaptureState.volume(number, field));
    }

    @Override
    public void close() {
        LinuxCalls.munmap(scratch.addressOffset(), LinuxCalls.getpagesize());
        LinuxCalls.close(fd);
    }
}
