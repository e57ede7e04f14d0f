package org.farshore.tests.simulation.small;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.farshore.agent.capture.ModelCapture;
import org.farshore.agent.capture.VolumeDevice;

/** The source machine of a small world: two volumes, a ring, a {@link Script} that it plays one act at a time. */
final class Machine {
    static final int VOLUMES = 2;
    /** Two blocks and a part of a third; five blocks. */
    private static final int[] SIZES = {2 * 4096 + 512, 5 * 4096};

    private static final int RING_LENGTH = 128 << 10;
    private static final int PIECE_LENGTH = 4096;
    /** Volume, first sector and sectors of each write. */
    private static final int[][] WRITES = {{0, 3, 4}, {1, 6, 20}, {0, 2, 9}};

    private final ModelCapture capture = new ModelCapture(RING_LENGTH);
    private final List<VolumeDevice> volumes = new ArrayList<>();
    private final CutOracle oracle;
    private final List<Script.Act> acts;
    private final Map<Integer, Integer> open = new HashMap<>();
    private final Map<Integer, Integer> known = new HashMap<>();
    private int nextAct;

    Machine(final Script script) {
        acts = script.acts();
        capture.pieceLength(PIECE_LENGTH);
        final byte[][] initial = new byte[VOLUMES][];
        for (int volume = 0; volume < VOLUMES; volume++) {
            volumes.add(capture.add("v" + volume, SIZES[volume]));
            final byte[] bytes = capture.bytes(volume);
            Arrays.fill(bytes, 1024, bytes.length, (byte) (0x60 + volume));
            initial[volume] = bytes.clone();
        }
        oracle = new CutOracle(initial);
    }

    ModelCapture capture() {
        return capture;
    }

    List<VolumeDevice> volumes() {
        return volumes;
    }

    CutOracle oracle() {
        return oracle;
    }

    /** Acts played so far. */
    int actCount() {
        return nextAct;
    }

    boolean isDone() {
        return nextAct == acts.size();
    }

    /**
     * Plays the next act.
     *
     * @param isOrdered true when what {@link Script.Act.Kind#WAIT} waits for is there.
     * @return true when the machine has been started anew: nothing that ran on it is there any more.
     */
    boolean act(final boolean isOrdered) {
        final Script.Act act = acts.get(nextAct);
        if (act.kind() == Script.Act.Kind.WAIT && !isOrdered) {
            return false;
        }
        nextAct++;
        switch (act.kind()) {
            case SUBMIT -> submit(act.of());
            case LAND_HALF -> capture.land(open.get(act.of()), 0, WRITES[act.of()][2] / 2);
            case COMPLETE -> {
                capture.complete(open.remove(act.of()));
                oracle.completed(known.get(act.of()), capture.timeNs());
            }
            case LOSE_NEXT -> capture.loseNext(act.of());
            case REBOOT -> {
                open.clear();
                capture.reboot();
                oracle.startedAnew(
                        new byte[][] {capture.bytes(0).clone(), capture.bytes(1).clone()}, capture.timeNs());
                return true;
            }
            case WAIT -> {}
        }
        return false;
    }

    private void submit(final int write) {
        final int[] place = WRITES[write];
        final ByteBuffer bytes = ByteBuffer.allocate(place[2] * 512);
        while (bytes.hasRemaining()) {
            bytes.putLong(0x1111_1111_1111_1111L * (write + 1));
        }
        known.put(write, oracle.submitted(place[0], place[1] * 512, bytes.array(), capture.timeNs() + 1));
        open.put(write, capture.submit(place[0], place[1] * 512L, bytes.array()));
    }

    /** The coverage rule: where the target has not promised the device's bytes, something pinned beside the capture says so. */
    void assertCovered(final Promises promises) {
        for (int volume = 0; volume < VOLUMES; volume++) {
            final byte[] device = capture.bytes(volume);
            final byte[] promised = promises.copy(volume);
            if (promised == null || Arrays.equals(device, promised)) {
                continue;
            }
            final BitSet covered = capture.covered(volume);
            for (int at = Arrays.mismatch(device, promised); at < device.length; at++) {
                if (device[at] != promised[at] && !covered.get(at / 4096)) {
                    throw new AssertionError("I2 coverage: byte " + at + " of volume " + volume
                            + " is not durable, and in neither ring, lost, todo nor sent");
                }
            }
        }
    }
}
