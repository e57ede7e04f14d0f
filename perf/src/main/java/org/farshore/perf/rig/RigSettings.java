package org.farshore.perf.rig;

import java.nio.file.Path;

/**
 * What three roles are started with.
 *
 * @param directory where the master target's journal and replica lie; the disk that is measured.
 * @param mtuLength longest datagram in bytes.
 * @param writeLength length of each synthetic write in bytes.
 * @param volumeLength of the synthetic volume in bytes.
 * @param journalLimit bytes of journal: small, so that throughput includes applying to the replica.
 * @param retentionWindow how far back one can go; {@code 0} keeps nothing and needs no index.
 * @param javaOptions more options for each role's JVM.
 */
record RigSettings(
        Path directory,
        int mtuLength,
        int writeLength,
        long volumeLength,
        long journalLimit,
        String retentionWindow,
        String javaOptions) {
    /** What goes over loopback in one datagram, and what the product uses there by itself. */
    static final int MTU_LOOPBACK = 65_504;

    private static final long JOURNAL_LIMIT_DEFAULT = 256L << 20;
    private static final long VOLUME_LENGTH_DEFAULT = 1L << 30;
    private static final int WRITE_LENGTH_DEFAULT = 16 << 10;

    static RigSettings defaults(final Path directory) {
        return new RigSettings(
                directory, MTU_LOOPBACK, WRITE_LENGTH_DEFAULT, VOLUME_LENGTH_DEFAULT, JOURNAL_LIMIT_DEFAULT, "0", "");
    }

    RigSettings withMtu(final int value) {
        return new RigSettings(directory, value, writeLength, volumeLength, journalLimit, retentionWindow, javaOptions);
    }

    RigSettings withWriteLength(final int value) {
        return new RigSettings(directory, mtuLength, value, volumeLength, journalLimit, retentionWindow, javaOptions);
    }

    /** With history, and a journal that has room for it. */
    RigSettings withHistory(final String window, final long limit) {
        return new RigSettings(directory, mtuLength, writeLength, volumeLength, limit, window, javaOptions);
    }

    boolean hasHistory() {
        return !"0".equals(retentionWindow);
    }

    RigSettings withJavaOptions(final String value) {
        return new RigSettings(directory, mtuLength, writeLength, volumeLength, journalLimit, retentionWindow, value);
    }
}
