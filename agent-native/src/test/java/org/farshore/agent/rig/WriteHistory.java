package org.farshore.agent.rig;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Knows every write of a machine, and judges cuts: at each the replicas together must be a state that a crash of the machine
 * could have left, no older than the cut's clock says, and no captured write may be there in part.
 *
 * <p>Of two writes that were in flight together either may be the newer one. Each write fills its sectors with a number like no other, so that a replica says which version of each sector it
 * shows. Zeros are the first version, and that of a discard.
 */
public final class WriteHistory {
    private static final int SECTOR = 512;
    private static final long NEVER = Long.MAX_VALUE;

    /** Sector of a volume to the writes of it, in order of submission. */
    private final Map<Long, List<Known>> versions = new TreeMap<>();

    private final Map<Long, Known> byContent = new HashMap<>();
    private long nextContent = 1;

    private static final class Known {
        final long content;
        final long submitNs;
        final long firstKey;
        final int sectorCount;
        long completeNs = NEVER;
        boolean isOpen = true;
        boolean isTorn;

        Known(final long content, final long submitNs, final long firstKey, final int sectorCount) {
            this.content = content;
            this.submitNs = submitNs;
            this.firstKey = firstKey;
            this.sectorCount = sectorCount;
        }
    }

    /** True when a write of one of the sectors is in flight. */
    public boolean isBusy(final int volume, final int firstSector, final int sectorCount) {
        for (int sector = firstSector; sector < firstSector + sectorCount; sector++) {
            final List<Known> before = versions.get(key(volume, sector));
            if (before != null && before.get(before.size() - 1).isOpen) {
                return true;
            }
        }
        return false;
    }

    /** A write is submitted; answers the number that it fills its sectors with. */
    public long submitted(final int volume, final int firstSector, final int sectorCount, final long nowNs) {
        final Known known = new Known(nextContent++, nowNs, key(volume, firstSector), sectorCount);
        byContent.put(known.content, known);
        add(known);
        return known.content;
    }

    /** The bytes of a write. */
    public byte[] bytes(final long content) {
        final ByteBuffer bytes = ByteBuffer.allocate(byContent.get(content).sectorCount * SECTOR);
        while (bytes.hasRemaining()) {
            bytes.putLong(content);
        }
        return bytes.array();
    }

    /** The write was not captured: a chunk may show it in part while it is in flight. */
    public void lost(final long content) {
        byContent.get(content).isTorn = true;
    }

    /** A write has completed. */
    public void completed(final long content, final long nowNs) {
        byContent.get(content).completeNs = nowNs;
        byContent.get(content).isOpen = false;
    }

    /** The device has refused a write: it is there in part, or not at all. */
    public void failed(final long content) {
        byContent.get(content).isTorn = true;
        byContent.get(content).isOpen = false;
    }

    /** A discard has been submitted and completed at once. */
    public void discarded(final int volume, final int firstSector, final int sectorCount, final long nowNs) {
        final Known known = new Known(0, nowNs, key(volume, firstSector), sectorCount);
        known.completeNs = nowNs;
        known.isOpen = false;
        add(known);
    }

    /**
     * The agent forgets what is in flight, after a gap or because it is a new one: until those writes complete, a chunk may
     * show parts of them. That is a state the machine could have had, though not one between two writes.
     */
    public void inFlightIsForgotten() {
        for (final Known known : byContent.values()) {
            known.isTorn |= known.isOpen;
        }
    }

    /** The machine has lost its power: what was in flight may be on the devices, in part, for ever. */
    public void startedAnew() {
        for (final Known known : byContent.values()) {
            known.isTorn |= known.isOpen;
            known.isOpen = false;
        }
    }

    private void add(final Known known) {
        for (int i = 0; i < known.sectorCount; i++) {
            versions.computeIfAbsent(known.firstKey + i, key -> new ArrayList<>())
                    .add(known);
        }
    }

