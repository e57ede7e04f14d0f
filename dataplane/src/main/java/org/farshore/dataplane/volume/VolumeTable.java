package org.farshore.dataplane.volume;

import org.agrona.collections.Int2ObjectHashMap;

/**
 * The volumes of one stream as it stands at one place of it. Each stage that walks the stream keeps its own: the receiving
 * one at the end, the applying one where the replica is. One thread.
 */
public final class VolumeTable {
    /** Most characters in a volume's name. */
    public static final int NAME_LENGTH_MAX = 64;

    private final Int2ObjectHashMap<StreamVolume> volumes = new Int2ObjectHashMap<>();

    /** The volume with this number, or null. Allocates nothing. */
    public StreamVolume get(final int number) {
        return volumes.get(number);
    }

    /** The volume with this random id, or null. */
    public StreamVolume find(final long uuidHigh, final long uuidLow) {
        for (final StreamVolume volume : volumes.values()) {
            if (volume.hasUuid(uuidHigh, uuidLow)) {
                return volume;
            }
        }
        return null;
    }

    /** Adds a volume, or replaces the one with its number. */
    public void put(final StreamVolume volume) {
        volumes.put(volume.number(), volume);
    }

    /** Forgets a volume. */
    public void remove(final int number) {
        volumes.remove(number);
    }

    /** Forgets all. */
    public void clear() {
        volumes.clear();
    }

    /** How many there are. */
    public int size() {
        return volumes.size();
    }

    /** All volumes, in no order; for rare work. */
    public Iterable<StreamVolume> all() {
        return volumes.values();
    }

    /** Becomes equal to another table. */
    public void copyFrom(final VolumeTable other) {
        volumes.clear();
        volumes.putAll(other.volumes);
    }

    /** True when a name may become a part of a path: letters, digits, dot, dash and underscore, no dot in front. */
    public static boolean isValidName(final String name) {
        return name.length() <= NAME_LENGTH_MAX && mayBePath(name);
    }

    /** True when a name of any length is made of the letters of a valid one. */
    public static boolean mayBePath(final String name) {
        if (name.isEmpty() || name.charAt(0) == '.') {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            final char c = name.charAt(i);
            final boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '_') {
                return false;
            }
        }
        return true;
    }
}
