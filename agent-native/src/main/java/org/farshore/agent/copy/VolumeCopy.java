package org.farshore.agent.copy;

import static org.farshore.dataplane.ship.StreamLimits.BLOCK_LENGTH;

import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.agent.capture.CaptureSource;
import org.farshore.agent.capture.VolumeBits;
import org.farshore.agent.stream.CaptureStream;
import org.farshore.agent.stream.ChunkWriter;
import org.farshore.agent.stream.CompareRun;
import org.farshore.agent.stream.OpenRead;
import org.farshore.agent.stream.ProtectedVolume;
import org.farshore.agent.stream.ReadBack;
import org.farshore.agent.stream.SentRecords;
import org.farshore.agent.stream.SingleRecords;
import org.farshore.agent.stream.VolumePhase;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.PieceHasher;

/**
 * Reads blocks that are to be read, and pieces that are to be compared, and appends them to the stream: initial copy,
 * resync, repair and compare. A few reads are under way at once on the reader's thread; a chunk's messages follow each other
 * in the stream with no ring record between them, so that the end of its read is one place. Blocks that the device does
 * not give stay to be read, and are asked for again after a pause: without them the volume does not become ordered.
 *
 * <p>The ring goes first: while it is filling up, a chunk is appended only every {@value #STARVED_NS} ns, so that reading
 * back neither causes the next overflow nor stands still. One thread, that of the duty cycle.
 */
public final class VolumeCopy {
    /** Reads under way at once. */
    private static final int TASKS = 3;
    /** Most chunk bytes sent and not durable. */
    private static final long WINDOW_LENGTH = 64L << 20;
    /** A chunk may wait for a busy ring no longer than this. */
    private static final long STARVED_NS = 100_000_000L;

    private final CaptureSource source;
    private final ProtectedVolume[] volumes;
    private final CaptureStream stream;
    private final SingleRecords records;
    private final SentRecords sent;
    private final ChunkWriter chunkWriter;
    private final DeviceReaderAgent reader;
    private final Entropy entropy;
    private final Throttle throttle;
    private final ReadTask[] free = new ReadTask[TASKS];
    private final ReadTask[] ready = new ReadTask[TASKS];
    private final ReadTask[] underWay = new ReadTask[TASKS];
    private final long[] cursors;
    private final UnreadableBlocks[] unreadable;
    private final AtomicCounter initialCopyBytes;
    private final AtomicCounter resyncBytes;
    private final AtomicCounter repairBytes;
    private final AtomicCounter comparedBytes;
    private int freeCount;
    private int readyCount;
    private ReadTask appending;
    private long lastAppendNs;
    private int nextVolume;

    /** Counters of what is read, by the reason why. */
    public record CopyCounters(
            AtomicCounter initialCopyBytes,
            AtomicCounter resyncBytes,
            AtomicCounter repairBytes,
            AtomicCounter comparedBytes) {}

    public VolumeCopy(
            final CaptureSource source,
            final ProtectedVolume[] volumes,
            final CaptureStream stream,
            final SingleRecords records,
            final SentRecords sent,
            final ChunkWriter chunkWriter,
            final DeviceReaderAgent reader,
            final Entropy entropy,
            final Throttle throttle,
            final CopyCounters counters) {
        this.source = source;
        this.volumes = volumes;
        this.stream = stream;
        this.records = records;
        this.sent = sent;
        this.chunkWriter = chunkWriter;
        this.reader = reader;
        this.entropy = entropy;
        this.throttle = throttle;
        this.cursors = new long[volumes.length];
        this.unreadable = new UnreadableBlocks[volumes.length];
        for (int i = 0; i < volumes.length; i++) {
            unreadable[i] = volumes[i] == null ? null : new UnreadableBlocks();
        }
        initialCopyBytes = counters.initialCopyBytes();
        resyncBytes = counters.resyncBytes();
        repairBytes = counters.repairBytes();
        comparedBytes = counters.comparedBytes();
        for (; freeCount < TASKS; freeCount++) {
            free[freeCount] = new ReadTask();
        }
    }

    /** True while a chunk is partly in the stream: nothing else may be appended. */
    public boolean isAppending() {
        return appending != null;
    }

    /** The connection is gone: reads under way are of no use; the volumes have taken back their blocks. */
    public void abort() {
        if (appending != null) {
            free[freeCount++] = appending;
            appending = null;
        }
        chunkWriter.abort();
        while (readyCount > 0) {
            free[freeCount++] = ready[--readyCount];
        }
        for (final ReadTask task : underWay) {
            if (task != null) {
                task.isCancelled = true;
            }
        }
    }

    /** Takes finished reads from the reader; works with and without a connection. */
    public int collect() {
        int count = 0;
        ReadTask task = reader.poll();
        while (task != null) {
            forgetUnderWay(task);
            if (task.isCancelled) {
                free[freeCount++] = task;
            } else if (task.isHash) {
                volumes[task.volume].compare().onRead(task.offset, task.length, task.tags, task.anyUnreadable);
                comparedBytes.getAndAddRelease(task.length);
                free[freeCount++] = task;
            } else {
                ready[readyCount++] = task;
            }
            count++;
            task = reader.poll();
        }
        return count;
    }

    /** Appends what was read; true when no chunk is left half appended. */
    public boolean append(final long nowNs) {
        if (appending == null && readyCount > 0 && mayAppend(nowNs)) {
            appending = ready[0];
            readyCount--;
            System.arraycopy(ready, 1, ready, 0, readyCount);
            chunkWriter.begin(appending.volume, appending.read, appending.buffer, appending);
        }
        if (appending != null) {
            if (!chunkWriter.doWork(nowNs)) {
                return false;
            }
            endChunk(nowNs);
        }
        return appendHashes(nowNs);
    }

