package org.farshore.perf.load;

import org.agrona.BitUtil;
import org.farshore.agent.capture.CaptureHandler;
import org.farshore.agent.capture.CaptureSource;
import org.farshore.agent.capture.VolumeBits;
import org.farshore.agent.capture.VolumeDevice;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.Entropy;

/**
 * A capture ring without a kernel: writes of one length at random places of one volume, each a submission and a completion,
 * appear in it at the rate that is asked for.
 *
 * <p><b>Nothing is copied in.</b> A record's payload lies in a pool made at start, so that no thread of the load takes CPU
 * time from the roles. What appears is worked out from the clock whenever the agent looks at the producer position.
 *
 * <p><b>Time does not wait.</b> At a fixed rate the n-th write has the time at which it was due, also when the ring had no
 * room then. So a lag that is measured from it shows every delay (no coordinated omission). A real ring would have
 * lost the record and order with it; here the load waits, so that throughput can be measured. Without a limit a write has
 * the time at which its room in the ring became free.
 *
 * <p>One thread, but for {@link #load(Load)} and the recorders.
 */
final class SyntheticCapture implements CaptureSource {
    private static final int SUBMIT_OVERHEAD = 8 + 64;
    private static final int COMPLETE_LENGTH = 8 + 64;
    private static final double SECOND_NS = 1e9;

    private final LagRecorder writeLag = new LagRecorder();
    private final LagRecorder writeLagBefore = new LagRecorder();
    private final LagRecorder cutLag = new LagRecorder();
    private final Clocks clocks;
    private final Entropy entropy;
    private final PayloadPool pool;
    private final int writeLength;
    private final int submitLength;
    private final int slotLength;
    private final int ringSlots;
    private final long volumeSlots;
    private final MemoryBits todo;
    private final MemoryBits sent;
    private final long[] times;
    private final byte[] mixes;

    private volatile Load load = Load.NONE;
    private volatile long producedCount;
    private volatile long durableCount;
    private Load current = Load.NONE;
    private long loadBeganNs;
    private long loadBase;
    private long produced;
    private long consumed;
    private long captureIdHigh;
    private long captureIdLow;
    private int phase;
    private boolean comparing;
    private long newestDurableNs;
    private long takenPosition;
    private long cutTimeNs;
    private long cutPosition = Long.MAX_VALUE;

    SyntheticCapture(
            final Clocks clocks,
            final Entropy entropy,
            final PayloadPool pool,
            final int writeLength,
            final long ringLength,
            final long volumeLength) {
        this.clocks = clocks;
        this.entropy = entropy;
        this.pool = pool;
        this.writeLength = writeLength;
        submitLength = BitUtil.align(SUBMIT_OVERHEAD + writeLength, 8);
        slotLength = submitLength + COMPLETE_LENGTH;
        ringSlots = (int) (ringLength / slotLength);
        volumeSlots = volumeLength / writeLength;
        todo = new MemoryBits(volumeLength >> 12);
        sent = new MemoryBits(volumeLength >> 12);
        times = new long[ringSlots];
        mixes = new byte[ringSlots];
    }

    // the load's end: any thread

    /** What is written from now on. */
    void load(final Load value) {
        load = value;
    }

    /** Bytes of writes that appeared so far. */
    long producedBytes() {
        return producedCount * writeLength;
    }

    /** Bytes of writes known durable. */
    long durableBytes() {
        return durableCount * writeLength;
    }

    /** Age of the newest write that is durable, looked at right after an acknowledgement moved it. */
    LagRecorder writeLag() {
        return writeLag;
    }

    /** The same, looked at right before: the worst moment between two acknowledgements. */
    LagRecorder writeLagBefore() {
        return writeLagBefore;
    }

    /** Age of the newest durable barrier at each acknowledgement. */
    LagRecorder cutLag() {
        return cutLag;
    }

    // the ring

    @Override
    public void open() {
        captureIdHigh = entropy.nextLong();
        captureIdLow = entropy.nextLong();
        newestDurableNs = clocks.nanoTime();
        cutTimeNs = newestDurableNs;
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
        return consumed;
    }

    @Override
    public long producerPosition() {
        final long nowNs = clocks.nanoTime();
        follow(nowNs);
        produce(nowNs);
        return produced * slotLength;
    }

    /** A changed load counts from now on; what appeared keeps its times. */
    private void follow(final long nowNs) {
        final Load wanted = load;
        if (!wanted.equals(current)) {
            current = wanted;
            loadBeganNs = nowNs;
            loadBase = produced;
        }
    }

