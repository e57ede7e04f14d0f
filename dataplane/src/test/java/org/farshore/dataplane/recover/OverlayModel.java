package org.farshore.dataplane.recover;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * What a disk with a volatile cache may show after a power cut: each byte is what it was at the last flush that returned, or
 * what any write since has put there.
 */
final class OverlayModel {
    final byte[] below;
    private final byte[] flushed;
    private final byte[] now;
    private final List<Change> since = new ArrayList<>();

    private record Change(int offset, byte[] bytes) {}

    OverlayModel(final Random random, final int length) {
        this(randomBytes(random, length));
    }

    OverlayModel(final byte[] below) {
        this.below = below;
        flushed = below.clone();
        now = below.clone();
    }

    private static byte[] randomBytes(final Random random, final int length) {
        final byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    void read(final long offset, final ByteBuffer target) {
        target.put(below, (int) offset, target.remaining());
    }

    /** A write begins; whether it ends or not, its bytes may be seen from here on. */
    void change(final int offset, final byte[] bytes) {
        since.add(new Change(offset, bytes));
        System.arraycopy(bytes, 0, now, offset, bytes.length);
    }

    /** A flush has returned. */
    void flushed() {
        System.arraycopy(now, 0, flushed, 0, now.length);
        since.clear();
    }

    /** Takes what was found after a power cut as the truth from which the next life starts. */
    void restart(final byte[] found) {
        System.arraycopy(found, 0, now, 0, now.length);
        System.arraycopy(found, 0, flushed, 0, now.length);
        since.clear();
    }

    byte[] now() {
        return now;
    }

    /** First byte that must not be there, or -1. */
    int firstWrong(final byte[] found) {
        for (int i = 0; i < found.length; i++) {
            if (found[i] != flushed[i] && !isOfChange(i, found[i])) {
                return i;
            }
        }
        return -1;
    }

    private boolean isOfChange(final int at, final byte value) {
        for (final Change change : since) {
            final int index = at - change.offset;
            if (index >= 0 && index < change.bytes.length && change.bytes[index] == value) {
                return true;
            }
        }
        return false;
    }
}
