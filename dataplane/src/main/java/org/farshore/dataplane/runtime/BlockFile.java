package org.farshore.dataplane.runtime;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A file or a block device, read and written by absolute byte offset. The only way a role touches a disk, so that a
 * simulated disk can stand behind it. One thread at a time, unless the implementation says more.
 *
 * <p>A {@link #sync()} that failed says that written bytes may be lost although the page cache still shows them. The file
 * must then not be synced again, and nothing read from it counts as durable.
 */
public interface BlockFile extends AutoCloseable {
    /**
     * Fills {@code target} from its position to its limit with the bytes at {@code offset}.
     *
     * @throws IOException when the disk fails, or when the file ends before the buffer is full.
     */
    void read(ByteBuffer target, long offset) throws IOException;

    /** Writes {@code source} from its position to its limit at {@code offset}. Not durable before {@link #sync()}. */
    void write(ByteBuffer source, long offset) throws IOException;

    /** Makes the range read as zeros, giving back its space where the disk can. Not durable before {@link #sync()}. */
    void zero(long offset, long length) throws IOException;

    /** Returns when everything written before is on the disk (fdatasync). */
    void sync() throws IOException;

    /**
     * Lets go of what the page cache holds of this file and is not waiting to be written. Whoever writes again what a failed
     * sync may have lost must call this first. ext4, for one, gives a new block a place that counts as unwritten until the
     * write has ended; when that fails, the page stays mapped to it, and writing the page again succeeds, sync and all,
     * without the place ever being marked: the bytes are zeros once the page has left the cache.
     *
     * @throws IOException when the kernel refuses.
     */
    default void forgetCached() throws IOException {
        // Nothing is cached here.
    }

    /** Length in bytes; for a block device the device's size now. */
    long length() throws IOException;

    /** Sets the length of a regular file; what is added reads as zeros and takes no space. */
    void setLength(long length) throws IOException;

    /**
     * The first offset from {@code offset} on that may hold something else than zeros: everything before it reads as zeros.
     * At least {@code offset}; at most the length. Saying {@code offset} itself is always right.
     */
    default long nextData(final long offset) throws IOException {
        return offset;
    }

    /** The first offset behind the data at {@code offset} where zeros that take no space begin, or the length. */
    default long nextHole(final long offset) throws IOException {
        return length();
    }

    /** What to call this file in a message: its path. */
    String name();

    @Override
    void close();
}
