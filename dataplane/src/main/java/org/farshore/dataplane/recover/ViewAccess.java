package org.farshore.dataplane.recover;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.farshore.dataplane.journal.FrameFetcher;
import org.farshore.dataplane.runtime.BlockFile;

/**
 * One thread's way to the bytes of a {@link RecoveryView}. What one access has written all others read, and a flush of one
 * makes the writes of all durable. Ranges may begin and end at any byte.
 *
 * <h2>A frame that is gone</h2>
 * The index says that bytes lie in a frame; before they are read, retire may have written them to the replica volume, and
 * the segment may have been reused. The frame then names another segment. That is no damage: the index is asked again and
 * now says that the base has them. Only a frame that is not whole in a segment that is still there is an error, and then it
 * is one: no other bytes are given.
 *
 * <p>Nothing is allocated by reads. One thread.
 */
public final class ViewAccess implements AutoCloseable {
    /** The index is asked as often as this about one range before it is believed that it points at nothing. */
    private static final int LOOKUPS_MAX = 3;

    private static final int SECTOR_LENGTH = 512;
    private static final ByteBuffer ZEROS =
            ByteBuffer.allocateDirect(ViewPieces.EXTENT_LENGTH_MAX).asReadOnlyBuffer();

    private final RecoveryView view;
    private final Versions versions;
    private final ViewPieces pieces = new ViewPieces();
    private final ByteBuffer zeros = ZEROS.duplicate();
    private final ByteBuffer zerosToWrite = ZEROS.duplicate();
    private final ViewOverlay.Below below = this::readBelow;
    private long baseLength;
    private boolean foundInBaseAlone;

    /** Takes what {@link #blockStatus} finds. */
    @FunctionalInterface
    public interface StatusHandler {
        /**
         * The next stretch.
         *
         * @param isZero true when it reads as zeros and takes no space.
         * @return false to hear no more.
         */
        boolean onStretch(long length, boolean isZero);
    }

    ViewAccess(final RecoveryView view, final Versions versions) {
        this.view = view;
        this.versions = versions;
    }

    /** Fills {@code target} from its position to its limit with the bytes at {@code offset}. */
    public void read(final long offset, final ByteBuffer target) throws ViewException {
        check(offset, target.remaining());
        if (view.overlay() == null) {
            readBelow(offset, target);
            return;
        }
        final int limit = target.limit();
        final long end = offset + target.remaining();
        for (long at = offset; at < end; ) {
            final int state = view.overlay().state(at);
            final long runEnd = view.overlay().runEnd(at, end, state);
            target.limit(target.position() + (int) (runEnd - at));
            switch (state) {
                case Presence.PRESENT -> view.overlay().read(at, target);
                case Presence.ZERO -> putZeros(target, target.remaining());
                default -> readBelow(at, target);
            }
            target.limit(limit);
            at = runEnd;
        }
    }

    private void check(final long offset, final long length) {
        if (offset < 0 || length < 0 || offset > view.sizeBytes() - length) {
            throw new IllegalArgumentException(
                    length + " bytes at " + offset + " of a view of " + view.sizeBytes() + " bytes");
        }
    }

    private void putZeros(final ByteBuffer target, final int length) {
        for (int done = 0; done < length; ) {
            final int part = Math.min(length - done, zeros.capacity());
            zeros.clear().limit(part);
            target.put(zeros);
            done += part;
        }
    }

    /** Reads the volume as it was at the moment, without the overlay. */
    private void readBelow(final long offset, final ByteBuffer target) throws ViewException {
        final long end = offset + target.remaining();
        int lookups = 0;
        for (long at = offset; at < end; ) {
            final long read = readPieces(at, end, target);
            lookups = read > at ? 0 : lookups + 1;
            if (lookups == LOOKUPS_MAX) {
                throw damaged(at, pieces.position(0), "was not found");
            }
            at = read;
        }
    }