    private void produce(final long nowNs) {
        final long room = consumed / slotLength + ringSlots;
        if (current.bytesPerSecond() == Load.UNLIMITED) {
            while (produced < room) {
                add(times[slot(produced)] == 0 ? nowNs : times[slot(produced)]);
            }
        } else if (current.bytesPerSecond() > 0) {
            final double intervalNs = SECOND_NS * writeLength / current.bytesPerSecond();
            final long due = loadBase + 1 + (long) ((nowNs - loadBeganNs) / intervalNs);
            while (produced < room && produced < due) {
                add(loadBeganNs + (long) ((produced - loadBase) * intervalNs));
            }
        }
        producedCount = produced;
    }

    private void add(final long timeNs) {
        times[slot(produced)] = timeNs;
        mixes[slot(produced)] = (byte) current.mix().ordinal();
        produced++;
    }

    private int slot(final long write) {
        return (int) (write % ringSlots);
    }

    @Override
    public long ringLength() {
        return (long) ringSlots * slotLength;
    }

    @Override
    public long take(
            final CaptureHandler handler, final long position, final long limitPosition, final int recordLimit) {
        long at = position;
        for (int i = 0; i < recordLimit && at < limitPosition; i++) {
            final long write = at / slotLength;
            final boolean isSubmission = at == write * slotLength;
            if (!(isSubmission ? submit(handler, write) : complete(handler, write))) {
                break;
            }
            at = isSubmission ? at + submitLength : (write + 1) * slotLength;
        }
        takenPosition = at;
        return at;
    }

    private boolean submit(final CaptureHandler handler, final long write) {
        final int slot = slot(write);
        final int poolSlots = PayloadPool.LENGTH / writeLength;
        final int payloadOffset = (int) (write % poolSlots) * writeLength;
        return handler.onSubmit(
                0, place(write), writeLength, true, true, times[slot], pool.buffer(mixes[slot]), payloadOffset);
    }

    private boolean complete(final CaptureHandler handler, final long write) {
        return handler.onComplete(0, place(write), writeLength, 0, times[slot(write)]);
    }

    /** Where the n-th write goes: the same in every run, spread over the volume. */
    private long place(final long write) {
        long hash = (write + 1) * 0x9E3779B97F4A7C15L;
        hash = (hash ^ hash >>> 30) * 0xBF58476D1CE4E5B9L;
        hash ^= hash >>> 27;
        return Long.remainderUnsigned(hash, volumeSlots) * writeLength;
    }

    @Override
    public void release(final long position) {
        final long nowNs = clocks.nanoTime();
        final long first = consumed / slotLength;
        final long end = position / slotLength;
        writeLagBefore.record(nowNs - newestDurableNs);
        if (end > first) {
            newestDurableNs = times[slot(end - 1)];
        }
        writeLag.record(nowNs - newestDurableNs);
        if (position >= cutPosition) {
            cutPosition = Long.MAX_VALUE;
            cutLag.record(nowNs - cutTimeNs);
        }
        for (long write = first; write < end; write++) {
            times[slot(write)] = nowNs; // for an unlimited load: when this room became free
        }
        consumed = position;
        durableCount = end;
    }

    @Override
    public long cutTimeNs(final long nowNs) {
        if (cutPosition == Long.MAX_VALUE) {
            cutTimeNs = nowNs;
            cutPosition = takenPosition;
        }
        return nowNs;
    }

    // no gap ever: the load waits for room

    @Override
    public long gapEpoch() {
        return 0;
    }

    @Override
    public long notedGapEpoch() {
        return 0;
    }

    @Override
    public void noteGapEpoch(final long epoch) {
        // There is none.
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
    public void setComparing(final int volume, final boolean value) {
        comparing = value;
    }

    @Override
    public boolean comparing(final int volume) {
        return comparing;
    }

    @Override
    public int phase(final int volume) {
        return phase;
    }

    @Override
    public void setPhase(final int volume, final int value) {
        phase = value;
    }

    @Override
    public long harvestLost(final int volume) {
        return 0;
    }

    @Override
    public boolean anyLost(final int volume) {
        return false;
    }

    @Override
    public VolumeBits todo(final int volume) {
        return todo;
    }

    @Override
    public VolumeBits sent(final int volume) {
        return sent;
    }

    @Override
    public boolean grow(final int volume, final long sizeBytes) {
        return false;
    }

    @Override
    public boolean addVolume(final VolumeDevice volume) {
        return false;
    }

    @Override
    public void removeVolume(final int volume) {
        throw new UnsupportedOperationException("the synthetic machine has one volume");
    }

    @Override
    public void detach() {
        close();
    }

    @Override
    public void close() {
        load = Load.NONE;
    }
}
