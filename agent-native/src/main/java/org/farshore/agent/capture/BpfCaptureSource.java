package org.farshore.agent.capture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * Follows block devices from inside the kernel: the Java half of {@code block_capture.bpf.c}, where it is told what is
 * recorded when, and why that covers every write.
 *
 * <h2>What outlives what</h2>
 * Programs, their links and all maps are pinned in one bpffs directory for each machine. Without any process the programs
 * go on recording until the ring is full, and from then on set bits. An agent that starts takes all of it over ({@link
 * #resumed()}) if it was begun since this boot, by the same object file (SHA-256), its links are attached, every volume is
 * the same stretch of the same disk (disk sequence), and the bits have room. Else everything is removed and begun anew under
 * a new capture id. A volume that is not in the capture yet is added, one that is not wanted any more is removed, neither
 * disturbs the others.
 *
 * <h2>Beginning a capture</h2>
 * Load, pin the maps, write the state, calibrate, publish the volumes' windows, attach the completion programs and then the
 * submission program, and only then mark the state as ready. A kill before that leaves a state that is not ready, which the next
 * start removes. Writes in flight at that moment were submitted unseen; their completions are seen, or they completed before
 * the agent's first read.
 *
 * <h2>Bits</h2>
 * One array each for lost, todo, sent; volumes lie in it behind each other, each with room to grow: as much again, at
 * least 1 GiB and at most 256 GiB; behind them is room for volumes that come later, 64 GiB in all. One bit stands for
 * 4 KiB: the three arrays take 96 MiB of kernel memory for each TiB of room.
 *
 * <h2>Gap epoch</h2>
 * The kernel's own count of losses plus the runs of any program that were skipped because the program was interrupting
 * itself. If runs of both the submission and a completion program were skipped since the agent last took note, a write may have
 * come and gone unseen: then the coverage of all volumes is unknown.
 *
 * <p>Nothing is allocated between {@link #open} and {@link #close}, but by the methods that are said to block.
 */
public final class BpfCaptureSource implements CaptureSource {
    private static final int RING_LENGTH_MIN = 4096;
    private static final int RING_LENGTH_MAX = 1 << 29;

    private final Path directory;
    private final int ringLength;
    private final List<VolumeDevice> configured;
    private final Entropy entropy;
    private final BlockDevices devices = new BlockDevices();

    private CaptureMaps maps;
    private FollowedVolumes volumes;
    private CaptureState state;
    private RingReader ring;
    private boolean resumed;
    private long missedRuns;
    private long submitMisses;
    private long completionMisses;

    /**
     * Sets up; nothing happens before {@link #open}.
     *
     * @param directory of this machine's capture in bpffs; made if its parent is there.
     * @param ringLength bytes, a power of two from one page to 512 MiB.
     * @param volumes to follow; their numbers are those of the stream.
     */
    public BpfCaptureSource(
            final Path directory, final int ringLength, final List<VolumeDevice> volumes, final Entropy entropy) {
        if (Integer.bitCount(ringLength) != 1 || ringLength > RING_LENGTH_MAX || ringLength < RING_LENGTH_MIN) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION, "capture ring of " + ringLength + " bytes: a power of two from 4k to 512m");
        }
        this.directory = directory;
        this.ringLength = ringLength;
        this.configured = new ArrayList<>(volumes);
        this.entropy = entropy;
    }

    @Override
    public void open() {
        KernelFeatures.require(directory);
        CaptureIdentity.requireKernelClock();
        final List<BlockDevice> places = new ArrayList<>();
        for (final VolumeDevice volume : configured) {
            final BlockDevice place = devices.resolveProtectable(Path.of(volume.path()));
            requireApart(place, places);
            places.add(place);
        }
        final byte[] object = KernelFeatures.captureObject();
        final CaptureIdentity identity = new CaptureIdentity(object);
        resumed = CaptureMaps.isComplete(directory, identity) && resume(places);
        if (!resumed) {
            begin(object, identity, places);
        }
    }

    private boolean resume(final List<BlockDevice> places) {
        attachTo();
        if (volumes.resume(configured, places)) {
            return true;
        }
        close();
        return false;
    }

    private void begin(final byte[] object, final CaptureIdentity identity, final List<BlockDevice> places) {
        makeDirectory();
        CaptureMaps.unpin(directory);
        final long bits = FollowedVolumes.bitCount(places);
        final int words = Math.toIntExact(bits >>> 6);
        try (BpfPrograms programs = new BpfPrograms(object, directory)) {
            programs.size(BpfPrograms.RING, ringLength)
                    .size(BpfPrograms.LOST, words)
                    .size(BpfPrograms.TODO, words)
                    .size(BpfPrograms.SENT, words)
                    .load();
            for (final String map : CaptureMaps.names()) {
                programs.pinMap(map);
            }
            describe(programs, identity, bits);
            programs.attachAndPin(BpfPrograms.RQ_COMPLETE);
            programs.attachAndPin(BpfPrograms.BIO_COMPLETE);
            programs.attachAndPin(BpfPrograms.SUBMIT);
        }
        attachTo();
        for (int i = 0; i < places.size(); i++) {
            if (!volumes.add(configured.get(i), places.get(i))) {
                throw new IllegalStateException("no room for volume " + configured.get(i) + " in " + bits + " bits");
            }
        }
        state.putInt(CaptureState.READY_OFFSET, 1);
    }

    private void describe(final BpfPrograms programs, final CaptureIdentity identity, final long bits) {
        final long address = CaptureMaps.mapState(directory);
        try {
            final CaptureState fresh = new CaptureState(address);
            identity.describe(fresh, entropy, ringLength, bits);
            if (!configured.isEmpty()) {
                programs.calibrate(fresh, configured.get(0).path(), entropy);
            }
        } finally {
            LinuxCalls.munmap(address, CaptureState.LENGTH);
        }
    }

    private void attachTo() {
        maps = new CaptureMaps(directory);
        state = maps.state();
        ring = maps.ring();
        volumes = new FollowedVolumes(maps);
    }

    private void makeDirectory() {
        try {
            Files.createDirectories(directory);
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.PRIVILEGE, "cannot make " + directory + " in bpffs: " + e.getMessage(), e);
        }
    }

    @Override
    public long captureIdHigh() {
        return state.getLong(CaptureState.CAPTURE_ID_HIGH_OFFSET);
    }

    @Override
    public long captureIdLow() {
        return state.getLong(CaptureState.CAPTURE_ID_LOW_OFFSET);
    }

    @Override
    public boolean resumed() {
        return resumed;
    }

    @Override
    public long consumerPosition() {
        return ring.consumerPosition();
    }

    @Override
    public long producerPosition() {
        return ring.producerPosition();
    }

    @Override
    public long ringLength() {
        return ring.length();
    }

    @Override
    public long take(
            final CaptureHandler handler, final long position, final long limitPosition, final int recordLimit) {
        return ring.take(handler, position, limitPosition, recordLimit);
    }

    @Override
    public void release(final long position) {
        ring.release(position);
    }

    @Override
    public long gapEpoch() {
        submitMisses = maps.submitMisses();
        completionMisses = maps.completionMisses();
        missedRuns = submitMisses + completionMisses;
        if (submitMisses != state.getLong(CaptureState.NOTED_SUBMIT_MISSES_OFFSET)
                && completionMisses != state.getLong(CaptureState.NOTED_COMPLETION_MISSES_OFFSET)) {
            volumes.forgetCoverage();
        }
        return kernelEpoch() + missedRuns;
    }

    @Override
    public long notedGapEpoch() {
        return state.getLong(CaptureState.NOTED_GAP_EPOCH_OFFSET);
    }

    @Override
    public void noteGapEpoch(final long epoch) {
        // Misses as the last gapEpoch() saw them: later ones are not dealt with yet.
        state.putLong(CaptureState.NOTED_SUBMIT_MISSES_OFFSET, submitMisses);
        state.putLong(CaptureState.NOTED_COMPLETION_MISSES_OFFSET, completionMisses);
        state.putLong(CaptureState.NOTED_GAP_EPOCH_OFFSET, epoch);
    }

    private long kernelEpoch() {
        return state.getLong(CaptureState.GAP_EPOCH_OFFSET);
    }

    @Override
    public long droppedCount() {
        return state.getLong(CaptureState.DROPPED_OFFSET);
    }

    @Override
    public long missedRunCount() {
        return missedRuns;
    }

    @Override
    public boolean coverageUnknown(final int volume) {
        return volumes.get(volume).getInt(CaptureState.COVERAGE_UNKNOWN) != 0;
    }

    @Override
    public void setComparing(final int volume, final boolean comparing) {
        final FollowedVolume followed = volumes.get(volume);
        // Noted before the flag goes: a kill in between finds one of the two.
        followed.putInt(CaptureState.COMPARING, comparing ? 1 : 0);
        if (comparing) {
            followed.putInt(CaptureState.COVERAGE_UNKNOWN, 0);
        }
    }

    @Override
    public boolean comparing(final int volume) {
        return volumes.get(volume).getInt(CaptureState.COMPARING) != 0;
    }

    @Override
    public int phase(final int volume) {
        return volumes.get(volume).getInt(CaptureState.PHASE);
    }

    @Override
    public void setPhase(final int volume, final int phase) {
        volumes.get(volume).putInt(CaptureState.PHASE, phase);
    }

    @Override
    public long harvestLost(final int volume) {
        return volumes.get(volume).harvest(kernelEpoch());
    }

    @Override
    public boolean anyLost(final int volume) {
        return volumes.get(volume).anyLost(kernelEpoch());
    }

    @Override
    public VolumeBits todo(final int volume) {
        return volumes.get(volume).todo();
    }

    @Override
    public VolumeBits sent(final int volume) {
        return volumes.get(volume).sent();
    }

    @Override
    public boolean grow(final int volume, final long sizeBytes) {
        return volumes.grow(volume, sizeBytes);
    }

    @Override
    public boolean addVolume(final VolumeDevice volume) {
        if (state.getLong(CaptureState.PAGE_CONSTANT_OFFSET) == 0) {
            // Begun without a volume, so there was nothing to calibrate with.
            return false;
        }
        final BlockDevice place = devices.resolveProtectable(Path.of(volume.path()));
        final List<BlockDevice> others = new ArrayList<>();
        for (final VolumeDevice other : configured) {
            others.add(devices.resolve(Path.of(other.path())));
        }
        requireApart(place, others);
        if (!volumes.add(volume, place)) {
            return false;
        }
        configured.add(volume);
        return true;
    }

    @Override
    public void removeVolume(final int volume) {
        volumes.end(volume);
        configured.removeIf(other -> other.number() == volume);
    }

    @Override
    public void detach() {
        close();
        CaptureMaps.unpin(directory);
        try {
            Files.deleteIfExists(directory);
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.PRIVILEGE, "cannot remove " + directory + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        if (maps != null) {
            maps.close();
            maps = null;
            state = null;
            ring = null;
            volumes = null;
        }
    }

    /** Counters and run times of the programs, for tests and people. */
    CaptureMaps maps() {
        return maps;
    }

    /** Nanoseconds that submissions spent in their program so far; counted while {@code kernel.bpf_stats_enabled} is 1. */
    public long submitRunTimeNs() {
        return maps.runTimeNs(0);
    }

    /** How often that program ran, counted as {@link #submitRunTimeNs}. */
    public long submitRunCount() {
        return maps.runCount(0);
    }

    /** As {@link #submitRunTimeNs}, for the two programs that see completions. */
    public long completionRunTimeNs() {
        return maps.runTimeNs(1) + maps.runTimeNs(2);
    }

    /** How often those ran. */
    public long completionRunCount() {
        return maps.runCount(1) + maps.runCount(2);
    }

    private static void requireApart(final BlockDevice place, final List<BlockDevice> others) {
        for (final BlockDevice other : others) {
            if (place.overlaps(other)) {
                throw new FarshoreException(
                        ExitCode.CONFIGURATION,
                        place.path() + " and " + other.path() + " lie on the same sectors: protect one of them");
            }
        }
    }
}