    /** Reads as much as one question to the index answers; returns up to where it came before a frame was gone. */
    private long readPieces(final long from, final long to, final ByteBuffer target) throws ViewException {
        final long end = find(from, to);
        long at = from;
        int index = pieces.indexOf(from);
        while (at < end && index < pieces.count()) {
            final long pieceEnd = Math.min(end, pieces.offset(index) + pieces.length(index));
            if (!readPiece(index, at, (int) (pieceEnd - at), target)) {
                pieces.clear();
                return at;
            }
            at = pieceEnd;
            index++;
        }
        return at;
    }

    /**
     * Asks for the sectors that hold a range, or for the first MiB of them; answers where the range asked for ends. What was
     * found last is used again: a client asks where holes are and then reads, and reads a long stretch in several pieces.
     */
    private long find(final long from, final long to) throws ViewException {
        if (view.isBaseAlone() && !foundInBaseAlone) {
            pieces.clear();
        }
        if (pieces.indexOf(from) >= 0) {
            return Math.min(to, pieces.end());
        }
        final long begin = from & -SECTOR_LENGTH;
        final long end = Math.min(to, begin + ViewPieces.EXTENT_LENGTH_MAX);
        final long length = (end - begin + SECTOR_LENGTH - 1) & -SECTOR_LENGTH;
        pieces.clear();
        foundInBaseAlone = view.isBaseAlone();
        if (foundInBaseAlone) {
            pieces.onBase(begin, length);
        } else {
            try {
                versions.find(begin, length, pieces);
            } catch (final ViewException e) {
                if (e.reason() == ViewException.Cause.FRAME_DAMAGED) {
                    view.countReadError();
                }
                throw e;
            }
        }
        pieces.complete(begin + length);
        return end;
    }

    /** From now on another moment is shown. */
    void forget() {
        pieces.clear();
    }

    private boolean readPiece(final int index, final long at, final int length, final ByteBuffer target)
            throws ViewException {
        final long position = pieces.position(index);
        if (position == ViewPieces.ZERO) {
            putZeros(target, length);
            return true;
        }
        if (position == ViewPieces.BASE) {
            readBase(at, length, target);
            return true;
        }
        final int payloadOffset = pieces.payloadOffset(index) + (int) (at - pieces.offset(index));
        try {
            final FrameFetcher.Status status = view.frames().copy(position, payloadOffset, length, target);
            if (status == FrameFetcher.Status.DAMAGED) {
                throw damaged(at, position, "is damaged");
            }
            return status == FrameFetcher.Status.FOUND;
        } catch (final ViewException e) {
            throw e;
        } catch (final IOException e) {
            throw damaged(at, position, "cannot be read: " + e.getMessage());
        }
    }

    private ViewException damaged(final long offset, final long position, final String what) {
        view.countReadError();
        return new ViewException(
                ViewException.Cause.FRAME_DAMAGED,
                offset,
                position,
                "journal frame at " + position + ", which holds the bytes at " + offset + ", " + what);
    }

    /**
     * Writes what the journal has of a range at the moment into the base; nothing where the base has it already. Not durable
     * before the base was synced; done again it writes the same.
     *
     * @param length at most {@link ViewPieces#EXTENT_LENGTH_MAX}.
     * @param buffer as long.
     * @return bytes written or zeroed.
     */
    long copyVersions(final long offset, final int length, final BlockFile base, final ByteBuffer buffer)
            throws ViewException {
        final long end = offset + length;
        long copied = 0;
        int lookups = 0;
        for (long at = offset; at < end; ) {
            final long from = at;
            find(at, end);
            for (int i = pieces.indexOf(at); i < pieces.count() && at < end; i++) {
                final int part = (int) (Math.min(end, pieces.offset(i) + pieces.length(i)) - at);
                if (pieces.position(i) != ViewPieces.BASE) {
                    if (!copyPiece(i, at, part, base, buffer)) {
                        pieces.clear();
                        break;
                    }
                    copied += part;
                }
                at += part;
            }
            lookups = at > from ? 0 : lookups + 1;
            if (lookups == LOOKUPS_MAX) {
                throw damaged(at, pieces.position(0), "was not found");
            }
        }
        return copied;
    }

