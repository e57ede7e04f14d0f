package org.farshore.agent.capture;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * Finds changes by looking for them: compares files or devices with checksums of what the copy holds. No privileges but
 * reading, no kernel programs; no order of writes either. For laptops, kernels without BTF, and tests.
 *
 * <h2>How it maps onto {@link CaptureSource}</h2>
 * The ring is always empty: both positions are 0, {@link #take} hands on nothing.
 *
 * <p><b>What the copy holds</b> is known from the reader: {@link #readingFile} computes a checksum of each block as it is
 * read for a chunk (or for a compare, whose differences come to {@code todo} and are read again). Never from the scan, so
 * that a block that changed between a scan and its read cannot be taken for known.
 *
 * <p><b>A pass</b> compares all blocks of all volumes with the checksums, a little in each {@link #doWork}. It begins
 * only when {@code todo}, {@code sent} and {@code lost} of all volumes are empty and no compare is under way, that is, when
 * everything that was read is durable in the copy; it is given up when that ends.
 *
 * <ul>
 *   <li>A pass that found changes sets their {@code lost} bits and raises the gap epoch once, at its end. The agent then does
 *       what it does after any gap: CONVERGING, harvest, read.
 *   <li>A pass that found nothing is <i>clean</i>: all volumes hold, after its begin, what the copy had before its begin, so
 *       the copy is the state of all volumes at the begin of the pass. {@link #cutTimeNs} is that moment: a cut made now
 *       stands for it, and the recovery-point lag is honest.
 *   <li>Until a pass was clean, {@link #anyLost} is true: with the agent's own condition (nothing in todo, nothing lost,
 *       gap epoch unchanged) no volume is CONVERGED and no cut is made.
 * </ul>
 *
 * On a volume that changes all the time no pass is clean and no point is made; that is the limit of this way, not a fault.
 * A block that changes and changes back between its read and its compare is not noticed: the copy then holds what the volume
 * held before and after.
 *
 * <p>Nothing is pinned: a restarted agent has another capture id, and compares.
 *
 * <p>One thread, but for {@link #readingFile}, which is the reader's.
 */
public final class FileCaptureSource implements CaptureSource {
    /** Bytes compared in one duty cycle. */
    private static final int STEP_LENGTH = 256 << 10;

    private static final int VOLUMES_MAX = 64;

    private final ScannedVolume[] volumes = new ScannedVolume[VOLUMES_MAX];
    private final List<VolumeDevice> configured;
    private final BlockFiles files;
    private final Entropy entropy;
    private final long pauseNs;
    private final ByteBuffer buffer = BufferUtil.allocateDirectAligned(STEP_LENGTH, 4096);
    private final UnsafeBuffer view = new UnsafeBuffer(buffer);

    private long captureIdHigh;
    private long captureIdLow;
    private long gapEpoch;
    private long notedGapEpoch;
    private boolean passing;
    private boolean clean;
    private long cleanBeginNs;
    private long passBeginNs;
    private long nextPassNs = Long.MIN_VALUE;
    private long changedBlocks;
    private long passCount;
    private int atVolume;
    private long atBlock;

    /**
     * Sets up; nothing happens before {@link #open}.
     *
     * @param pauseNs between the end of a pass and the begin of the next.
     */
    public FileCaptureSource(
            final List<VolumeDevice> volumes, final BlockFiles files, final Entropy entropy, final long pauseNs) {
        this.configured = new ArrayList<>(volumes);
        this.files = files;
        this.entropy = entropy;
        this.pauseNs = pauseNs;
    }

    @Override
    public void open() {
        captureIdHigh = entropy.nextLong();
        captureIdLow = entropy.nextLong();
        configured.forEach(this::addVolume);
    }

    @Override
    public int doWork(final long nowNs) {
        if (!isQuiet()) {
            // What is on its way changes the copy: whatever a pass has seen is void.
            giveUpPass();
            return 0;
        }
        if (!passing && nextPassNs != Long.MIN_VALUE && nowNs - nextPassNs < 0) {
            return 0;
        }
        if (!passing) {
            beginPass(nowNs);
        }
        if (!scanStep()) {
            endPass(nowNs);
        }
        return 1;
    }

    private boolean isQuiet() {
        for (final ScannedVolume volume : volumes) {
            // Lost bits are what a pass leaves; the next one begins when they have been taken.
            if (volume != null
                    && !(volume.isQuiet() && (passing || volume.lost().cardinality() == 0))) {
                return false;
            }
        }
        return true;
    }

    /** Ends a pass before its end. The changes it has found are in the lost bits: the agent must hear of them all the same. */
    private void giveUpPass() {
        if (passing && changedBlocks != 0) {
            gapEpoch++;
        }
        passing = false;
        clean = false;
    }

    private void beginPass(final long nowNs) {
        passing = true;
        passBeginNs = nowNs;
        changedBlocks = 0;
        atVolume = 0;
        atBlock = 0;
    }

    /** False when there is nothing left to compare in this pass. */
    private boolean scanStep() {
        while (atVolume < VOLUMES_MAX) {
            final ScannedVolume volume = volumes[atVolume];
            if (volume != null && atBlock < volume.blockCount()) {
                changedBlocks += volume.scan(atBlock, buffer, view);
                atBlock += STEP_LENGTH / BlockChecksums.BLOCK_LENGTH;
                return true;
            }
            atVolume++;
            atBlock = 0;
        }
        return false;
    }

    private void endPass(final long nowNs) {
        passing = false;
        passCount++;
        nextPassNs = nowNs + pauseNs;
        if (changedBlocks == 0) {
            clean = true;
            cleanBeginNs = passBeginNs;
        } else {
            clean = false;
            gapEpoch++;
        }
    }

    /** Passes that were ended, clean or not. */
    public long passCount() {
        return passCount;
    }

    @Override
    public BlockFile readingFile(final VolumeDevice volume) {
        return volume(volume.number()).readingFile();
    }

    @Override
    public long cutTimeNs(final long nowNs) {
        return clean ? cleanBeginNs : nowNs;
    }

    @Override
    public long captureIdHigh() {
        return captureIdHigh;
    }

    @Override
    public long captureIdLow() {
        return captureIdLow;
    }

    @Override
    public boolean resumed() {
        return false;
    }

    @Override
    public long consumerPosition() {
        return 0;
    }

    @Override
    public long producerPosition() {
        return 0;
    }

    @Override
    public long ringLength() {
        return 0;
    }

    @Override
    public long take(
            final CaptureHandler handler, final long position, final long limitPosition, final int recordLimit) {
        return position;
    }

    @Override
    public void release(final long position) {
        if (position != 0) {
            throw new IllegalArgumentException("release of " + position + " of a ring that holds nothing");
        }
    }

    @Override
    public long gapEpoch() {
        return gapEpoch;
    }

    @Override
    public long notedGapEpoch() {
        return notedGapEpoch;
    }

    @Override
    public void noteGapEpoch(final long epoch) {
        notedGapEpoch = epoch;
    }

    @Override
    public long droppedCount() {
        return 0;
    }

    @Override
    public long missedRunCount() {
        return 0;
    }

    @Override
    public boolean coverageUnknown(final int volume) {
        return false;
    }

    @Override
    public void setComparing(final int volume, final boolean comparing) {
        volume(volume).comparing(comparing);
    }

    @Override
    public boolean comparing(final int volume) {
        return volume(volume).comparing();
    }

    @Override
    public int phase(final int volume) {
        return volume(volume).phase();
    }

    @Override
    public void setPhase(final int volume, final int phase) {
        volume(volume).phase(phase);
    }

    @Override
    public long harvestLost(final int volume) {
        final long moved = volume(volume).harvest();
        if (moved != 0) {
            passing = false;
            clean = false;
        }
        return moved;
    }

    @Override
    public boolean anyLost(final int volume) {
        return !clean || volume(volume).lost().cardinality() != 0;
    }

    @Override
    public VolumeBits todo(final int volume) {
        return volume(volume).todo();
    }

    @Override
    public VolumeBits sent(final int volume) {
        return volume(volume).sent();
    }

    @Override
    public boolean grow(final int volume, final long sizeBytes) {
        return volume(volume).grow(sizeBytes);
    }

    @Override
    public boolean addVolume(final VolumeDevice volume) {
        final int number = volume.number();
        if (number < 0 || number >= VOLUMES_MAX || volumes[number] != null) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION, "volume number " + number + " of " + volume.path() + " is not free");
        }
        volumes[number] = new ScannedVolume(volume, files, entropy.nextLong());
        giveUpPass();
        return true;
    }

    @Override
    public void removeVolume(final int volume) {
        volume(volume).close();
        volumes[volume] = null;
        giveUpPass();
    }

    private ScannedVolume volume(final int number) {
        final ScannedVolume found = volumes[number];
        if (found == null) {
            throw new IllegalArgumentException("volume " + number + " is not followed");
        }
        return found;
    }

    @Override
    public void detach() {
        close();
    }

    @Override
    public void close() {
        for (int number = 0; number < VOLUMES_MAX; number++) {
            if (volumes[number] != null) {
                removeVolume(number);
            }
        }
    }
}
