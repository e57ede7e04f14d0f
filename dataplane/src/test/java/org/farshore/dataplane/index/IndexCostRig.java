package org.farshore.dataplane.index;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * A few blocks written over and over, whole and in sectors, and zeros over stretches of up to a GiB, from a seed; watched is
 * what the index pays for it: entries for each extent, and steps for each lookup at any moment.
 */
public final class IndexCostRig {
    private static final int ROUNDS = 40;
    private static final int HOT_BLOCKS = 3;
    private static final int HOT_VOLUME = 1;
    private static final int ZEROED_VOLUME = 2;
    private static final int BLOCK_LENGTH = StreamLimits.BLOCK_LENGTH;
    private static final int SECTOR_LENGTH = StreamLimits.SECTOR_LENGTH;
    private static final int PAGES_PER_FILE = 64;
    /** On each of the two ways from the largest piece down to a region: so many of each level at most. */
    private static final int NODES_MAX = 2 * CoarseNodes.LEVELS * 64;

    private final Random random;
    private final IndexRig rig;
    private final List<Long> positions = new ArrayList<>();
    private final int[] rewrites = new int[HOT_BLOCKS];
    private long entriesMax;

    public IndexCostRig(final long seed) {
        random = new Random(seed);
        rig = new IndexRig(seed);
        rig.pagesPerFile = PAGES_PER_FILE;
        rig.open().connect();
    }

    /**
     * Works and looks.
     *
     * @throws AssertionError when something costs more than it may.
     */
    public void play() {
        for (int round = 0; round < ROUNDS; round++) {
            if (random.nextInt(4) == 0) {
                zeros();
            } else {
                hammer();
            }
            positions.add(rig.barrierAndFollow());
            checkEntries();
            checkSteps();
        }
        rig.close();
    }

    private void hammer() {
        final int block = random.nextInt(HOT_BLOCKS);
        final boolean isWhole = random.nextBoolean();
        final List<Extent> extents = new ArrayList<>();
        for (int i = 0; i < StreamLimits.BATCH_EXTENTS_MAX; i++) {
            final long sector = isWhole ? 0 : random.nextInt(BLOCK_LENGTH / SECTOR_LENGTH);
            extents.add(IndexRig.zero(
                    HOT_VOLUME,
                    (long) block * BLOCK_LENGTH + sector * SECTOR_LENGTH,
                    isWhole ? BLOCK_LENGTH : SECTOR_LENGTH));
        }
        positions.add(rig.send(extents));
        rewrites[block] += extents.size();
        entriesMax += extents.size();
    }

    private void zeros() {
        final long begin = (long) random.nextInt(1 << 20) * SECTOR_LENGTH;
        final long length = (1L + random.nextInt(1 << 21)) * SECTOR_LENGTH;
        rig.send(
                random.nextBoolean()
                        ? IndexRig.zero(ZEROED_VOLUME, begin, length)
                        : IndexRig.discard(ZEROED_VOLUME, begin, length));
        // Less than a region at either end goes by blocks, a part of one among them.
        entriesMax += NODES_MAX + 2 * (CoarseNodes.REGION_LENGTH / BLOCK_LENGTH + 1);
    }

    private void checkEntries() {
        final long entries = rig.index.liveVersions();
        if (entries > entriesMax) {
            throw new AssertionError("the index has " + entries + " entries where " + entriesMax + " are the most");
        }
    }

    private void checkSteps() {
        final long position = positions.get(random.nextInt(positions.size()));
        final long moment = rig.reader.momentBefore(position);
        for (int block = 0; block < HOT_BLOCKS; block++) {
            final long before = rig.reader.steps();
            rig.reader.versionAt(HOT_VOLUME, block, moment);
            final long steps = rig.reader.steps() - before;
            final double stepsMax = 3 * Math.log(1 + rewrites[block]) / Math.log(2) + 8;
            if (steps > stepsMax) {
                throw new AssertionError("a lookup among " + rewrites[block] + " versions of a block takes " + steps
                        + " steps, more than " + stepsMax);
            }
        }
    }
}