    private boolean copyPiece(
            final int index, final long at, final int length, final BlockFile base, final ByteBuffer buffer)
            throws ViewException {
        try {
            if (pieces.position(index) == ViewPieces.ZERO) {
                base.zero(at, length);
                return true;
            }
            buffer.clear().limit(length);
            if (!readPiece(index, at, length, buffer)) {
                return false;
            }
            base.write(buffer.flip(), at);
            return true;
        } catch (final IOException e) {
            throw ViewException.ofDisk(at, "cannot write to the replica volume", e);
        }
    }

    /** The replica volume grows when the growth is retired; until then what lies behind its end is zeros. */
    private void readBase(final long at, final int length, final ByteBuffer target) throws ViewException {
        try {
            if (at + length > baseLength) {
                baseLength = view.base().length();
            }
            final int there = (int) Math.max(0, Math.min(length, baseLength - at));
            if (there > 0) {
                final int limit = target.limit();
                target.limit(target.position() + there);
                view.base().read(target, at);
                target.limit(limit);
            }
            putZeros(target, length - there);
        } catch (final IOException e) {
            throw ViewException.ofDisk(at, "cannot read the replica volume", e);
        }
    }

    /** Writes {@code source} from its position to its limit at {@code offset}; durable after {@link #flush}. */
    public void write(final long offset, final ByteBuffer source) throws ViewException {
        check(offset, source.remaining());
        writeOverlay(offset, source);
    }

    /** Makes a range zeros that take no space, as far as whole blocks of 4 KiB lie in it. For trim, too. */
    public void zero(final long offset, final long length) throws ViewException {
        check(offset, length);
        try {
            view.overlay().zero(offset, length, ZEROS, below);
        } catch (final ViewException e) {
            view.roomAlarm().onRefused(e);
            throw e;
        }
    }

    private void writeOverlay(final long offset, final ByteBuffer source) throws ViewException {
        final boolean takesRoom = view.roomAlarm().isRaised() && view.overlay().state(offset) != Presence.PRESENT;
        try {
            view.overlay().write(offset, source, below);
        } catch (final ViewException e) {
            view.roomAlarm().onRefused(e);
            throw e;
        }
        if (takesRoom) {
            view.roomAlarm().onRoom();
        }
    }

    /** Writes zeros that take space, so that later writes find room. */
    public void writeZeros(final long offset, final long length) throws ViewException {
        check(offset, length);
        for (long done = 0; done < length; ) {
            final int part = (int) Math.min(length - done, zerosToWrite.capacity());
            zerosToWrite.clear().limit(part);
            writeOverlay(offset + done, zerosToWrite);
            done += part;
        }
    }

    /** Returns when everything written through any access of this view and answered before is durable. */
    public void flush() throws ViewException {
        if (view.overlay() == null) {
            return;
        }
        try {
            view.overlay().flush();
        } catch (final ViewException e) {
            view.roomAlarm().onRefused(e);
            throw e;
        }
    }

    /**
     * Says which bytes from {@code offset} on are known to be zeros that take no space. What the replica volume holds counts
     * as data: it is not asked.
     */
    public void blockStatus(final long offset, final long length, final StatusHandler handler) throws ViewException {
        check(offset, length);
        final long end = offset + length;
        boolean wanted = true;
        for (long at = offset; at < end && wanted; ) {
            final int state =
                    view.overlay() == null ? Presence.ABSENT : view.overlay().state(at);
            final long runEnd = view.overlay() == null ? end : view.overlay().runEnd(at, end, state);
            if (state == Presence.ABSENT) {
                at = statusBelow(at, runEnd, handler);
                wanted = at >= 0;
            } else {
                wanted = handler.onStretch(runEnd - at, state == Presence.ZERO);
                at = runEnd;
            }
        }
    }

    /** Answers how far it came, or -1 when no more is wanted. */
    private long statusBelow(final long from, final long to, final StatusHandler handler) throws ViewException {
        final long end = find(from, to);
        long at = from;
        for (int i = pieces.indexOf(from); i < pieces.count() && at < end; i++) {
            final long pieceEnd = Math.min(end, pieces.offset(i) + pieces.length(i));
            if (!handler.onStretch(pieceEnd - at, pieces.position(i) == ViewPieces.ZERO)) {
                return -1;
            }
            at = pieceEnd;
        }
        return at;
    }

    @Override
    public void close() {
        versions.close();
    }
}
