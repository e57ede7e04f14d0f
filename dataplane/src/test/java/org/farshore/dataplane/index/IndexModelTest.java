package org.farshore.dataplane.index;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.farshore.dataplane.runtime.SimulatedCrash;
import org.farshore.dataplane.runtime.SimulatedDisk.Survival;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random life of an index against the list of all writes: whole blocks and parts, large and ragged zeros, open tails, new
 * connections, removed volumes, a moving horizon, checkpoints, orderly stops, and power cuts at any operation of the disk, in
 * which every sector that was not synced is kept or lost by itself. After each step some extents at some moments are
 * compared sector by sector.
 */
class IndexModelTest {
    private static final int STEPS = 600;
    private static final long VOLUME_LENGTH = 8 << 20;

    private Random random;
    private IndexRig rig;
    private int crashes;
    private int compared;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void indexAnswersAsTheListOfAllWrites(final long seed) {
        random = new Random(seed);
        rig = new IndexRig(seed);
        rig.pagesPerFile = 1 + random.nextInt(6);
        rig.residentFiles = 2 + random.nextInt(3);
        rig.open().connect();
        for (int step = 0; step < STEPS; step++) {
            try {
                step();
            } catch (final SimulatedCrash e) {
                comeBack(random.nextInt(4) == 0 ? Survival.NONE : Survival.RANDOM);
            }
        }
        System.out.printf(
                "seed %d: %d extents compared, %d power cuts, %d versions live, horizon at segment %d%n",
                seed, compared, crashes, rig.index.liveVersions(), rig.horizonSegment);
    }

    private void comeBack(final Survival survival) {
        crashes++;
        rig.stop(survival);
        rig.open();
        if (random.nextBoolean()) {
            rig.follow();
            compareSome();
        }
        rig.connect();
    }

    private void step() {
        switch (random.nextInt(40)) {
            case 0 -> rig.disk.crashAtOperation(rig.disk.operations() + 1 + random.nextInt(60));
            case 1 -> comeBack(Survival.ALL);
            case 2 -> rig.connect();
            case 3, 4, 5 -> rig.checkpoint();
            case 6, 7 -> raiseHorizon();
            case 8 -> rig.removed(random.nextInt(3));
            case 9, 10, 11, 12, 13, 14 -> {
                rig.follow();
                compareSome();
            }
            case 15, 16 -> rig.index.doWork(rig.clocks.nanoTime());
            default -> rig.send(batch());
        }
    }

    private void raiseHorizon() {
        rig.follow();
        final long newest = rig.index.indexedPosition() / IndexRig.SEGMENT_LENGTH;
        if (newest > rig.horizonSegment) {
            rig.raiseHorizon(rig.horizonSegment + 1 + random.nextInt((int) (newest - rig.horizonSegment)));
            compareSome();
        }
    }

    private List<Extent> batch() {
        final List<Extent> extents = new ArrayList<>();
        int payload = 0;
        final int count = 1 + random.nextInt(12);
        for (int i = 0; i < count; i++) {
            final Extent extent = extent(payload);
            payload += extent.payload() == null ? 0 : extent.payload().length;
            extents.add(extent);
        }
        return extents;
    }

    private Extent extent(final int payloadSoFar) {
        final int volume = random.nextInt(3);
        final boolean open = random.nextInt(20) == 0;
        final int kind = random.nextInt(8);
        if (kind == 0) {
            final long length = 512L * (1 + random.nextInt(8192));
            return sized(IndexRig.zero(volume, offset(length), length), open);
        }
        if (kind == 1) {
            final long length = (1L + random.nextInt(4)) << 20;
            return IndexRig.discard(volume, offset(length), length);
        }
        if (kind == 2 || payloadSoFar > 30_000) {
            final long length = 512L * (1 + random.nextInt(20));
            return sized(IndexRig.zero(volume, offset(length), length), open);
        }
        final int length = random.nextBoolean() ? 4096 * (1 + random.nextInt(3)) : 512 * (1 + random.nextInt(20));
        return sized(IndexRig.write(volume, offset(length), length), open);
    }

    private static Extent sized(final Extent extent, final boolean open) {
        return new Extent(
                extent.volume(), extent.kind(), extent.offset(), extent.length(), extent.payload(), !open, false);
    }

    /** Mostly a few hot blocks, whole ones as often as not. */
    private long offset(final long length) {
        final int unit = random.nextBoolean() ? 4096 : 512;
        final long room = random.nextInt(3) == 0 ? VOLUME_LENGTH : 128 << 10;
        return Math.min((random.nextInt((int) (room / unit))) * (long) unit, VOLUME_LENGTH - length);
    }

    private void compareSome() {
        final List<Long> moments = new ArrayList<>(rig.cuts);
        final long horizon = rig.horizonSegment * IndexRig.SEGMENT_LENGTH;
        moments.removeIf(cut -> cut < horizon || cut > rig.index.indexedPosition());
        moments.add(rig.index.indexedPosition());
        for (int i = 0; i < 12; i++) {
            final long position = moments.get(random.nextInt(moments.size()));
            final int length = 512 * (1 + random.nextInt(i % 4 == 0 ? 8192 : 128));
            final long offset = Math.min(offset(length), VOLUME_LENGTH - length);
            if (position >= horizon) {
                rig.check(random.nextInt(3), offset, length, position);
                compared++;
            }
        }
    }
}
