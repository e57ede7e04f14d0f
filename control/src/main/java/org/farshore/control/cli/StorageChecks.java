package org.farshore.control.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.farshore.dataplane.runtime.HumanText;

/** Checks that concern the disks under a role's data directory. */
final class StorageChecks {
    static final Path DATA_DIRECTORY = Path.of("/var/lib/farshore");

    /** A small machine's changes of a day, and as much again before anybody must hurry. */
    private static final long FREE_LEAST = 8L << 30;
    /** The journal promises group commits within 100 ms. */
    private static final long SYNC_MICROS_SLOW = 30_000;

    private final Machine machine;

    StorageChecks(final Machine machine) {
        this.machine = machine;
    }

    Check diskFree() throws IOException {
        final Path directory = nearestExisting();
        final long free = machine.usableBytes(directory);
        final String finding = HumanText.bytes(free) + " free in " + directory;
        return free >= FREE_LEAST
                ? Check.ok("disk-free", finding)
                : Check.warn(
                        "disk-free",
                        finding,
                        "a journal holds the changes of its window, a day unless set, and the replicas need the room of the volumes",
                        "set data.directory of the role to a larger disk");
    }

    Check syncTime() throws IOException {
        final Path directory = nearestExisting();
        if (!machine.writable(directory)) {
            return Check.skip(
                    "sync-time", directory + " cannot be written by this user", "run doctor as the role's user");
        }
        final long micros = machine.syncMicros(directory);
        final String finding = "a synced write takes " + micros + " us in " + directory;
        return micros <= SYNC_MICROS_SLOW
                ? Check.ok("sync-time", finding)
                : Check.warn(
                        "sync-time",
                        finding,
                        "every group commit of the journal waits for one; the recovery-point lag follows it",
                        "set data.directory of the role to a faster disk, or one with a protected write cache");
    }

    private Path nearestExisting() {
        Path directory = DATA_DIRECTORY;
        while (!machine.exists(directory)) {
            directory = directory.getParent();
        }
        return directory;
    }
}
