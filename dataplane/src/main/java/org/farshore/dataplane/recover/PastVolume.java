package org.farshore.dataplane.recover;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.farshore.dataplane.runtime.BlockFile;

/**
 * One volume at one held moment after the other, for one thread: what a comparison reads. Whoever moves it holds a lease on
 * the moment.
 */
public final class PastVolume implements AutoCloseable {
    private final BlockFile base;
    private final IndexVersions versions;
    private final ViewAccess access;

    PastVolume(final BlockFile base, final IndexVersions versions, final RecoveryView view) {
        this.base = base;
        this.versions = versions;
        this.access = new ViewAccess(view, versions);
    }

    /** From now on shows everything below a frame of the journal, for the volume that has this number there. */
    public void moveTo(final int number, final long position) {
        versions.moveTo(number, position);
        access.forget();
    }

    /**
     * Fills {@code target} from its position to its limit with the bytes at {@code offset}; zeros behind the volume's end.
     *
     * @throws ViewException as a view does.
     */
    public void read(final long offset, final ByteBuffer target) throws IOException {
        access.read(offset, target);
    }

    @Override
    public void close() {
        access.close();
        base.close();
    }
}
