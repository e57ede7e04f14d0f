package org.farshore.dataplane.index;

import java.io.IOException;
import java.util.List;
import org.agrona.DirectBuffer;
import org.farshore.dataplane.journal.DamagedRange;
import org.farshore.dataplane.journal.JournalDamageException;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.JournalFrameHandler;
import org.farshore.dataplane.journal.JournalLimits;
import org.farshore.dataplane.journal.JournalReader;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.StateLog;

/**
 * The version index of one stream: for every block of every volume, where its content at any moment between the horizon
 * and now lies in the journal.
 *
 * <pre>
 *   journal    │ frame │ frame │ frame │ frame │ ... durable position
 *                  ▲       ▲       ▲
 *                  │ position, payload sector
 *   versions   ┌───┴──┐┌───┴──┐┌───┴──┐┌──────┐
 *   (files)    │ id 1 ││ id 2 ││ id 3 ││ id 4 │ ... append only, checkpoints
 *              └──────┘└──┬───┘└──────┘└──┬───┘
 *                  ▲      └ previous, jump │
 *                  └───────────────────────┘
 *   newest     block ──► id               memory only, made again by reading the files
 * </pre>
 *
 * <p><b>It is derived.</b> Everything here follows from the journal, so nothing here is worth repairing: what is damaged is
 * thrown away from there on and read again from the journal. That makes one path serve the first start, every start, a
 * stop at any instruction, a flipped byte found at a start, and one found by a reader in the middle of the day.
 *
 * <p><b>It follows.</b> One thread calls {@link #doWork}: first the version files are loaded ({@link IndexLoader}), then
 * frames are taken up to the durable position, while receiving goes on. Nothing is built when a view is opened.
 *
 * <p><b>It forgets.</b> {@link #raiseHorizon} says that the base copy holds everything below a segment. From the next turn
 * on nothing below is ever read; the maps are swept a range at a time, and files are dropped after a checkpoint has said so
 * and every reader has passed. The order around it: raise the floor, write the base, sync it, store the horizon, raise it
 * here, wait until {@link #horizonSegment} says so, and only then reuse the segments. A reader that meets a reused segment
 * all the same asks again, and is told the base.
 *
 * <p>One thread, that of the writer, but for the methods that say otherwise.
 */
public final class VersionIndex implements AutoCloseable {
    private static final StateLog LOG = StateLog.of(VersionIndex.class);
    private static final long CHECKPOINT_INTERVAL_NS = 2_000_000_000L;
    private static final long PREPARE_RETRY_NS = 10_000_000_000L;
    private static final int VERSIONS_AT_ONCE = 16_384;
    private static final int FRAMES_AT_ONCE = 256;
    /** What one turn may take: its budget of partial versions, and a frame of 160 extents with two ragged MiB each. */
    private static final int SLOTS_WANTED = 2 * VERSIONS_AT_ONCE + 160 * 1024;
    /** Nearer than this to the durable position counts as level with it. */
    private static final long LEVEL_BYTES = 4L * JournalLimits.GROUP_LENGTH;

    private static final JournalFrameHandler NOBODY = (position, frame, buffer, bodyOffset, bodyLength) -> true;

    private final VersionIndexContext context;
    private final JournalFrameHandler frames = this::onFrame;
    private final ReaderEpochs epochs = new ReaderEpochs();
    private final CheckpointFile checkpointFile;
    private final ProgressMeter meter;
    private SegmentMarks marks;
    private VersionAppender appender;
    private JournalFollower follower;
    private JournalReader reader;
    private JournalFrameHandler beside;
    private IndexLoader loader;
    private long firstFile;
    private long rebuilds;
    private long checkpointedNewest;
    private long checkpointDueNs;
    private boolean checkpointArmed;
    private long sweepHorizon;
    private boolean sweeping;
    private boolean prepareFailed;
    private long prepareRetryAtNs;
    private volatile Versions versions;
    private volatile boolean ready;
    private volatile long indexedPosition;
    private volatile long wantedHorizonSegment;
    private volatile long horizonSegment;
    private volatile long damagedPage = Long.MAX_VALUE;
    private volatile long rebuildCount;
    private volatile long liveVersions;
    private volatile long liveBytes;

