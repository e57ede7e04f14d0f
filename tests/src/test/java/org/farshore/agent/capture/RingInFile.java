package org.farshore.agent.capture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.Libc;

/**
 * A capture ring in a file, laid out as the kernel does, whose bytes a test decides; the second half of its data is a copy
 * instead of the same pages. In the product's package for the sake of its reader.
 */
public final class RingInFile {
    private static final int PAGE = LinuxCalls.getpagesize();

    private final int length;
    private final UnsafeBuffer memory;
    private final long[] firstPositions = new long[64];
    private final int fd;

    /** A ring of {@code length} bytes, a power of two. */
    public RingInFile(final int length) {
        this.length = length;
        final int all = 2 * PAGE + 2 * length;
        try {
            final Path file = Files.createTempFile("farshore-ring", ".bin");
            Files.write(file, new byte[all]);
            fd = Libc.open(file.toString(), Libc.O_RDWR);
            Files.delete(file);
        } catch (final IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        memory = new UnsafeBuffer(
                LinuxCalls.mapShared(fd, 0, all, LinuxCalls.PROT_READ | LinuxCalls.PROT_WRITE, "test"), all);
    }

    /** Lets the ring hold these bytes and hands every record on; returns where the reader stopped. */
    public long take(final byte[] bytes, final CaptureHandler handler) {
        memory.setMemory(2 * PAGE, 2 * length, (byte) 0);
        final int count = Math.min(bytes.length, length) & -8;
        memory.putBytes(2 * PAGE, bytes, 0, count);
        memory.putBytes(2 * PAGE + length, bytes, 0, count);
        memory.putLongVolatile(0, 0);
        memory.putLongVolatile(PAGE, count);
        try (RingReader reader = new RingReader(fd, length, firstPositions)) {
            return reader.take(handler, 0, Long.MAX_VALUE, 10_000);
        }
    }
}
