package org.farshore.tests.simulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.farshore.agent.capture.ModelCapture;
import org.farshore.agent.capture.VolumeDevice;

/**
 * The protected machine: devices, a workload over them, a capture ring with its pinned bits, and an oracle that is told of
 * every write. It writes in hot spots and anywhere, in parts of blocks and in pieces, some writes at once; each write is
 * submitted, lands in part, and ends, at times of its own.
 */
final class SourceMachine implements Promises.Cuts {
    private static final long MS_NS = 1_000_000L;
    private static final int RING_PIECES = 16 << 10;
    private static final int EIO = 5;

    private final Scenario scenario;
    private final Dice dice;
    private final EventHash hash;
    private final Tally tally;
    private final ModelCapture capture;
    private final VolumeOracle oracle = new VolumeOracle();
    private final List<VolumeDevice> devices = new ArrayList<>();
    private final List<InFlight> inFlight = new ArrayList<>();
    private final long periodNs;
    private int writesLeft;
    private long nextWriteNs;
    private int failures;
    private boolean isQuiet;

    /** A write between its submission and its end. */
    private static final class InFlight {
        private final int number;
        private final int known;
        private final int volume;
        private final int sector;
        private final int sectors;
        private final BitSet landed = new BitSet();
        private long landNs;
        private final long endNs;
        private final boolean fails;

        InFlight(
                final int number,
                final int known,
                final int volume,
                final int sector,
                final int sectors,
                final long landNs,
                final long endNs,
                final boolean fails) {
            this.number = number;
            this.known = known;
            this.volume = volume;
            this.sector = sector;
            this.sectors = sectors;
            this.landNs = landNs;
            this.endNs = endNs;
            this.fails = fails;
        }
    }

    SourceMachine(final Scenario scenario, final EventHash hash, final Tally tally) {
        this.scenario = scenario;
        this.hash = hash;
        this.tally = tally;
        dice = Dice.of(scenario.seed(), "source");
        capture = new ModelCapture(scenario.installation().ringLength());
        capture.pieceLength(RING_PIECES);
        writesLeft = scenario.workload().writesMax();
        periodNs = 2 * 1000 * MS_NS / scenario.workload().writesPerSecond();
        for (int volume = 0; volume < scenario.workload().volumeSectors().length; volume++) {
            final int sectors = scenario.workload().volumeSectors()[volume];
            devices.add(capture.add("v" + volume, sectors * SectorStamp.LENGTH));
            oracle.addVolume(sectors);
        }
        fill();
    }

    /** What was on the devices before anybody followed them. */
    private void fill() {
        for (int volume = 0; volume < devices.size(); volume++) {
            final int sectors = scenario.workload().volumeSectors()[volume];
            final int from = dice.below(sectors);
            final int count = Math.max(1, dice.below(sectors - from));
            final int known = oracle.submitted(false, volume, from, count, capture.timeNs());
            for (int sector = from; sector < from + count; sector++) {
                SectorStamp.put(capture.bytes(volume), sector * SectorStamp.LENGTH, known, volume, sector);
            }
            capture.advance(1);
            oracle.ended(known, true, capture.timeNs());
        }
        capture.advance(1);
    }

    ModelCapture capture() {
        return capture;
    }

    @Override
    public void onCut(
            final long saidNs, final long cutNs, final List<Integer> ordered, final Map<Integer, byte[]> copies) {
        oracle.check(saidNs, cutNs, ordered, copies);
    }

    @Override
    public void onPoint() {
        tally.point();
        tally.reached(Rarity.BARRIER);
    }

    VolumeOracle oracle() {
        return oracle;
    }

    int volumes() {
        return devices.size();
    }

    /** The volumes as an agent finds them that starts now. */
    List<VolumeDevice> devices() {
        final List<VolumeDevice> found = new ArrayList<>();
        for (final VolumeDevice device : devices) {
            if (capture.hasLeft(device.number())) {
                continue;
            }
            found.add(new VolumeDevice(
                    device.number(),
                    device.name(),
                    device.uuidHigh(),
                    device.uuidLow(),
                    device.path(),
                    capture.followedBytes(device.number()),
                    device.file()));
        }
        return found;
    }

