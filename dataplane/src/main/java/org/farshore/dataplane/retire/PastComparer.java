package org.farshore.dataplane.retire;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;
import org.agrona.concurrent.status.AtomicCounter;
import org.farshore.dataplane.journal.FrameFetcher;
import org.farshore.dataplane.journal.JournalCommitter;
import org.farshore.dataplane.recover.PastVolume;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.recover.ViewException;
import org.farshore.dataplane.recover.ViewLeases;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.volume.StreamVolume;

/**
 * Answers the compare messages of a stream whose replicas stay behind: pieces are hashed as the volume stood at the message's
 * place in the journal, from versions where there are any and from the replica elsewhere. The receiving thread takes a lease
 * on that place before the message is durable, so retire cannot have passed it.
 *
 * <p>What cannot be read counts as different and is sent again. Apply thread, but for {@link #want} and {@link #hasRoom}.
 */
final class PastComparer implements AutoCloseable {
    private static final int WANTED_MAX = 64;

    private final StreamHistory history;
    private final JournalCommitter committer;
    private final FrameFetcher fetcher;
    private final PieceComparer pieces;
    private final OneToOneConcurrentArrayQueue<Wanted> wanted = new OneToOneConcurrentArrayQueue<>(WANTED_MAX);
    private final Map<UUID, PastVolume> volumes = new HashMap<>();
    private final RecordMessage message = new RecordMessage();
    private CompareOutcome outcome;
    private boolean begun;

    private record Wanted(int incarnation, StreamVolume volume, ViewLeases.Lease lease) {}

    PastComparer(
            final StreamHistory history,
            final JournalCommitter committer,
            final FrameFetcher fetcher,
            final PieceComparer pieces) {
        this.history = history;
        this.committer = committer;
        this.fetcher = fetcher;
        this.pieces = pieces;
    }

    /** Receive thread: true when one more comparison can be wanted. */
    boolean hasRoom() {
        return wanted.size() < WANTED_MAX;
    }

    /** Receive thread: a compare message about this volume was appended to the journal at a position. */
    void want(final int incarnation, final StreamVolume volume, final long position) {
        final ViewLeases.Lease lease = history.leases().hold(position, "comparison of volume " + volume.name());
        if (lease == null || !wanted.offer(new Wanted(incarnation, volume, lease))) {
            throw new FarshoreException(
                    ExitCode.INVARIANT, "a comparison at journal position " + position + " cannot be held");
        }
    }

    /** True when there is a comparison that can go on. */
    boolean isDue() {
        final Wanted next = wanted.peek();
        return next != null
                && committer.durablePosition() > next.lease.position()
                && history.index().isReady()
                && history.index().indexedPosition() >= next.lease.position();
    }

    /**
     * One bounded step of the comparison that {@link #isDue}.
     *
     * @param connected incarnation whose sender waits for answers.
     * @param outcomes where the answer goes.
     * @return true when it is done with, answered or dropped.
     * @throws IOException when a disk refuses to read; the same comparison goes on later.
     */
    boolean step(
            final int connected,
            final OneToOneConcurrentArrayQueue<CompareOutcome> outcomes,
            final AtomicCounter readBytes)
            throws IOException {
        final Wanted next = wanted.peek();
        if (next.incarnation != connected) {
            return drop();
        }
        if (!begun && !begin(next)) {
            history.reportDamage(next.lease.position());
            return drop();
        }
        try {
            if (outcome == null && pieces.step(readBytes)) {
                outcome = pieces.outcome();
            }
        } catch (final ViewException e) {
            if (e.reason() == ViewException.Cause.INDEX) {
                return false;
            }
            if (e.reason() != ViewException.Cause.FRAME_DAMAGED) {
                throw e;
            }
            outcome = pieces.skip() ? pieces.outcome() : null;
        }
        return outcome != null && outcomes.offer(outcome) && drop();
    }

    private boolean begin(final Wanted next) throws IOException {
        if (fetcher.fetch(next.lease.position()) != FrameFetcher.Status.FOUND
                || message.wrap(
                                fetcher.buffer(),
                                fetcher.bodyOffset(),
                                fetcher.frame().bodyLength())
                        != null) {
            return false;
        }
        final StreamVolume volume = next.volume;
        final UUID uuid = new UUID(volume.uuidHigh(), volume.uuidLow());
        PastVolume past = volumes.get(uuid);
        if (past == null) {
            past = history.volumes().openPast(uuid);
            volumes.put(uuid, past);
        }
        past.moveTo(volume.number(), next.lease.position());
        pieces.begin(message, past::read, volume.sizeBytes());
        begun = true;
        return true;
    }

    private boolean drop() {
        wanted.poll().lease.close();
        begun = false;
        outcome = null;
        return true;
    }

    @Override
    public void close() {
        while (!wanted.isEmpty()) {
            drop();
        }
        volumes.values().forEach(PastVolume::close);
        fetcher.close();
    }
}
