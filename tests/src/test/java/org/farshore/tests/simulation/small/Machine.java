package org.farshore.tests.simulation.small;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.farshore.agent.capture.ModelCapture;
import org.farshore.agent.capture.VolumeDevice;
import org.farshore.tests.simulation.Promises;
import org.farshore.tests.simulation.Violation;

/** The source machine of a small world: what it writes, and what it knows of the states that it was in. */
interface Machine extends Promises.Cuts {
    ModelCapture capture();

    List<VolumeDevice> volumes();

    /** True when nothing more is written. */
    boolean isDone();

    /** Acts so far. */
    int actCount();

    /**
     * Acts.
     *
     * @param isOrdered true when every volume is ordered and everything is in the stream.
     * @return true when the machine has been started anew: nothing that ran on it is there any more.
     */
    boolean act(boolean isOrdered);

    /** What it runs between two pieces of a write that is being captured: a moment for the agent. */
    default void betweenPieces(final Runnable moment) {}

    /** A new agent begins. */
    default void agentBegins() {}

    /** True when it acts before every step of a role, not once a round. */
    default boolean isBusy() {
        return false;
    }

    /** True when the role whose turn it is does not get the processor. */
    default boolean starves() {
        return false;
    }

    /** The coverage rule: where the target has not promised the device's bytes, something pinned beside the capture says so. */
    default void assertCovered(final Promises promises) {
        for (int volume = 0; volume < volumes().size(); volume++) {
            final byte[] device = capture().bytes(volume);
            final byte[] promised = promises.copy(volume);
            if (promised == null || Arrays.equals(device, promised)) {
                continue;
            }
            final BitSet covered = capture().covered(volume);
            for (int at = Arrays.mismatch(device, promised); at < device.length; at++) {
                if (device[at] != promised[at] && !covered.get(at / 4096)) {
                    throw new Violation(
                            "I2",
                            "byte " + at + " of volume " + volume
                                    + " is not durable, and in neither ring, lost, todo nor sent");
                }
            }
        }
    }
}