    long sizeBytes(final int volume) {
        return capture.bytes(volume).length;
    }

    /** Clock of the machine, as its agent sees it. */
    long timeNs() {
        return capture.timeNs();
    }

    /** True when nothing will be written any more, and nothing is in flight. */
    boolean isIdle() {
        return isQuiet && inFlight.isEmpty();
    }

    /** Ends the workload; what is in flight ends in its own time, and well. */
    void quiet() {
        isQuiet = true;
        failures = 0;
        capture.loseNext(0);
        capture.failReads(0);
    }

    /** When something happens next. */
    long nextEventNs() {
        long next = isQuiet || writesLeft <= 0 ? Long.MAX_VALUE : nextWriteNs;
        for (final InFlight write : inFlight) {
            next = Math.min(next, Math.min(write.endNs, write.landNs));
        }
        return next;
    }

    /** Everything that happens until {@code nowNs}; returns how much that was. */
    int advance(final long nowNs) {
        int count = 0;
        if (nowNs > capture.timeNs()) {
            capture.advance(nowNs - capture.timeNs());
        }
        for (int i = inFlight.size() - 1; i >= 0; i--) {
            final InFlight write = inFlight.get(i);
            if (nowNs >= write.endNs) {
                inFlight.remove(i);
                end(write);
                count++;
            } else if (nowNs >= write.landNs) {
                write.landNs = Long.MAX_VALUE;
                landPart(write);
                count++;
            }
        }
        while (!isQuiet && writesLeft > 0 && nowNs >= nextWriteNs) {
            nextWriteNs = Math.max(nextWriteNs, nowNs - periodNs) + dice.between(1, periodNs);
            count += act(nowNs);
        }
        return count;
    }

    /** So many writes at once. */
    void burst(final int count, final long nowNs) {
        for (int i = 0; i < count && !isQuiet; i++) {
            act(nowNs);
        }
    }

    private int act(final long nowNs) {
        if (inFlight.size() >= scenario.workload().inFlightMax()) {
            return 0;
        }
        writesLeft--;
        final int volume = dice.below(devices.size());
        final int all = (int) (sizeBytes(volume) / SectorStamp.LENGTH);
        final int sectors =
                Math.min(all, (int) dice.skewed(1, scenario.workload().sectorsMax()));
        final int room = all - sectors;
        final int sector = dice.oneIn(3) ? Math.min(room, dice.below(24)) : dice.below(room + 1);
        if (!scenario.workload().overlaps() && overlaps(volume, sector, sectors)) {
            return 0;
        }
        if (dice.oneIn(20)) {
            zero(volume, sector, sectors);
        } else {
            submit(volume, sector, sectors, nowNs);
        }
        tally.write();
        hash.add(5, ((long) volume << 40) + ((long) sector << 20) + sectors);
        return 1;
    }

    private boolean overlaps(final int volume, final int sector, final int sectors) {
        for (final InFlight write : inFlight) {
            if (write.volume == volume && write.sector < sector + sectors && sector < write.sector + write.sectors) {
                return true;
            }
        }
        return false;
    }

    private void zero(final int volume, final int sector, final int sectors) {
        if (overlaps(volume, sector, sectors)) {
            return;
        }
        final int known = oracle.submitted(true, volume, sector, sectors, capture.timeNs());
        capture.discard(volume, sector * SectorStamp.LENGTH, sectors * SectorStamp.LENGTH);
        oracle.ended(known, true, capture.timeNs());
        capture.advance(1);
    }

