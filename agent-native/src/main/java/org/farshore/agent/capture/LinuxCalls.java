package org.farshore.agent.capture;

import com.sun.jna.Native;
import java.util.concurrent.locks.LockSupport;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/** The calls of the C library that capture needs and the JDK lacks: mapping kernel memory, and waiting for the kernel. */
final class LinuxCalls {
    /** mmap(2): readable. */
    static final int PROT_READ = 1;
    /** mmap(2): writable. */
    static final int PROT_WRITE = 2;

    private static final int MAP_SHARED = 1;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final int CLOCK_MONOTONIC = 1;
    private static final long MEMBARRIER_CMD_GLOBAL = 1;
    private static final long NS_PER_SECOND = 1_000_000_000L;

    static {
        Native.register(LinuxCalls.class, "c");
    }

    private LinuxCalls() {}

    static native long mmap(long address, long length, int protection, int flags, int fd, long offset);

    static native int munmap(long address, long length);

    static native long syscall(long number, long first, long second, long third);

    static native int clock_gettime(int clock, long timespec);

    static native int geteuid();

    static native int getpagesize();

    static native int close(int fd);

    /** Maps {@code length} bytes of what {@code fd} stands for. */
    static long mapShared(final int fd, final long offset, final long length, final int protection, final String what) {
        return mapped(mmap(0, length, protection, MAP_SHARED, fd, offset), length, what);
    }

    /** Fresh zeroed pages of this process alone. */
    static long mapPrivate(final long length, final String what) {
        return mapped(mmap(0, length, PROT_READ | PROT_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0), length, what);
    }

    private static long mapped(final long address, final long length, final String what) {
        if (address == -1) {
            throw new FarshoreException(
                    ExitCode.PRIVILEGE,
                    "cannot map " + length + " bytes of " + what + ": errno " + Native.getLastError());
        }
        return address;
    }

    /** CLOCK_MONOTONIC in nanoseconds, asked of the C library. */
    static long monotonicNs() {
        final long time = mapPrivate(getpagesize(), "a time");
        try {
            clock_gettime(CLOCK_MONOTONIC, time);
            final org.agrona.concurrent.UnsafeBuffer buffer = new org.agrona.concurrent.UnsafeBuffer(time, 16);
            return buffer.getLong(0) * NS_PER_SECOND + buffer.getLong(8);
        } finally {
            munmap(time, getpagesize());
        }
    }

    /**
     * Returns when every run of a program that had begun before has ended. A kernel with isolated processors refuses the
     * call; there a pause far longer than any run has to do.
     */
    static void awaitProgramRuns() {
        final boolean arm = "aarch64".equals(System.getProperty("os.arch"));
        if (syscall(arm ? 283 : 324, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0) {
            LockSupport.parkNanos(NS_PER_SECOND / 10);
        }
    }
}