    /** Issues reads; returns how many. */
    public int issue(final long nowNs) {
        int count = 0;
        for (int i = 0; i < volumes.length && freeCount > 0; i++) {
            nextVolume = nextVolume + 1 < volumes.length ? nextVolume + 1 : 0;
            final ProtectedVolume volume = volumes[nextVolume];
            if (volume != null && !volume.isStopped() && volume.readBack().mayRead()) {
                count += issueChunk(volume, nowNs);
                count += issueHash(volume, nowNs);
            }
        }
        return count;
    }

    private boolean mayAppend(final long nowNs) {
        final long backlog = source.producerPosition() - stream.takenPosition();
        return sent.hasRoom(1) && (backlog <= source.ringLength() >> 2 || nowNs - lastAppendNs > STARVED_NS);
    }

    private void endChunk(final long nowNs) {
        final ReadTask task = appending;
        final ProtectedVolume volume = volumes[task.volume];
        final long blocks = (task.length + BLOCK_LENGTH - 1L) / BLOCK_LENGTH;
        sent.addChunk(
                chunkWriter.lastSequence(),
                task.volume,
                task.offset / BLOCK_LENGTH,
                blocks,
                chunkWriter.payloadLength());
        if (task.anyUnreadable) {
            putBackUnreadable(task, volume.readBack(), nowNs);
        }
        volume.readBack().endRead(task.read, source.producerPosition());
        count(volume.readBack().phase(), task.length, chunkWriter.appendedLength());
        appending = null;
        free[freeCount++] = task;
        lastAppendNs = nowNs;
    }

    private void putBackUnreadable(final ReadTask task, final ReadBack readBack, final long nowNs) {
        final long first = task.offset / BLOCK_LENGTH;
        for (int block = 0; block < task.blockCount(); block++) {
            if (task.isUnreadable(block)) {
                readBack.unreadable(first + block);
                unreadable[task.volume].add(first + block, nowNs);
            }
        }
    }

    private void count(final VolumePhase phase, final int readLength, final int appendedLength) {
        switch (phase) {
            case INITIAL_COPY -> initialCopyBytes.getAndAddRelease(readLength);
            case REPAIR, ORDERED -> repairBytes.getAndAddRelease(appendedLength);
            default -> resyncBytes.getAndAddRelease(readLength);
        }
    }

    private boolean appendHashes(final long nowNs) {
        for (final ProtectedVolume volume : volumes) {
            if (volume != null && !volume.isStopped() && volume.compare().isGroupReady()) {
                records.at(stream.isAtEnd(), stream.takenPosition(), nowNs);
                if (!volume.compare().append(records)) {
                    return true;
                }
                volume.compare().onAppended(volume.readBack(), source.producerPosition());
            }
        }
        return true;
    }

    private int issueChunk(final ProtectedVolume volume, final long nowNs) {
        if (freeCount == 0 || !volume.wantsCopy() || sent.chunkBytes() >= WINDOW_LENGTH || !throttle.mayRead(nowNs)) {
            return 0;
        }
        final OpenRead read = volume.freeRead();
        if (read == null) {
            return 0;
        }
        final ReadBack readBack = volume.readBack();
        final VolumeBits todo = readBack.todo();
        final UnreadableBlocks leftAlone = unreadable[volume.number()];
        if (!leftAlone.mayRead(todo, nowNs)) {
            return 0;
        }
        long first = leftAlone.next(todo, cursors[volume.number()]);
        if (first < 0) {
            first = leftAlone.next(todo, 0);
        }
        if (first < 0) {
            return 0;
        }
        long behind = first + 1;
        while (behind - first < ReadTask.LENGTH_MAX / BLOCK_LENGTH
                && behind < todo.blockCount()
                && todo.isSet(behind)
                && !leftAlone.contains(behind)) {
            behind++;
        }
        cursors[volume.number()] = behind;
        readBack.beginRead(read, first * BLOCK_LENGTH, (behind - first) * BLOCK_LENGTH);
        final ReadTask task = prepare(volume, read.offset(), (int) read.length(), false);
        task.read = read;
        reader.issue(task);
        throttle.onRead(task.length);
        return 1;
    }

    private int issueHash(final ProtectedVolume volume, final long nowNs) {
        final CompareRun compare = volume.compare();
        if (freeCount == 0 || !throttle.mayRead(nowNs)) {
            return 0;
        }
        if (compare.mayBeginGroup()) {
            compare.beginGroup(volume.readBack(), entropy);
        }
        if (!compare.wantsRead()) {
            return 0;
        }
        final int length = compare.nextReadLength(ReadTask.LENGTH_MAX);
        final ReadTask task = prepare(volume, compare.nextReadOffset(), length, true);
        task.key.putBytes(0, compare.key(), 0, PieceHasher.KEY_LENGTH);
        compare.onIssued(length);
        reader.issue(task);
        throttle.onRead(length);
        return 1;
    }

    private ReadTask prepare(final ProtectedVolume volume, final long offset, final int length, final boolean isHash) {
        final ReadTask task = free[--freeCount];
        task.volume = volume.number();
        task.file = volume.file();
        task.offset = offset;
        task.length = length;
        task.isHash = isHash;
        task.isCancelled = false;
        task.read = null;
        for (int i = 0; i < TASKS; i++) {
            if (underWay[i] == null) {
                underWay[i] = task;
                break;
            }
        }
        return task;
    }

    private void forgetUnderWay(final ReadTask task) {
        for (int i = 0; i < TASKS; i++) {
            if (underWay[i] == task) {
                underWay[i] = null;
            }
        }
    }
}
