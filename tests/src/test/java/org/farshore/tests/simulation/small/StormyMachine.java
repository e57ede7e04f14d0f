package org.farshore.tests.simulation.small;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.farshore.agent.capture.ModelCapture;
import org.farshore.agent.capture.VolumeDevice;
import org.farshore.agent.rig.WriteHistory;

/** A machine that writes by chance: before every step of a role, and while the agent is inside its duty cycle. */
final class StormyMachine implements Machine {
    private static final int SECTOR = 512;
    private static final int BLOCK_SECTORS = 8;
    /** Above it, a range of zeros is written by itself and not through the apply stage's memory. */
    private static final int LARGE_SECTORS = 800;

    private final Random random;
    private final ModelCapture capture;
    private final List<VolumeDevice> volumes = new ArrayList<>();
    private final WriteHistory history = new WriteHistory();
    private final Map<Integer, Long> open = new LinkedHashMap<>();
    private final int inFlightMax;
    private final boolean overlaps;
    private final boolean loses;
    private final boolean fails;
    private final boolean misses;
    private final int starvation;
    private int actsLeft;
    private int acts;
    private int rebootAt;
    private boolean isCalm;
    private boolean isInside;
    private boolean wasGap;
    private Runnable moment = () -> {};

    StormyMachine(final Random random) {
        this.random = random;
        capture = new ModelCapture((96 + random.nextInt(160)) << 10);
        capture.pieceLength(random.nextBoolean() ? 4096 : 61_440);
        final boolean isLarge = random.nextInt(4) == 0;
        for (int i = 0; i < 2; i++) {
            final int sectors = BLOCK_SECTORS * (4 + random.nextInt(16)) + random.nextInt(BLOCK_SECTORS);
            volumes.add(capture.add("v" + i, (isLarge && i == 0 ? LARGE_SECTORS : sectors) * SECTOR));
        }
        inFlightMax = 1 + random.nextInt(6);
        overlaps = random.nextInt(3) == 0;
        loses = random.nextBoolean();
        fails = random.nextInt(3) == 0;
        misses = random.nextInt(4) == 0;
        starvation = 2 + random.nextInt(6);
        actsLeft = 100 + random.nextInt(400);
        rebootAt = random.nextInt(5) == 0 ? random.nextInt(actsLeft) : -1;
        capture.meanwhile(this::meanwhile);
    }

    /** What the machine does while the agent is inside its duty cycle. */
    private void meanwhile() {
        if (actsLeft == 0 || isInside) {
            return;
        }
        isInside = true;
        lookForGap();
        if (loses && random.nextInt(100) == 0) {
            capture.loseNext(1);
        }
        for (int i = random.nextInt(6) == 0 ? 6 : 0; i > 0; i--) {
            write();
        }
        isInside = false;
    }

    /** Between the first two pieces of a write: the agent runs, or another processor is still writing its own record. */
    private void between() {
        if (isInside || random.nextInt(4) != 0) {
            return;
        }
        isInside = true;
        moment.run();
        isInside = false;
        capture.busyFromHere();
    }

    @Override
    public void betweenPieces(final Runnable value) {
        moment = value;
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
    public boolean isDone() {
        return actsLeft == 0 && open.isEmpty() && isCalm;
    }

    @Override
    public int actCount() {
        return acts;
    }

    @Override
    public boolean isBusy() {
        return true;
    }

    @Override
    public boolean starves() {
        return actsLeft > 0 && random.nextInt(starvation) == 0;
    }

    @Override
    public void onCut(
            final long saidNs, final long cutNs, final List<Integer> ordered, final Map<Integer, byte[]> copies) {
        history.onCut(cutNs, ordered, copies, (volume, sector) -> false);
    }

    @Override
    public void agentBegins() {
        history.inFlightIsForgotten();
    }

    private void lookForGap() {
        final boolean isGap = capture.gapEpoch() != capture.notedGapEpoch();
        if (isGap || wasGap) {
            history.inFlightIsForgotten();
        }
        wasGap = isGap;
    }

    @Override
    public boolean act(final boolean isOrdered) {
        lookForGap();
        if (actsLeft == 0) {
            calm();
            return false;
        }
        if (random.nextInt(4) != 0) {
            return false;
        }
        actsLeft--;
        if (actsLeft == rebootAt) {
            reboot();
            return true;
        }
        switch (random.nextInt(24)) {
            case 0 -> discard();
            case 1 -> capture.busyFromHere();
            case 2, 3 -> capture.notBusy();
            case 4 -> {
                if (loses && random.nextInt(4) == 0) {
                    capture.loseNext(1 + random.nextInt(3));
                }
            }
            case 5 -> {
                if (misses && random.nextInt(6) == 0) {
                    writeUnseen();
                }
            }
            default -> write();
        }
        return false;
    }

    /** The last writes complete, nothing is held back or lost any more. */
    private void calm() {
        isCalm = open.isEmpty();
        capture.notBusy();
        capture.loseNext(0);
        complete();
    }

    private void write() {
        acts++;
        if (random.nextBoolean()) {
            complete();
        } else if (open.size() < inFlightMax) {
            submit();
        }
    }

    private void submit() {
        final int volume = random.nextInt(volumes.size());
        final int sectors = capture.bytes(volume).length / SECTOR;
        final int count = 1 + random.nextInt(random.nextInt(8) == 0 ? 40 : 12);
        final int first = random.nextInt(sectors);
        if (first + count > sectors || (!overlaps && history.isBusy(volume, first, count))) {
            return;
        }
        final long content = history.submitted(volume, first, count, capture.timeNs() + 1);
        final long dropped = capture.droppedCount();
        final int write = capture.submit(volume, (long) first * SECTOR, history.bytes(content), this::between);
        if (capture.droppedCount() != dropped) {
            history.lost(content);
        }
        open.put(write, content);
    }

    /** A capture program does not run, and nobody knows for which write. */
    private void writeUnseen() {
        final int volume = random.nextInt(volumes.size());
        if (history.isBusy(volume, 0, 1)) {
            return;
        }
        final long content = history.submitted(volume, 0, 1, capture.timeNs() + 1);
        history.lost(content);
        capture.completeUnseen(capture.submitUnseen(volume, 0, history.bytes(content)));
        history.completed(content, capture.timeNs() + 1);
        capture.loseCoverage(volume);
    }

    private void complete() {
        if (open.isEmpty()) {
            return;
        }
        final List<Integer> writes = List.copyOf(open.keySet());
        final int write = writes.get(random.nextInt(writes.size()));
        final long content = open.remove(write);
        if (fails && random.nextInt(20) == 0) {
            landSome(write, content);
            capture.end(write, 5);
            history.failed(content);
        } else {
            capture.complete(write);
            history.completed(content, capture.timeNs());
        }
    }

    private void landSome(final int write, final long content) {
        capture.land(write, 0, random.nextInt(history.bytes(content).length / SECTOR + 1));
    }

    private void discard() {
        final int volume = random.nextInt(volumes.size());
        final int blocks = capture.bytes(volume).length / SECTOR / BLOCK_SECTORS;
        final int first = random.nextInt(blocks);
        final int count = random.nextBoolean() ? blocks - first : 1;
        if (!history.isBusy(volume, first * BLOCK_SECTORS, count * BLOCK_SECTORS)) {
            history.discarded(volume, first * BLOCK_SECTORS, count * BLOCK_SECTORS, capture.timeNs() + 1);
            capture.discard(volume, first * 4096, count * 4096);
        }
    }

    private void reboot() {
        open.forEach(this::landSome);
        open.clear();
        history.startedAnew();
        capture.reboot();
    }
}