    /**
     * Opens the index of a stream; reads nothing yet but the checkpoint.
     *
     * @throws FarshoreException STORAGE when the directory cannot be read or written.
     */
    public VersionIndex(final VersionIndexContext context) {
        this.context = context;
        this.checkpointFile = new CheckpointFile(context.files(), context.directory());
        this.meter = new ProgressMeter(context.machine());
        this.horizonSegment = context.horizonSegment();
        this.wantedHorizonSegment = horizonSegment;
        try {
            context.files().createDirectories(context.directory());
            checkpointFile.open();
            begin(Long.MAX_VALUE, context.journalEnd());
        } catch (final IOException e) {
            throw storage(e);
        }
    }

    /** Makes everything new; nothing at or behind {@code trustLimit} is taken from the files, nor of frames behind the end. */
    private void begin(final long trustLimit, final long journalEnd) throws IOException {
        final VersionFiles files = new VersionFiles(
                context.files(), context.directory(), epochs, context.pagesPerFile(), context.residentFiles());
        final Versions next = new Versions(files, epochs, context.stream());
        marks = new SegmentMarks(context.segmentLength());
        appender = new VersionAppender(next, marks);
        follower = new JournalFollower(next, appender);
        loader = new IndexLoader(
                context, checkpointFile, next, appender, follower, marks, horizonSegment, trustLimit, journalEnd);
        sweeping = false;
        sweepHorizon = 0;
        versions = next;
    }

    /**
     * One duty cycle: loads, or follows the journal; sweeps, prepares, checkpoints.
     *
     * @param nowNs the cycle's clock reading.
     * @param companion sees the frames that are taken in this cycle, in order and without a gap from {@link #readPosition}
     *     on, and takes them all; so the journal need not be read twice.
     * @return work done; 0 when there was nothing to do.
     * @throws FarshoreException STORAGE when a disk failed: the index is not to be used any more, a restart reads it again.
     */
    public int doWork(final long nowNs, final JournalFrameHandler companion) {
        beside = companion;
        int work = epochs.reclaim();
        try {
            if (damagedPage != Long.MAX_VALUE) {
                rebuild();
            }
            if (loader != null) {
                work += load(nowNs);
            } else {
                work += follow(nowNs) + retire() + prepare(nowNs) + checkpointIfDue(nowNs);
            }
        } catch (final IndexDamageException e) {
            damageFound(e);
            work++;
        } catch (final IOException e) {
            throw storage(e);
        }
        return work;
    }

    /** As {@link #doWork(long, JournalFrameHandler)}, alone. */
    public int doWork(final long nowNs) {
        return doWork(nowNs, NOBODY);
    }

    private int load(final long nowNs) throws IOException {
        final boolean loaded = loader.step();
        meter.loading(nowNs, loader.loadedBytes(), loader.totalBytes());
        if (!loaded) {
            return 1;
        }
        final long position = loader.finish(Math.max(beginOf(horizonSegment), context.horizonPosition()));
        firstFile = loader.firstFile();
        checkpointedNewest = versions.newest();
        loader = null;
        closeReader();
        reader = context.newReader(position);
        applyHorizon();
        publish();
        ready = true;
        return 1;
    }

    private int follow(final long nowNs) {
        final long durable = context.durablePosition();
        if (!mayAppend()) {
            return 0;
        }
        int count = 0;
        follower.begin(VERSIONS_AT_ONCE);
        try {
            count = reader.poll(frames, durable, FRAMES_AT_ONCE);
        } catch (final JournalDamageException e) {
            final DamagedRange range = reader.skipDamage(durable);
            if (follower.journalLost(range.from(), range.to())) {
                LOG.warn(
                        "stream", context.machine(), "index", "journal-lost", "range", range, "reason", e.getMessage());
            }
            count++;
        }
        if (follower.rewinds()) {
            reader.seek(follower.takeRewindPosition());
            count++;
        }
        publish();
        meter.following(nowNs, reader.position(), durable, durable - reader.position() <= LEVEL_BYTES);
        return count;
    }

