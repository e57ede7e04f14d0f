package org.farshore.tests.simulation.small;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.farshore.agent.capture.ModelCapture;
import org.farshore.agent.capture.VolumeDevice;

/** The source machine of a small world: two volumes, a ring, a {@link Script} that it plays one act at a time. */
final class ScriptedMachine implements Machine {
    private static final int VOLUMES = 2;
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

    ScriptedMachine(final Script script) {
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

    @Override
    public ModelCapture capture() {
        return capture;
    }

    @Override
    public List<VolumeDevice> volumes() {
        return volumes;
    }

    @Override
    public void onCut(
            final long saidNs, final long cutNs, final List<Integer> ordered, final Map<Integer, byte[]> copies) {
        oracle.onCut(saidNs, cutNs, ordered, copies);
    }

    @Override
    public int actCount() {
        return nextAct;
    }

    @Override
    public boolean isDone() {
        return nextAct == acts.size();
    }

    @Override
    public boolean act(final boolean isOrdered) {
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
}