    private void submit(final int volume, final int sector, final int sectors, final long nowNs) {
        if (overlaps(volume, sector, sectors)) {
            tally.reached(Rarity.OVERLAP);
        }
        capture.advance(1);
        final long before = capture.droppedCount();
        final int known = oracle.submitted(false, volume, sector, sectors, capture.timeNs() + 1);
        final byte[] bytes = new byte[sectors * SectorStamp.LENGTH];
        for (int i = 0; i < sectors; i++) {
            SectorStamp.put(bytes, i * SectorStamp.LENGTH, known, volume, sector + i);
        }
        final int number = capture.submit(volume, (long) sector * SectorStamp.LENGTH, bytes);
        if (capture.droppedCount() != before) {
            tally.reached(Rarity.RING_OVERFLOW);
        }
        final long lastsNs = dice.skewed(MS_NS / 20, 40 * MS_NS);
        final boolean fails = failures > 0;
        failures -= fails ? 1 : 0;
        inFlight.add(new InFlight(
                number, known, volume, sector, sectors, nowNs + dice.between(0, lastsNs), nowNs + lastsNs, fails));
    }

    private void landPart(final InFlight write) {
        final int from = dice.below(write.sectors);
        final int count = 1 + dice.below(write.sectors - from);
        capture.land(write.number, from, count);
        write.landed.set(from, from + count);
    }

    private void end(final InFlight write) {
        capture.advance(1);
        final long before = capture.droppedCount();
        if (write.fails) {
            capture.end(write.number, EIO);
            tally.reached(Rarity.FAILED_WRITE);
        } else {
            capture.complete(write.number);
        }
        if (capture.droppedCount() != before) {
            tally.reached(Rarity.COMPLETION_LOST);
        }
        oracle.ended(write.known, !write.fails, capture.timeNs());
        hash.add(6, write.known);
    }

    // faults

    void failWrites(final int count) {
        failures += count;
    }

    void grow(final int volume, final int blocks) {
        final int sectors = blocks * 8 - (int) (sizeBytes(volume) / SectorStamp.LENGTH % 8);
        capture.growDevice(volume, new byte[sectors * SectorStamp.LENGTH]);
        oracle.grow(volume, (int) (sizeBytes(volume) / SectorStamp.LENGTH));
        tally.reached(Rarity.GREW);
    }

    /** Takes a volume out of the agent's settings, unless it is the only one there; false then. */
    boolean leave(final int volume) {
        if (capture.hasLeft(volume) || devices().size() == 1) {
            return false;
        }
        capture.leave(volume);
        tally.reached(Rarity.LEFT);
        return true;
    }

    /** Power is cut and comes back: ring and pinned bits are gone, what was in flight has landed in part. */
    void losePower() {
        capture.advance(1);
        for (final InFlight write : inFlight) {
            if (dice.oneIn(2)) {
                landPart(write);
            }
            oracle.cutOff(write.known, write.sectors, write.landed, capture.timeNs());
        }
        inFlight.clear();
        capture.reboot();
        capture.advance(1);
    }

    /**
     * The coverage rule: where the far side has not promised the device's bytes, something that outlives the agent says so.
     *
     * @throws Violation where nothing does.
     */
    void checkCovered(final Promises promises) {
        for (int volume = 0; volume < devices.size(); volume++) {
            final byte[] device = capture.bytes(volume);
            final byte[] promised = promises.copy(volume);
            if (promised == null || Arrays.equals(device, promised)) {
                continue;
            }
            checkCovered(volume, device, promised);
        }
    }

    private void checkCovered(final int volume, final byte[] device, final byte[] promised) {
        final BitSet covered = capture.covered(volume);
        for (int at = 0; at < device.length; at += SectorStamp.LENGTH) {
            final boolean differs = at >= promised.length
                    || !Arrays.equals(device, at, at + SectorStamp.LENGTH, promised, at, at + SectorStamp.LENGTH);
            if (differs && !covered.get(at / 4096) && at < capture.followedBytes(volume)) {
                throw new Violation(
                        "I2",
                        "sector " + at / SectorStamp.LENGTH + " of volume " + volume + " has write "
                                + oracle.describe(SectorStamp.read(device, at, volume, at / SectorStamp.LENGTH))
                                + ", promised is "
                                + (at >= promised.length
                                        ? "nothing"
                                        : oracle.describe(
                                                SectorStamp.read(promised, at, volume, at / SectorStamp.LENGTH)))
                                + ", and neither ring, lost, todo nor sent know of it");
            }
        }
    }
}