    private boolean onFrame(
            final long position,
            final JournalFrameFlyweight frame,
            final DirectBuffer buffer,
            final int bodyOffset,
            final int bodyLength) {
        return follower.onFrame(position, frame, buffer, bodyOffset, bodyLength)
                && beside.onFrame(position, frame, buffer, bodyOffset, bodyLength);
    }

    /** Ids stay apart by their low bits, and no frame is begun that the disk may have no room for. */
    private boolean mayAppend() {
        return appender.hasRoom() && (versions.files().hasSpare() || appender.slotsLeft() > SLOTS_WANTED);
    }

    private void publish() {
        liveVersions = marks.liveVersions();
        liveBytes = marks.liveBytes();
        indexedPosition = follower.safePosition(reader.position());
    }

    private int retire() {
        if (wantedHorizonSegment > horizonSegment) {
            applyHorizon();
            publish();
            return 1;
        }
        final long newest = versions.newest();
        for (final VolumeVersions volume : versions.volumes()) {
            if (volume.isSweeping()) {
                volume.sweep(versions.horizon(), newest);
                return 1;
            }
        }
        if (sweeping) {
            sweeping = false;
            appender.sweptTo(sweepHorizon);
        }
        if (sweepHorizon < versions.horizon()) {
            beginSweep();
            return 1;
        }
        return 0;
    }

    private void applyHorizon() {
        final long segment = Math.max(wantedHorizonSegment, horizonSegment);
        final long begin = beginOf(segment);
        if (follower.forgetTailBelow(begin) || reader.position() < begin) {
            reader.seek(begin);
        }
        versions.horizon(Math.max(versions.horizon(), marks.dropBelow(segment, versions.newest())));
        horizonSegment = segment;
    }

    private void beginSweep() {
        sweepHorizon = versions.horizon();
        sweeping = true;
        for (final VolumeVersions volume : versions.volumes()) {
            volume.beginSweep();
        }
    }

    /** A disk without room is no failed disk: the index waits, the journal goes on. */
    private int prepare(final long nowNs) {
        if (versions.files().hasSpare() || (prepareFailed && nowNs - prepareRetryAtNs < 0)) {
            return 0;
        }
        try {
            final int work = versions.files().prepare();
            prepareFailed &= !versions.files().hasSpare();
            return work;
        } catch (final IOException e) {
            versions.files().abandonPreparation();
            if (!prepareFailed) {
                LOG.warn("stream", context.machine(), "index", "no-room", "reason", e.getMessage());
            }
            prepareFailed = true;
            prepareRetryAtNs = nowNs + PREPARE_RETRY_NS;
            return 0;
        }
    }

    private int checkpointIfDue(final long nowNs) throws IOException {
        final boolean dropsFiles = VersionIds.fileOf(versions.horizon()) > firstFile;
        final boolean changed = versions.newest() != checkpointedNewest || dropsFiles;
        if (!changed) {
            checkpointArmed = false;
            return 0;
        }
        if (!checkpointArmed) {
            checkpointArmed = true;
            checkpointDueNs = nowNs + CHECKPOINT_INTERVAL_NS;
        }
        if (nowNs - checkpointDueNs < 0) {
            return 0;
        }
        checkpoint();
        return 1;
    }

    /**
     * Makes everything indexed durable: version files first, then the record that vouches for them; then files below the
     * horizon may go.
     */
    public void checkpoint() throws IOException {
        if (loader != null) {
            return;
        }
        checkpointArmed = false;
        appender.sync();
        firstFile = Math.max(firstFile, VersionIds.fileOf(versions.horizon()));
        checkpointFile.store(context, versions.newest(), indexedPosition, firstFile);
        checkpointedNewest = versions.newest();
        versions.files().dropBelow(firstFile);
    }

