package org.farshore.dataplane.index;

import org.agrona.DirectBuffer;
import org.farshore.dataplane.codecs.replication.VolumeRemovedDecoder;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.JournalFrameHandler;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * Turns the frames of a journal, in order, into versions.
 *
 * <p><b>What is void.</b> A record behind the newest END is nobody's state yet: the write that it is a piece of may never be
 * completed. A frame is taken up to the newest END that it names; what lies behind is the <em>tail</em>. A later frame of the
 * same connection may name a newer END: then reading goes back to the tail. An INCARNATION frame says that it never will:
 * the tail is forgotten. That is the apply stage's rule, too; so both see the same writes, in the same order.
 *
 * <p><b>Going on in the middle.</b> After a stop the last versions that can be trusted may be those of the first half of a
 * frame. They come in an order that follows from the frame alone, so the frame is read again and as many are left out as
 * are there ({@link #goOn}).
 *
 * <p>Writer's thread; allocates nothing unless something is wrong.
 */
final class JournalFollower implements JournalFrameHandler {
    private static final long NONE = -1;
    private static final long REGION_LENGTH = CoarseNodes.REGION_LENGTH;
    private static final int BLOCK_LENGTH = StreamLimits.BLOCK_LENGTH;
    private static final int SECTOR_LENGTH = StreamLimits.SECTOR_LENGTH;
    private static final int SECTORS_PER_BLOCK = BLOCK_LENGTH / SECTOR_LENGTH;

    private final Versions versions;
    private final VersionAppender appender;
    private final RecordMessage message = new RecordMessage();
    private long sequence;
    private long tailPosition = NONE;
    private long tailEnd;
    private long resolvedPosition = NONE;
    private long resolvedEnd;
    private boolean rewinds;
    private long skipPosition = NONE;
    private int skipExtent;
    private int skipCount;
    private int skips;
    private int budget;

    JournalFollower(final Versions versions, final VersionAppender appender) {
        this.versions = versions;
        this.appender = appender;
    }

    /** The frame at {@code position} has its versions up to this extent, and so many of the extent itself. */
    void goOn(final long position, final int extent, final int count) {
        skipPosition = position;
        skipExtent = extent;
        skipCount = count;
    }

    /** Begins a turn, which takes no further frame after about so many versions. */
    void begin(final int versionBudget) {
        budget = versionBudget;
        rewinds = false;
    }

    @Override
    public boolean onFrame(
            final long position,
            final JournalFrameFlyweight frame,
            final DirectBuffer buffer,
            final int bodyOffset,
            final int bodyLength) {
        if (rewinds || budget <= 0) {
            return false;
        }
        if (frame.type() == JournalFrameFlyweight.TYPE_INCARNATION) {
            tailPosition = NONE;
            return true;
        }
        if (tailPosition != NONE) {
            return passTail(position, frame);
        }
        final String complaint = frame.type() == JournalFrameFlyweight.TYPE_COPIED
                ? message.wrapWithoutPayload(buffer, bodyOffset, bodyLength)
                : message.wrap(buffer, bodyOffset, bodyLength);
        if (complaint != null) {
            throw new FarshoreException(
                    ExitCode.INVARIANT,
                    "journal frame at " + position + " was checked when it was received, now: " + complaint);
        }
        take(position, frame);
        return true;
    }

    private boolean passTail(final long position, final JournalFrameFlyweight frame) {
        if (frame.endSequence() <= tailEnd) {
            return true;
        }
        resolvedPosition = position;
        resolvedEnd = frame.endSequence();
        rewinds = true;
        return false;
    }

    private void take(final long position, final JournalFrameFlyweight frame) {
        final long end = position < resolvedPosition ? resolvedEnd : frame.endSequence();
        final long last = message.lastSequence();
        if (last > sequence && message.firstSequence() <= end) {
            if (message.templateId() == WriteBatchDecoder.TEMPLATE_ID
                    && frame.type() == JournalFrameFlyweight.TYPE_STREAM) {
                takeBatch(position, end);
            } else if (message.templateId() == VolumeRemovedDecoder.TEMPLATE_ID) {
                takeRemoved(position);
            }
        }
        sequence = Math.max(sequence, Math.min(last, end));
        if (last > end) {
            tailPosition = position;
            tailEnd = end;
        }
    }

    private void takeBatch(final long position, final long end) {
        long record = message.firstSequence() - 1;
        int payloadSector = 0;
        for (int i = 0; i < message.groupCount(); i++) {
            record += message.extentContinues(i) ? 0 : 1;
            if (record > sequence && record <= end) {
                takeExtent(position, i, payloadSector);
            }
            if (RecordMessage.carriesPayload(message.extentKind(i))) {
                payloadSector += (int) (message.extentLength(i) / SECTOR_LENGTH);
            }
        }
    }

    private void takeExtent(final long position, final int extent, final int payloadSector) {
        beginSkipping(position, extent);
        final int kind = kindOf(message.extentKind(extent));
        final VolumeVersions volume = versions.findOrAdd(message.extentVolume(extent));
        final long begin = message.extentOffset(extent);
        final long end = begin + message.extentLength(extent);
        final long firstRegion = (begin + REGION_LENGTH - 1) / REGION_LENGTH;
        final long endRegion = end / REGION_LENGTH;
        if (kind == VersionEntryFlyweight.KIND_WRITE || endRegion <= firstRegion) {
            blocks(volume, position, extent, kind, begin, end, payloadSector);
            return;
        }
        blocks(volume, position, extent, kind, begin, firstRegion * REGION_LENGTH, 0);
        nodes(volume, position, extent, kind, firstRegion, endRegion);
        blocks(volume, position, extent, kind, endRegion * REGION_LENGTH, end, 0);
    }

    private static int kindOf(final int extentKind) {
        if (RecordMessage.carriesPayload(extentKind)) {
            return VersionEntryFlyweight.KIND_WRITE;
        }
        return extentKind == RecordMessage.DISCARD
                ? VersionEntryFlyweight.KIND_DISCARD
                : VersionEntryFlyweight.KIND_ZERO;
    }

    private void blocks(
            final VolumeVersions volume,
            final long position,
            final int extent,
            final int kind,
            final long begin,
            final long end,
            final int firstPayloadSector) {
        int payloadSector = firstPayloadSector;
        for (long at = begin; at < end; ) {
            final int sector = (int) (at % BLOCK_LENGTH) / SECTOR_LENGTH;
            final int count = (int) Math.min(SECTORS_PER_BLOCK - sector, (end - at) / SECTOR_LENGTH);
            if (mayAppend()) {
                final int mask = ((1 << count) - 1) << sector;
                appender.block(volume, position, extent, kind, at / BLOCK_LENGTH, mask, payloadSector);
            }
            payloadSector += kind == VersionEntryFlyweight.KIND_WRITE ? count : 0;
            at += (long) count * SECTOR_LENGTH;
        }
    }

    private void nodes(
            final VolumeVersions volume,
            final long position,
            final int extent,
            final int kind,
            final long firstRegion,
            final long endRegion) {
        final int coarseKind = kind == VersionEntryFlyweight.KIND_DISCARD
                ? VersionEntryFlyweight.KIND_COARSE_DISCARD
                : VersionEntryFlyweight.KIND_COARSE_ZERO;
        for (long region = firstRegion; region < endRegion; ) {
            final int level = CoarseNodes.levelAt(region, endRegion);
            if (mayAppend()) {
                appender.coarse(volume, position, extent, coarseKind, CoarseNodes.node(level, region));
            }
            region += CoarseNodes.regions(level);
        }
    }

    private void takeRemoved(final long position) {
        beginSkipping(position, 0);
        if (mayAppend()) {
            appender.removed(versions.findOrAdd(message.volumeNumber()), position);
        }
    }

    private void beginSkipping(final long position, final int extent) {
        skips = 0;
        if (position == skipPosition && extent <= skipExtent) {
            skips = extent < skipExtent ? Integer.MAX_VALUE : skipCount;
        }
    }

    private boolean mayAppend() {
        if (skips > 0) {
            skips--;
            return false;
        }
        budget--;
        return true;
    }

    /** The journal from {@code from} to {@code to} cannot be read; says so once, durably. */
    boolean journalLost(final long from, final long to) {
        for (final LostJournal known : versions.lost()) {
            if (known.from() <= from && to <= known.to()) {
                return false;
            }
        }
        versions.addLost(new LostJournal(appender.damage(safePosition(from), from, to), from, to));
        return true;
    }

    /** True when reading must go back to {@link #takeRewindPosition()}. */
    boolean rewinds() {
        return rewinds;
    }

    /** Where to read again: the tail is valid now. */
    long takeRewindPosition() {
        final long position = tailPosition;
        tailPosition = NONE;
        rewinds = false;
        return position;
    }

    /** The horizon has passed the begin of the tail. True when the frames of the tail from here on must be read again. */
    boolean forgetTailBelow(final long position) {
        final boolean cut = tailPosition != NONE && tailPosition < position;
        tailPosition = cut ? NONE : tailPosition;
        return cut;
    }

    /** Position from which a new process must read: the tail's, or where reading stands. */
    long safePosition(final long readPosition) {
        return tailPosition == NONE ? readPosition : tailPosition;
    }
}
