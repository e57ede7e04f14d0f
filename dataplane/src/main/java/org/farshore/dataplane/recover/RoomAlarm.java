package org.farshore.dataplane.recover;

import java.util.concurrent.atomic.AtomicBoolean;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.runtime.StateLog;

/**
 * Says once that the disk on which a view keeps its own writes is full, and once that there is room again. Nothing else
 * happens then: the writer hears ENOSPC and may try again, what was written stays, and replication goes on. Any thread.
 */
final class RoomAlarm implements AutoCloseable {
    private static final StateLog LOG = StateLog.bounded(RoomAlarm.class);

    private final String view;
    private final AtomicCounter fullCount;
    private final AtomicBoolean full = new AtomicBoolean();

    /** @param fullCount views that are full now. */
    RoomAlarm(final String view, final AtomicCounter fullCount) {
        this.view = view;
        this.fullCount = fullCount;
    }

    /** True from the first write that found no room to the next one that did. */
    boolean isRaised() {
        return full.get();
    }

    /** A write or a flush was refused; anything but a full disk is not looked at. */
    void onRefused(final ViewException refusal) {
        if (refusal.reason() == ViewException.Cause.DISK_FULL && full.compareAndSet(false, true)) {
            fullCount.getAndAddRelease(1);
            LOG.warn(
                    "view",
                    view,
                    "disk",
                    "full",
                    "reason",
                    refusal.getMessage(),
                    "next",
                    "its writers get ENOSPC and nothing is lost; make room on the disk, or close a view");
        }
    }

    /** A write took room. */
    void onRoom() {
        if (full.compareAndSet(true, false)) {
            fullCount.getAndAddRelease(-1);
            LOG.info("view", view, "disk", "room-again");
        }
    }

    /** The view is closed. */
    @Override
    public void close() {
        if (full.compareAndSet(true, false)) {
            fullCount.getAndAddRelease(-1);
        }
    }
}
