package org.farshore.agent.capture;

import org.farshore.dataplane.runtime.BlockFile;

/**
 * What the agent knows of the writes of its machine: a ring of records in kernel order, bits of what found no room in it,
 * and pinned bits of what the agent still has to read. Everything here outlives the agent and dies with the machine.
 *
 * <p>Coverage rule of the agent: <i>not yet durable is a subset of ring, lost, todo and sent</i>. The ring's
 * space is given back only when its records are acknowledged, so the ring is the resend buffer.
 *
 * <p>One thread, that of the agent's duty cycle. Nothing here blocks or allocates after {@link #open}.
 */
public interface CaptureSource extends AutoCloseable {
    /** Attaches to what is pinned, or loads and pins anew; announces volumes. Called once, may block. */
    void open();

    /** First half of 128 random bits drawn when the ring was made. The same ids mean: the same ring, nothing missed. */
    long captureIdHigh();

    /** Second half. */
    long captureIdLow();

    /** True when {@link #open} found a ring that an earlier agent of this machine had left running. */
    boolean resumed();

    /** Byte position up to which the ring is free. */
    long consumerPosition();

    /** Byte position behind the newest record; read with acquire semantics. */
    long producerPosition();

    /** Length of the ring in bytes. */
    long ringLength();

    /**
     * Hands records from {@code position} on to the handler: at most {@code recordLimit}, none that begins at or behind
     * {@code limitPosition}, and none behind one that is still being written.
     *
     * @return the position behind the last record that the handler took.
     */
    long take(CaptureHandler handler, long position, long limitPosition, int recordLimit);

    /** Gives the ring's space before {@code position} back to the kernel. Only what is durable, or in pinned bits. */
    void release(long position);

    /**
     * Counts the moments at which coverage by the ring ended: a record found no room, or a capture program did not run.
     * A change means: all volumes are CONVERGING from before this read on.
     */
    long gapEpoch();

    /**
     * The gap epoch that the agent has dealt with last, also an earlier agent; pinned. At start, a difference from
     * {@link #gapEpoch} is a gap like any other.
     */
    long notedGapEpoch();

    /** Takes note, in pinned memory, that everything owed for {@code epoch} is in pinned bits or in the ring. */
    void noteGapEpoch(long epoch);

    /** Writes, or completions, that found no room in the ring so far. */
    long droppedCount();

    /** Runs of a capture program that the kernel skipped, so far; updated by {@link #gapEpoch}. */
    long missedRunCount();

    /** True when blocks were changed that no bit tells of: only a compare of this volume can find them. */
    boolean coverageUnknown(int volume);

    /** Takes note that a compare of the volume is under way, in pinned memory, and clears {@link #coverageUnknown}. */
    void setComparing(int volume, boolean comparing);

    /** True when a compare was begun and never ended, also by an earlier agent. */
    boolean comparing(int volume);

    /** The pinned write-order phase of the volume, one of the agent's own codes; 0 when it is new. */
    int phase(int volume);

    /** Sets the pinned phase. */
    void setPhase(int volume, int phase);

    /**
     * Moves all {@code lost} bits of the volume into {@code todo}: sets them in todo first, then clears exactly those in
     * lost, so that a kill between the two forgets nothing.
     *
     * @return how many blocks moved.
     */
    long harvestLost(int volume);

    /** True when any {@code lost} bit of the volume is set. */
    boolean anyLost(int volume);

    /** Pinned bits of blocks to be read from the device. Only the agent writes them. */
    VolumeBits todo(int volume);

    /** Pinned bits of blocks that were read and sent and are not durable yet. Only the agent writes them. */
    VolumeBits sent(int volume);

    /**
     * Follows a volume that has grown: bits and capture reach to the new size, and the added blocks are in {@code todo},
     * since what was written to them before was seen by nobody. False when that needs a new capture. May block.
     */
    boolean grow(int volume, long sizeBytes);

    /**
     * Begins to follow one more volume, without a gap for the others. Its bits are clear and its phase is 0. May block.
     *
     * @return false when the capture that runs has no room for it: {@link #detach}, then a new one.
     */
    boolean addVolume(VolumeDevice volume);

    /** Ends following a volume; its records may still lie in the ring and are left out by {@link #take}. May block. */
    void removeVolume(int volume);

    /**
     * A bounded part of what the source does by itself, at most a few milliseconds; called in every duty cycle.
     *
     * @return a number greater than 0 when something was done.
     */
    default int doWork(final long nowNs) {
        return 0;
    }

    /**
     * The file by which the volume must be read for chunks and compares: a source that looks for changes takes note there of
     * what the copy will hold. Handed out once, used by the reader's thread.
     */
    default BlockFile readingFile(final VolumeDevice volume) {
        return volume.file();
    }

    /**
     * The moment for which a cut stands that is made at {@code nowNs} by the rule of cuts: that moment itself where the
     * writes are seen as they happen, an earlier one where they are found by looking for them.
     */
    default long cutTimeNs(final long nowNs) {
        return nowNs;
    }

    /** Ends capture for good: programs detached, maps unpinned. {@link #close} alone leaves them running. */
    void detach();

    /** Lets go of this process's mappings; capture goes on in the kernel where the implementation can. */
    @Override
    void close();
}
