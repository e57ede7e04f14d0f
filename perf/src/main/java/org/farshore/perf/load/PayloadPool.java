package org.farshore.perf.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The bytes that synthetic writes carry: a file in shared memory for each mix, larger than the processor's caches, so that
 * taking them costs what reading the kernel's ring costs.
 */
final class PayloadPool {
    /** Bytes of each mix. */
    static final int LENGTH = 64 << 20;

    private final UnsafeBuffer[] buffers = new UnsafeBuffer[PayloadMix.values().length];

    /** Makes the bytes of all mixes in files named {@code prefix-MIX}, which are removed at once: the mappings keep them. */
    PayloadPool(final Path prefix) {
        for (final PayloadMix mix : PayloadMix.values()) {
            final Path path = prefix.resolveSibling(prefix.getFileName() + "-" + mix);
            try (FileChannel channel = FileChannel.open(
                    path,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.DELETE_ON_CLOSE)) {
                final MappedByteBuffer bytes = channel.map(FileChannel.MapMode.READ_WRITE, 0, LENGTH);
                mix.fill(bytes);
                buffers[mix.ordinal()] = new UnsafeBuffer(bytes.clear());
            } catch (final IOException e) {
                throw new UncheckedIOException("cannot make " + path, e);
            }
        }
    }

    UnsafeBuffer buffer(final int mixOrdinal) {
        return buffers[mixOrdinal];
    }
}
