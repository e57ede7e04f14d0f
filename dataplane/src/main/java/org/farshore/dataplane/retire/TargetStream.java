package org.farshore.dataplane.retire;

import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Int2ObjectHashMap;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.journal.Journal;
import org.farshore.dataplane.journal.VolumeState;
import org.farshore.dataplane.journal.VolumeStates;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.volume.VolumeTable;

/**
 * One machine's stream at the master target, open: its journal, its way into the replicas, and how it stood when it was
 * opened. Made on the apply thread and handed to the receive thread.
 */
public final class TargetStream {
    private final long machineIdHigh;
    private final long machineIdLow;
    private final String machine;
    private final Journal journal;
    private final StreamApply apply;
    private final StreamHistory history;
    private final VolumeTable volumes;
    private final UnappliedBlocks unapplied;
    private final Int2ObjectHashMap<ReplicaVolume> replicas;
    private final boolean damaged;
    private final String refusal;
    private final StreamFence fence = new StreamFence();

    TargetStream(
            final long machineIdHigh,
            final long machineIdLow,
            final String machine,
            final Journal journal,
            final StreamApply apply,
            final StreamHistory history,
            final VolumeTable volumes,
            final UnappliedBlocks unapplied,
            final Int2ObjectHashMap<ReplicaVolume> replicas,
            final boolean damaged,
            final String refusal) {
        this.machineIdHigh = machineIdHigh;
        this.machineIdLow = machineIdLow;
        this.machine = machine;
        this.journal = journal;
        this.apply = apply;
        this.history = history;
        this.volumes = volumes;
        this.unapplied = unapplied;
        this.replicas = replicas;
        this.damaged = damaged;
        this.refusal = refusal;
    }

    /** High half of the machine's id. */
    public long machineIdHigh() {
        return machineIdHigh;
    }

    /** Low half of the machine's id. */
    public long machineIdLow() {
        return machineIdLow;
    }

    /** The machine's id as 32 hexadecimal digits. */
    public String machine() {
        return machine;
    }

    /** The journal. */
    public Journal journal() {
        return journal;
    }

    /** The way into the replicas. */
    public StreamApply apply() {
        return apply;
    }

    /** What is kept of its past; null when the window was 0 at its opening. Any thread. */
    public StreamHistory history() {
        return history;
    }

    /** The volumes at the newest END; belongs to the receive thread. */
    public VolumeTable volumes() {
        return volumes;
    }

    /** The same as state records keep them, their write order unknown; receive thread. */
    public List<VolumeState> volumeStates() {
        final List<VolumeState> states = new ArrayList<>();
        for (final VolumeState state : VolumeStates.of(volumes)) {
            states.add(new VolumeState(
                    state.number(),
                    state.uuidHigh(),
                    state.uuidLow(),
                    state.sizeBytes(),
                    state.name(),
                    WriteOrder.UNKNOWN.value(),
                    state.everConverged()));
        }
        return states;
    }

    /**
     * Any thread: frames below are in the replica, synced, will not be applied again, and no lookup prefers them to what the
     * replica has. Only then may a chunk overtake them.
     */
    public long settledPosition() {
        return history == null ? apply.appliedPosition() : history.horizonPosition();
    }

    /** Blocks with frames not yet settled; belongs to the receive thread. */
    public UnappliedBlocks unapplied() {
        return unapplied;
    }

    /** Replica by number of volume, for chunks; belongs to the receive thread. */
    public Int2ObjectHashMap<ReplicaVolume> replicas() {
        return replicas;
    }

    /** True when journal that was durable could not be read: the copy must be compared with the source. */
    public boolean isDamaged() {
        return damaged;
    }

    /** Whether the source is let in. */
    public StreamFence fence() {
        return fence;
    }

    /** Why the stream cannot be taken on, or null: a replica that must not be used. */
    public String refusal() {
        return refusal;
    }
}