    /** Any thread: a page is not what was written. Answers what to throw; the next turn rebuilds from that page on. */
    IndexDamageException damageFound(final IndexDamageException cause) {
        synchronized (epochs) {
            damagedPage = Math.min(damagedPage, cause.pageId());
        }
        return cause;
    }

    private void rebuild() throws IOException {
        final long limit;
        synchronized (epochs) {
            limit = damagedPage;
            damagedPage = Long.MAX_VALUE;
        }
        LOG.warn("stream", context.machine(), "index", "damaged", "page", limit);
        ready = false;
        indexedPosition = 0;
        rebuildCount = ++rebuilds;
        final Versions old = versions;
        final VersionAppender oldAppender = appender;
        closeReader();
        begin(limit, context.durablePosition());
        old.retireAll();
        oldAppender.close();
    }

    private long beginOf(final long segment) {
        return segment * context.segmentLength() + JournalLimits.SEGMENT_HEADER_LENGTH;
    }

    private FarshoreException storage(final IOException cause) {
        return new FarshoreException(
                ExitCode.STORAGE, "version index " + context.directory() + ": " + cause.getMessage(), cause);
    }

    /** Any thread: a new reader, for one thread. */
    public VersionReader newReader() {
        return new VersionReader(this, epochs);
    }

    /** Any thread: what a lookup touches now. */
    Versions versions() {
        return versions;
    }

    /** Any thread: true when the version files are loaded; moments up to {@link #indexedPosition} can be asked for. */
    public boolean isReady() {
        return ready;
    }

    /** Writer: where the next frame that it takes begins; -1 while it is being loaded. */
    public long readPosition() {
        return loader == null ? reader.position() : -1;
    }

    /** Any thread: frames below have their versions. */
    public long indexedPosition() {
        return indexedPosition;
    }

    /**
     * Any thread: the base copy holds, synced, the newest content of everything in segments below this one, and the stored
     * horizon says so. Never goes back.
     */
    public void raiseHorizon(final long segment) {
        synchronized (epochs) {
            wantedHorizonSegment = Math.max(wantedHorizonSegment, segment);
        }
    }

    /** Any thread: no lookup that begins from now on reads a version in a segment below this one. */
    public long horizonSegment() {
        return horizonSegment;
    }

    long horizonPosition() {
        return horizonSegment * context.segmentLength();
    }

    /** Any thread: versions above the horizon. */
    public long liveVersions() {
        return liveVersions;
    }

    /** Any thread: bytes in the journal that those versions name. */
    public long liveBytes() {
        return liveBytes;
    }

    /** Any thread: how far it is. */
    public IndexProgress progress() {
        return meter.now();
    }

    /** Any thread: how often a reader or the writer met damage, and everything from there was made again. */
    public long rebuildCount() {
        return rebuildCount;
    }

    /** Writer: blocks of a volume that have a version; those retired lately may still be counted. */
    public long liveBlocks(final int volume) {
        final VolumeVersions known = versions.find(volume);
        return known == null ? 0 : known.blocks().keys();
    }

    /** Writer: memory of the maps and of version files, outside the heap, bytes. */
    public long memoryBytes() {
        return versions.mapBytes() + versions.files().residentBytes();
    }

    /** Any thread: journal that could not be read, oldest first; empty on a healthy disk. Not complete before it is ready. */
    public List<LostJournal> lostJournal() {
        return versions.lost();
    }

    private void closeReader() {
        if (reader != null) {
            reader.close();
            reader = null;
        }
    }

    /** Closes everything; what was not checkpointed is read from the journal next time. Readers must be closed before. */
    @Override
    public void close() {
        ready = false;
        closeReader();
        versions.retireAll();
        appender.close();
        checkpointFile.close();
        epochs.reclaim();
    }
}
