package org.farshore.agent.capture;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
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
    private static final long BLOCK_LENGTH = 4096;
    private static final long BIT_ALIGNMENT = 512;
    private static final long GROWTH_MIN = 1L << 30;
    private static final long GROWTH_MAX = 256L << 30;
    private static final long SPARE = 64L << 30;
    private static final int RING_LENGTH_MAX = 1 << 29;

    private final Path directory;
    private final int ringLength;
    private final List<VolumeDevice> configured;
    private final Entropy entropy;
    private final BlockDevices devices = new BlockDevices();
    private final FollowedVolume[] volumes = new FollowedVolume[CaptureState.VOLUMES_MAX];

    private CaptureMaps maps;
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
        if (Integer.bitCount(ringLength) != 1 || ringLength > RING_LENGTH_MAX || ringLength < BLOCK_LENGTH) {
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
        requireKernelClock();
        final List<BlockDevice> places = new ArrayList<>();
        for (final VolumeDevice volume : configured) {
            final BlockDevice place = devices.resolveProtectable(Path.of(volume.path()));
            requireApart(place, places);
            places.add(place);
        }
        final byte[] object = KernelFeatures.captureObject();
        final long[] hash = sha256(object);
        final UUID boot = bootId();
        resumed = CaptureMaps.isComplete(directory, hash, boot.getMostSignificantBits(), boot.getLeastSignificantBits())
                && resume(places);
        if (!resumed) {
            begin(object, hash, boot, places);
        }
    }

    private boolean resume(final List<BlockDevice> places) {
        attachTo();
        if (!areVolumesInPlace(places)) {
            close();
            return false;
        }
        republish();
        for (int number = 0; number < volumes.length; number++) {
            if (state.inUse(number) && !isConfigured(number)) {
                endFollowing(number);
            }
        }
        for (int i = 0; i < configured.size(); i++) {
            if (!resumeVolume(configured.get(i), places.get(i))) {
                close();
                return false;
            }
        }
        return true;
    }

    /** Every volume that is known is where it was and not smaller. */
    private boolean areVolumesInPlace(final List<BlockDevice> places) {
        for (int i = 0; i < places.size(); i++) {
            final VolumeDevice volume = configured.get(i);
            final BlockDevice place = places.get(i);
            if (isKnown(volume)) {
                if (!state.isSamePlace(volume.number(), place)) {
                    return false;
                }
                final long sectors = state.getLong(CaptureState.volume(volume.number(), CaptureState.SECTOR_COUNT));
                if (place.sectorCount() < sectors) {
                    throw shrunk(volume, sectors << 9, place.sizeBytes());
                }
            }
        }
        return true;
    }

    private boolean resumeVolume(final VolumeDevice volume, final BlockDevice place) {
        if (!isKnown(volume)) {
            return addVolume(volume, place);
        }
        volumes[volume.number()] = new FollowedVolume(volume.number(), maps);
        return grow(volume.number(), place.sizeBytes());
    }

    /** A kill may have fallen between a change of the state and the programs' notice of it. */
    private void republish() {
        for (int number = 0; number < volumes.length; number++) {
            final int device = state.getInt(CaptureState.volume(number, CaptureState.DEVICE));
            if (device != 0) {
                maps.windows().publish(device);
            }
        }
    }

    private void begin(final byte[] object, final long[] hash, final UUID boot, final List<BlockDevice> places) {
        makeDirectory();
        CaptureMaps.unpin(directory);
        long bits = align(SPARE / BLOCK_LENGTH);
        for (final BlockDevice place : places) {
            bits += capacity(place);
        }
        try (BpfPrograms programs = new BpfPrograms(object, directory)) {
            final int words = Math.toIntExact(bits >>> 6);
            programs.size(BpfPrograms.RING, ringLength)
                    .size(BpfPrograms.LOST, words)
                    .size(BpfPrograms.TODO, words)
                    .size(BpfPrograms.SENT, words)
                    .load();
            for (final String map : CaptureMaps.names()) {
                programs.pinMap(map);
            }
            final long address = CaptureMaps.mapState(directory);
            try {
                describe(new CaptureState(address), bits, hash, boot);
                if (!configured.isEmpty()) {
                    programs.calibrate(
                            new CaptureState(address), configured.get(0).path(), entropy);
                }
            } finally {
                LinuxCalls.munmap(address, CaptureState.LENGTH);
            }
            programs.attachAndPin(BpfPrograms.RQ_COMPLETE);
            programs.attachAndPin(BpfPrograms.BIO_COMPLETE);
            programs.attachAndPin(BpfPrograms.SUBMIT);
        }
        attachTo();
        for (int i = 0; i < places.size(); i++) {
            if (!addVolume(configured.get(i), places.get(i))) {
                throw new IllegalStateException("no room for volume " + configured.get(i) + " in " + bits + " bits");
            }
        }
        state.putInt(CaptureState.READY_OFFSET, 1);
    }

    private void describe(final CaptureState fresh, final long bits, final long[] hash, final UUID boot) {
        fresh.putLong(CaptureState.MAGIC_OFFSET, CaptureState.MAGIC);
        fresh.putInt(CaptureState.ABI_OFFSET, CaptureState.ABI);
        fresh.putLong(CaptureState.CAPTURE_ID_HIGH_OFFSET, entropy.nextLong());
        fresh.putLong(CaptureState.CAPTURE_ID_LOW_OFFSET, entropy.nextLong());
        fresh.putLong(CaptureState.BOOT_ID_HIGH_OFFSET, boot.getMostSignificantBits());
        fresh.putLong(CaptureState.BOOT_ID_LOW_OFFSET, boot.getLeastSignificantBits());
        for (int i = 0; i < hash.length; i++) {
            fresh.putLong(CaptureState.OBJECT_HASH_OFFSET + i * 8, hash[i]);
        }
        fresh.putLong(CaptureState.RING_LENGTH_OFFSET, ringLength);
        fresh.putLong(CaptureState.BIT_COUNT_OFFSET, bits);
    }

    private void attachTo() {
        maps = new CaptureMaps(directory);
        state = maps.state();
        ring = maps.ring();
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
            forgetCoverage();
        }
        return kernelEpoch() + missedRuns;
    }

    private void forgetCoverage() {
        for (final FollowedVolume volume : volumes) {
            if (volume != null) {
                volume.putInt(CaptureState.COVERAGE_UNKNOWN, 1);
            }
        }
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
        return followed(volume).getInt(CaptureState.COVERAGE_UNKNOWN) != 0;
    }

    @Override
    public void setComparing(final int volume, final boolean comparing) {
        final FollowedVolume followed = followed(volume);
        // Noted before the flag goes: a kill in between finds one of the two.
        followed.putInt(CaptureState.COMPARING, comparing ? 1 : 0);
        if (comparing) {
            followed.putInt(CaptureState.COVERAGE_UNKNOWN, 0);
        }
    }

    @Override
    public boolean comparing(final int volume) {
        return followed(volume).getInt(CaptureState.COMPARING) != 0;
    }

    @Override
    public int phase(final int volume) {
        return followed(volume).getInt(CaptureState.PHASE);
    }

    @Override
    public void setPhase(final int volume, final int phase) {
        followed(volume).putInt(CaptureState.PHASE, phase);
    }

    @Override
    public long harvestLost(final int volume) {
        return followed(volume).harvest(kernelEpoch());
    }

    @Override
    public boolean anyLost(final int volume) {
        return followed(volume).anyLost(kernelEpoch());
    }

    @Override
    public VolumeBits todo(final int volume) {
        return followed(volume).todo();
    }

    @Override
    public VolumeBits sent(final int volume) {
        return followed(volume).sent();
    }

    @Override
    public boolean grow(final int volume, final long sizeBytes) {
        final FollowedVolume followed = followed(volume);
        final long sectors = sizeBytes >>> 9;
        final long before = followed.getLong(CaptureState.SECTOR_COUNT);
        if (sectors == before) {
            return true;
        }
        if (sectors < before) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION,
                    "volume " + volume + " has shrunk from " + (before << 9) + " to " + sizeBytes
                            + " bytes: remove it and protect it anew");
        }
        if (FollowedVolume.blocks(sectors) > followed.getLong(CaptureState.BIT_CAPACITY)) {
            return false;
        }
        followed.grow(sectors);
        maps.windows().publish(followed.getInt(CaptureState.DEVICE));
        return true;
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
        if (!addVolume(volume, place)) {
            return false;
        }
        configured.add(volume);
        return true;
    }

    private boolean addVolume(final VolumeDevice volume, final BlockDevice place) {
        final int number = volume.number();
        if (number < 0 || number >= volumes.length || state.inUse(number)) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION, "volume number " + number + " of " + volume.path() + " is not free");
        }
        final long capacity = capacity(place);
        final long firstBit = state.findRoom(capacity);
        if (firstBit < 0) {
            return false;
        }
        state.clearVolume(number);
        state.putLong(CaptureState.volume(number, CaptureState.UUID_HIGH), volume.uuidHigh());
        state.putLong(CaptureState.volume(number, CaptureState.UUID_LOW), volume.uuidLow());
        state.putLong(CaptureState.volume(number, CaptureState.FIRST_BIT), firstBit);
        state.putLong(CaptureState.volume(number, CaptureState.BIT_CAPACITY), capacity);
        state.putLong(CaptureState.volume(number, CaptureState.FIRST_POSITION), ring.producerPosition());
        state.putDevice(number, place);
        volumes[number] = new FollowedVolume(number, maps);
        volumes[number].clearBits();
        state.putInt(CaptureState.volume(number, CaptureState.IN_USE), 1);
        maps.windows().publish(place.device());
        return true;
    }

    @Override
    public void removeVolume(final int volume) {
        endFollowing(volume);
        configured.removeIf(other -> other.number() == volume);
    }

    private void endFollowing(final int volume) {
        state.putInt(CaptureState.volume(volume, CaptureState.IN_USE), 0);
        maps.windows().publish(state.getInt(CaptureState.volume(volume, CaptureState.DEVICE)));
        maps.firstPosition(volume, Long.MAX_VALUE);
        volumes[volume] = null;
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
            java.util.Arrays.fill(volumes, null);
        }
    }

    /** Counters and run times of the programs, for tests and people. */
    CaptureMaps maps() {
        return maps;
    }

    private FollowedVolume followed(final int volume) {
        final FollowedVolume found = volumes[volume];
        if (found == null) {
            throw new IllegalArgumentException("volume " + volume + " is not followed");
        }
        return found;
    }

    private boolean isConfigured(final int number) {
        return configured.stream().anyMatch(volume -> volume.number() == number && isKnown(volume));
    }

    private boolean isKnown(final VolumeDevice volume) {
        final int number = volume.number();
        return state.inUse(number)
                && state.getLong(CaptureState.volume(number, CaptureState.UUID_HIGH)) == volume.uuidHigh()
                && state.getLong(CaptureState.volume(number, CaptureState.UUID_LOW)) == volume.uuidLow();
    }

    private static long capacity(final BlockDevice place) {
        final long growth = Math.max(GROWTH_MIN, Math.min(place.sizeBytes(), GROWTH_MAX));
        return align(FollowedVolume.blocks(place.sectorCount()) + growth / BLOCK_LENGTH);
    }

    private static long align(final long bits) {
        return (bits + BIT_ALIGNMENT - 1) / BIT_ALIGNMENT * BIT_ALIGNMENT;
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

    private static FarshoreException shrunk(final VolumeDevice volume, final long before, final long now) {
        return new FarshoreException(
                ExitCode.CONFIGURATION,
                "volume " + volume.name() + " on " + volume.path() + " has shrunk from " + before + " to " + now
                        + " bytes: remove it and protect it anew");
    }

    /** Capture times and the agent's clock are subtracted from each other, so they must be one clock. */
    private static void requireKernelClock() {
        final long before = System.nanoTime();
        final long kernel = LinuxCalls.monotonicNs();
        final long after = System.nanoTime();
        if (kernel < before || kernel > after) {
            throw new FarshoreException(
                    ExitCode.INVARIANT,
                    "this Java's nanoTime (" + before + ") is not the kernel's CLOCK_MONOTONIC (" + kernel + ")");
        }
    }

    private static UUID bootId() {
        try {
            return UUID.fromString(
                    Files.readString(Path.of("/proc/sys/kernel/random/boot_id"), StandardCharsets.US_ASCII)
                            .strip());
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.PRIVILEGE, "cannot read the boot id: " + e.getMessage(), e);
        }
    }

    private static long[] sha256(final byte[] bytes) {
        try {
            final ByteBuffer digest = ByteBuffer.wrap(
                            MessageDigest.getInstance("SHA-256").digest(bytes))
                    .order(ByteOrder.LITTLE_ENDIAN);
            return new long[] {digest.getLong(), digest.getLong(), digest.getLong(), digest.getLong()};
        } catch (final NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
