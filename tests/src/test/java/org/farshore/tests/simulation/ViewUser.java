package org.farshore.tests.simulation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;
import org.farshore.dataplane.recover.RecoveryView;
import org.farshore.dataplane.runtime.BlockFiles;

/**
 * Who uses one volume of a view, over the lives of the role that serves it: writes sectors, zeroes, flushes and reads at
 * random, and knows what must be there ({@link ViewDisk}). After a stop everything is looked at before anything is written.
 */
final class ViewUser {
    private static final int SECTORS_MAX = 40;
    private static final int UNFLUSHED_MAX = 24;

    private final String exportName;
    private final BooleanSupplier mayMiss;
    private final Dice dice;
    private final Tally tally;
    private ViewDisk disk;
    private Object served;
    private ViewPort port;
    private boolean isStopped;

    /**
     * @param below what the volume holds at the view's point; null when nobody knows: then the first look says so.
     * @param mayMiss true when journal may have been damaged: what needs it is refused.
     */
    ViewUser(
            final String exportName,
            final byte[] below,
            final BooleanSupplier mayMiss,
            final Dice dice,
            final Tally tally) {
        this.mayMiss = mayMiss;
        this.exportName = exportName;
        this.dice = dice;
        this.tally = tally;
        disk = below == null ? null : new ViewDisk(below);
        if (disk != null) {
            disk.stopped(false);
        }
    }

    String exportName() {
        return exportName;
    }

    /** Number of the volume. */
    int volume() {
        return Integer.parseInt(exportName.substring(exportName.lastIndexOf('/') + 2));
    }

    /** True when a sync has failed in this life of the role: the volume must answer nothing until the next. */
    boolean isStopped() {
        return isStopped;
    }

    /** True when it is known of every byte what is there. */
    boolean isSettled() {
        return disk != null && !disk.isOpen();
    }

    /** What the volume shows; only while it is settled. */
    byte[] content() {
        return disk.content();
    }

    /** The role that served the volume is no more. */
    void stopped(final boolean isPowerCut) {
        port = null;
        served = null;
        isStopped = false;
        if (disk != null) {
            disk.stopped(isPowerCut);
        }
    }

    /**
     * Does something with the volume as it is served now.
     *
     * @return false when it is not served.
     */
    boolean use(final SimulatedExports exports, final BlockFiles files) {
        if (!connect(exports, files)) {
            return false;
        }
        if (!isSettled()) {
            lookAtAll();
            return true;
        }
        switch (dice.below(8)) {
            case 0, 1, 2, 3 -> write();
            case 4 -> zero();
            case 5 -> flush();
            default -> {
                final int offset = SectorStamp.LENGTH * dice.below(disk.length() / SectorStamp.LENGTH);
                look(offset, Math.min(lengthDrawn(), disk.length() - offset));
            }
        }
        if (isSettled() && disk.unflushedCount() >= UNFLUSHED_MAX) {
            flush();
        }
        return true;
    }

    /** Looks at everything, then flushes. Answers true when both went well: what is seen is durable. */
    boolean settleAndFlush(final SimulatedExports exports, final BlockFiles files) {
        return connect(exports, files) && lookAtAll() && flush();
    }

    private boolean connect(final SimulatedExports exports, final BlockFiles files) {
        final RecoveryView view = exports.view(exportName);
        final Object now = view == null ? exports.replica(exportName) : view;
        if (now == null) {
            return false;
        }
        if (now != served) {
            try {
                port = view == null ? ViewPort.of(files, exports.replica(exportName)) : ViewPort.of(view);
            } catch (final IOException e) {
                throw new Violation("I6", exportName + " is served and cannot be opened: " + e, e);
            }
            served = now;
            if (disk == null) {
                disk = new ViewDisk(new byte[(int) view.sizeBytes()]);
                learn();
            }
        }
        return disk != null;
    }

    private void learn() {
        final ByteBuffer bytes = ByteBuffer.allocate(disk.length());
        disk = port.read(0, bytes) == null ? new ViewDisk(bytes.array()) : null;
        served = disk == null ? null : served;
    }

    private boolean lookAtAll() {
        if (!look(0, disk.length())) {
            return false;
        }
        disk.settled();
        return true;
    }

    private boolean look(final int offset, final int length) {
        final ByteBuffer bytes = ByteBuffer.allocate(length);
        if (!isGood(port.read(offset, bytes))) {
            return false;
        }
        final int wrong = disk.look(offset, bytes.array());
        if (wrong >= 0) {
            throw new Violation(
                    "I2",
                    exportName + " shows " + bytes.array()[wrong - offset] + " at " + disk.describe(wrong)
                            + (served instanceof RecoveryView ? "" : ", from the replica"));
        }
        tally.reached(Rarity.VIEW_USED);
        return true;
    }

    private int lengthDrawn() {
        return SectorStamp.LENGTH * (int) dice.skewed(1, SECTORS_MAX);
    }

    private void write() {
        final int offset = SectorStamp.LENGTH * dice.below(disk.length() / SectorStamp.LENGTH);
        final byte[] bytes = new byte[Math.min(lengthDrawn(), disk.length() - offset)];
        dice.nextBytes(bytes);
        disk.change(offset, bytes);
        changed(port.write(offset, ByteBuffer.wrap(bytes)), offset, bytes.length);
    }

    private void zero() {
        final int offset = SectorStamp.LENGTH * dice.below(disk.length() / SectorStamp.LENGTH);
        final int length = Math.min(2 * lengthDrawn(), disk.length() - offset);
        disk.change(offset, new byte[length]);
        changed(port.zero(offset, length, dice.oneIn(2)), offset, length);
    }

    private void changed(final ViewPort.Refusal refusal, final int offset, final int length) {
        if (isGood(refusal)) {
            disk.answered(offset, length);
        }
    }

    private boolean flush() {
        if (!isGood(port.flush())) {
            return false;
        }
        disk.flushed();
        return true;
    }

    private boolean isGood(final ViewPort.Refusal refusal) {
        if (refusal == ViewPort.Refusal.STOPPED) {
            isStopped = true;
            tally.reached(Rarity.OVERLAY_STOPPED);
        } else if (isStopped && !(port.isReplica() && refusal == null)) {
            throw new Violation("I6", exportName + " answers " + refusal + " behind a sync that failed");
        } else if (refusal == ViewPort.Refusal.DAMAGED
                && !mayMiss.getAsBoolean()
                && !port.complaint().contains("simulated failure")) {
            throw new Violation("I9", exportName + " is refused: " + port.complaint());
        }
        return refusal == null;
    }

    /** For people. */
    String describe() {
        return exportName
                + (isStopped ? " stopped" : "")
                + (isSettled() ? "" : " not settled")
                + (port == null ? "" : ", last refused: " + port.complaint());
    }
}