    /** Tells which sectors of a replica were last read from the device. */
    public interface Chunks {
        /** True when a write that was in flight may be half there, as after a crash: the device was read. */
        boolean isFromChunk(int volume, int sector);
    }

    /**
     * The replicas stand at a cut of these volumes.
     *
     * @param cutNs 0 for a cut that says nothing of the clock, as a turn to ORDERED.
     */
    public void onCut(
            final long cutNs, final List<Integer> ordered, final Map<Integer, byte[]> replicas, final Chunks chunks) {
        long newestNs = cutNs;
        long previous = 0;
        for (final long key : versions.keySet()) {
            if (ordered.contains(volumeOf(key))) {
                final long content = contentAt(key, replicas);
                if (content != 0 && content != previous) {
                    newestNs = Math.max(newestNs, known(key, content).submitNs);
                    assertWhole(byContent.get(content), replicas, chunks);
                }
                previous = content;
            }
        }
        for (final Map.Entry<Long, List<Known>> entry : versions.entrySet()) {
            if (ordered.contains(volumeOf(entry.getKey()))) {
                assertNotOlder(entry.getKey(), entry.getValue(), newestNs, replicas);
            }
        }
    }

    private Known known(final long key, final long content) {
        final Known known = byContent.get(content);
        if (known == null || shownVersion(versions.get(key), content) < 0) {
            throw new AssertionError("illegal cut: " + place(key) + " shows bytes that were never written there");
        }
        return known;
    }

    /** Whatever completed before anything that the replica shows was submitted, or before the cut, must be there. */
    private static void assertNotOlder(
            final long key, final List<Known> known, final long newestNs, final Map<Integer, byte[]> replicas) {
        final int shown = shownVersion(known, contentAt(key, replicas));
        for (int i = known.size() - 1; i > shown; i--) {
            final boolean isNewer = shown < 0 || known.get(i).submitNs > known.get(shown).completeNs;
            if (isNewer && known.get(i).completeNs < newestNs) {
                throw new AssertionError("illegal cut: " + place(key) + " shows its version " + shown + " of "
                        + known.size() + ", version " + i + " had completed before");
            }
        }
    }

    /** What the replica shows of a captured write it shows all of, unless something newer covers it: none is cut in two. */
    private void assertWhole(final Known write, final Map<Integer, byte[]> replicas, final Chunks chunks) {
        for (int i = 0; i < write.sectorCount && !write.isTorn; i++) {
            final List<Known> known = versions.get(write.firstKey + i);
            final long shown = contentAt(write.firstKey + i, replicas);
            final int version = shownVersion(known, shown);
            final boolean isOlder = version < 0 || known.get(version).completeNs < write.submitNs;
            if (isOlder
                    && version < known.indexOf(write)
                    && !chunks.isFromChunk(volumeOf(write.firstKey), (int) (write.firstKey + i & 0xFFFF_FFFFL))) {
                throw new AssertionError("torn write: " + place(write.firstKey + i) + " of a write of "
                        + write.sectorCount + " sectors is not there");
            }
        }
    }

    /** The newest version that has this content: zeros are taken for the newest that they can be. */
    private static int shownVersion(final List<Known> known, final long content) {
        for (int i = known.size() - 1; i >= 0; i--) {
            if (known.get(i).content == content) {
                return i;
            }
        }
        return -1;
    }

    private static long contentAt(final long key, final Map<Integer, byte[]> replicas) {
        return ByteBuffer.wrap(replicas.get(volumeOf(key))).getLong((int) (key & 0xFFFF_FFFFL) * SECTOR);
    }

    private static String place(final long key) {
        return "sector " + (key & 0xFFFF_FFFFL) + " of volume " + volumeOf(key);
    }

    private static int volumeOf(final long key) {
        return (int) (key >>> 32);
    }

    private static long key(final int volume, final int sector) {
        return (long) volume << 32 | sector;
    }
}
