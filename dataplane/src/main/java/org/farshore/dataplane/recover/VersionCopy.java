package org.farshore.dataplane.recover;

import java.nio.ByteBuffer;
import org.farshore.dataplane.runtime.BlockFile;

/**
 * Brings what the journal holds of a volume, as it was at the moment of a view, into the volume's base (H3): what the base
 * has already stays as it is, and what users of the view have written is not touched. The view is read meanwhile and shows
 * the same. Nobody else may write to the base. One thread.
 */
public final class VersionCopy implements AutoCloseable {
    private final ViewAccess access;
    private final BlockFile base;

    /**
     * Begins.
     *
     * @param base the replica volume, open for writing, as long as the view.
     */
    public VersionCopy(final RecoveryView view, final BlockFile base) {
        this.access = view.newAccess();
        this.base = base;
    }

    /**
     * Copies one range; durable when the base was synced, and done again it writes the same.
     *
     * @param length at most 1 MiB.
     * @param buffer at least as long.
     * @return bytes written.
     * @throws ViewException when a version cannot be read, or the base refuses it.
     */
    public long copy(final long offset, final int length, final ByteBuffer buffer) throws ViewException {
        return access.copyVersions(offset, length, base, buffer);
    }

    @Override
    public void close() {
        access.close();
    }
}
