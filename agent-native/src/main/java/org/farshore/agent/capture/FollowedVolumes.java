package org.farshore.agent.capture;

import java.util.List;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * The volumes of one capture: which there are, where their bits lie, and what of it the programs know. Each change is made
 * so that a kill in the middle leaves a state from which {@link #resume} goes on: a volume's entry counts when it is in use,
 * bits are set before what makes them necessary, and the programs' windows are published again at every start. One thread;
 * changes may block.
 */
final class FollowedVolumes {
    private static final long BLOCK_LENGTH = 4096;
    private static final long BIT_ALIGNMENT = 512;
    private static final long GROWTH_MIN = 1L << 30;
    private static final long GROWTH_MAX = 256L << 30;
    private static final long SPARE = 64L << 30;

    private final FollowedVolume[] volumes = new FollowedVolume[CaptureState.VOLUMES_MAX];
    private final CaptureMaps maps;
    private final CaptureState state;

    FollowedVolumes(final CaptureMaps maps) {
        this.maps = maps;
        this.state = maps.state();
    }

    /** Bits that a new capture gets: of its volumes, each with room to grow, and of some that come later. */
    static long bitCount(final List<BlockDevice> places) {
        long bits = align(SPARE / BLOCK_LENGTH);
        for (final BlockDevice place : places) {
            bits += capacity(place);
        }
        return bits;
    }

    private static long capacity(final BlockDevice place) {
        final long growth = Math.max(GROWTH_MIN, Math.min(place.sizeBytes(), GROWTH_MAX));
        return align(FollowedVolume.blocks(place.sectorCount()) + growth / BLOCK_LENGTH);
    }

    private static long align(final long bits) {
        return (bits + BIT_ALIGNMENT - 1) / BIT_ALIGNMENT * BIT_ALIGNMENT;
    }

    FollowedVolume get(final int number) {
        final FollowedVolume found = number >= 0 && number < volumes.length ? volumes[number] : null;
        if (found == null) {
            throw new IllegalArgumentException("volume " + number + " is not followed");
        }
        return found;
    }

    /** Nothing is known any more of what was written to any volume. */
    void forgetCoverage() {
        for (final FollowedVolume volume : volumes) {
            if (volume != null) {
                volume.putInt(CaptureState.COVERAGE_UNKNOWN, 1);
            }
        }
    }

    /**
     * Takes over what an earlier process followed: volumes that are wanted still, without those that are not, and with those
     * that are new.
     *
     * @return false when this needs a new capture: a volume is another disk, or there is no room.
     * @throws FarshoreException CONFIGURATION when a volume has shrunk.
     */
    boolean resume(final List<VolumeDevice> wanted, final List<BlockDevice> places) {
        for (int i = 0; i < wanted.size(); i++) {
            if (isKnown(wanted.get(i)) && !isInPlace(wanted.get(i), places.get(i))) {
                return false;
            }
        }
        publishAll();
        for (int number = 0; number < volumes.length; number++) {
            if (state.inUse(number) && !isWanted(wanted, number)) {
                end(number);
            }
        }
        for (int i = 0; i < wanted.size(); i++) {
            if (!resume(wanted.get(i), places.get(i))) {
                return false;
            }
        }
        return true;
    }

    private boolean resume(final VolumeDevice volume, final BlockDevice place) {
        if (!isKnown(volume)) {
            return add(volume, place);
        }
        volumes[volume.number()] = new FollowedVolume(volume.number(), maps);
        return grow(volume.number(), place.sizeBytes());
    }

    private boolean isInPlace(final VolumeDevice volume, final BlockDevice place) {
        final int number = volume.number();
        if (!state.isSamePlace(number, place)) {
            return false;
        }
        final long sectors = state.getLong(CaptureState.volume(number, CaptureState.SECTOR_COUNT));
        if (place.sectorCount() < sectors) {
            throw shrunk(volume.name() + " on " + volume.path(), sectors, place.sectorCount());
        }
        return true;
    }

    private boolean isWanted(final List<VolumeDevice> wanted, final int number) {
        return wanted.stream().anyMatch(volume -> volume.number() == number && isKnown(volume));
    }

    private boolean isKnown(final VolumeDevice volume) {
        final int number = volume.number();
        return state.inUse(number)
                && state.getLong(CaptureState.volume(number, CaptureState.UUID_HIGH)) == volume.uuidHigh()
                && state.getLong(CaptureState.volume(number, CaptureState.UUID_LOW)) == volume.uuidLow();
    }

    /** A kill may have fallen between a change of the state and the programs' notice of it. */
    private void publishAll() {
        for (int number = 0; number < volumes.length; number++) {
            final int device = state.getInt(CaptureState.volume(number, CaptureState.DEVICE));
            if (device != 0) {
                maps.windows().publish(device);
            }
        }
    }

    /** Begins to follow a volume; false when there is no room for its bits. */
    boolean add(final VolumeDevice volume, final BlockDevice place) {
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
        state.putLong(
                CaptureState.volume(number, CaptureState.FIRST_POSITION),
                maps.ring().producerPosition());
        state.putDevice(number, place);
        volumes[number] = new FollowedVolume(number, maps);
        volumes[number].clearBits();
        state.putInt(CaptureState.volume(number, CaptureState.IN_USE), 1);
        maps.windows().publish(place.device());
        return true;
    }

    /** Ends following a volume. */
    void end(final int number) {
        state.putInt(CaptureState.volume(number, CaptureState.IN_USE), 0);
        maps.windows().publish(state.getInt(CaptureState.volume(number, CaptureState.DEVICE)));
        maps.firstPosition(number, Long.MAX_VALUE);
        volumes[number] = null;
    }

    /** As {@link CaptureSource#grow}. */
    boolean grow(final int number, final long sizeBytes) {
        final FollowedVolume volume = get(number);
        final long sectors = sizeBytes >>> 9;
        final long before = volume.getLong(CaptureState.SECTOR_COUNT);
        if (sectors < before) {
            throw shrunk(Integer.toString(number), before, sectors);
        }
        if (FollowedVolume.blocks(sectors) > volume.getLong(CaptureState.BIT_CAPACITY)) {
            return false;
        }
        if (sectors > before) {
            volume.grow(sectors);
            maps.windows().publish(volume.getInt(CaptureState.DEVICE));
        }
        return true;
    }

    private static FarshoreException shrunk(final String volume, final long before, final long now) {
        return new FarshoreException(
                ExitCode.CONFIGURATION,
                "volume " + volume + " has shrunk from " + (before << 9) + " to " + (now << 9)
                        + " bytes: remove it and protect it anew");
    }
}
