package org.farshore.tests.simulation;

/** Everything that a world does to its roles. {@code amount} and {@code durationNs} of a {@link Fault} mean what is said here. */
enum FaultKind {
    /** Connections of a hop break; {@code amount} thousandths of what is under way still arrive. */
    BREAK(FaultFamily.NETWORK),
    /** One direction of a hop (bit 0 of {@code amount}) stands still; for more than 5 s, it breaks. */
    STALL(FaultFamily.NETWORK),
    /** No connection can be made to the upper end of a hop. */
    PARTITION(FaultFamily.NETWORK),
    /** The next {@code amount} claims find no room, or an administrative action under way. */
    REFUSE(FaultFamily.NETWORK),
    /** Messages of a hop take {@code amount} microseconds longer. */
    SLOW_NETWORK(FaultFamily.NETWORK),
    /** One bit of the next data message of a hop is flipped. */
    CORRUPT(FaultFamily.CORRUPTION),
    /** SIGKILL of a role at its {@code amount}-th next effect on the world; it comes back after the duration. */
    KILL(FaultFamily.KILLS),
    /** A role stands still. */
    PAUSE(FaultFamily.PAUSES),
    /** The target's machine loses power at its {@code amount}-th next disk operation. */
    TARGET_POWER(FaultFamily.POWER),
    /** The source machine loses power: ring and bits are gone, writes in flight land in part. */
    SOURCE_POWER(FaultFamily.POWER),
    /** The target's {@code amount}-th next write fails; some of it reached the disk. */
    WRITE_FAILS(FaultFamily.DISK),
    /** The target's {@code amount}-th next sync fails, and the page cache calls its pages clean. */
    SYNC_FAILS(FaultFamily.DISK),
    /** The target's {@code amount}-th next read fails. */
    READ_FAILS(FaultFamily.DISK),
    /** Syncs of the target take {@code amount} microseconds. */
    SLOW_DISK(FaultFamily.DISK),
    /** The target's disk takes no more than {@code amount} KiB beyond what it holds. */
    DISK_FULL(FaultFamily.DISK),
    /** One bit of a synced journal group that is not applied is flipped on the disk. */
    ROT(FaultFamily.ROT),
    /** The next {@code amount} records find no room in the capture ring. */
    RING_LOSS(FaultFamily.CAPTURE),
    /** Nobody takes the machine's bursts into account: {@code amount} writes at once. */
    BURST(FaultFamily.CAPTURE),
    /** A capture program did not run, and nobody knows for which write. */
    MISSED_RUN(FaultFamily.CAPTURE),
    /** The next {@code amount} writes of the source fail on its device, in part. */
    SOURCE_WRITE_FAILS(FaultFamily.SOURCE),
    /** The next {@code amount} reads of the agent fail. */
    SOURCE_READ_FAILS(FaultFamily.SOURCE),
    /** A volume of the source gets {@code amount} blocks larger. */
    GROW(FaultFamily.SOURCE),
    /** A volume is taken out of the agent's settings, and in again after the duration; only in {@link LeaveHunt}. */
    LEAVE(FaultFamily.SOURCE),
    /** The wall clock of a role jumps by {@code amount} seconds. */
    CLOCK_JUMP(FaultFamily.CLOCKS);

    private final FaultFamily family;

    FaultKind(final FaultFamily family) {
        this.family = family;
    }

    FaultFamily family() {
        return family;
    }
}
