package org.farshore.dataplane.recover;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.function.LongFunction;
import org.farshore.dataplane.codecs.replication.BarrierDecoder;
import org.farshore.dataplane.codecs.replication.BarrierKind;
import org.farshore.dataplane.codecs.replication.VolumeAddedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeRemovedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeResizedDecoder;
import org.farshore.dataplane.codecs.replication.VolumeStateDecoder;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.journal.JournalDamageException;
import org.farshore.dataplane.journal.JournalFrameHandler;
import org.farshore.dataplane.journal.JournalLimits;
import org.farshore.dataplane.journal.JournalReader;
import org.farshore.dataplane.journal.StreamState;
import org.farshore.dataplane.journal.VolumeState;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.StateLog;
import org.farshore.dataplane.ship.RecordMessage;

/**
 * The recovery points of one stream: found while the journal is followed, kept in the file {@code points}
 * ({@link CatalogueFile}), asked for by rule, time, label or sequence ({@link PointChooser}), pinned by name.
 *
 * <p>How it is used: {@link #open}; hand all durable frames from {@link #position} on to {@link #follower}; {@link #sync} now
 * and then. What was not synced, or is damaged, is found again in the journal, which must be there from {@link #position}
 * on: it is, since segments are reused below the horizon only and an older catalogue is not believed.
 *
 * <p>A file that cannot be written does not stop anything: points are served from memory, {@link #fileComplaint} says so,
 * and the next {@link #sync} tries a new file. One thread, the one that follows the journal.
 */
public final class RecoveryPoints implements AutoCloseable {
    private static final StateLog LOG = StateLog.of(RecoveryPoints.class);
    private static final int FRAMES_AT_ONCE = 256;
    /** The file is written anew when so many entries were dropped, and they are at least half of it. */
    private static final int DROPPED_MIN = 1024;
    /** Journal followed without any entry, bytes, before a mark says so: what must be read again after a stop. */
    private static final long UNMARKED_LENGTH_MAX = 64L << 20;

    private final Catalogue catalogue = new Catalogue();
    private final CatalogueFile file;
    private final ViewLeases leases;
    private final PointChooser chooser;
    private final RetentionRule rule = new RetentionRule(catalogue);
    private final PointFollower follower = new PointFollower(this::onRecord);
    private final Pins pins;
    private boolean rewrite;
    private boolean changed;
    private int dropped;
    private long changes;
    private String fileComplaint;

    private RecoveryPoints(
            final CatalogueFile file,
            final Pins pins,
            final ViewLeases leases,
            final LongFunction<JournalReader> journal) {
        this.file = file;
        this.leases = leases;
        this.chooser = new PointChooser(catalogue, leases::floor, this::position, journal);
        this.pins = pins;
    }

    /**
     * Opens the catalogue of a stream.
     *
     * @param directory of the stream.
     * @param state as stored last; says where the journal begins and what was known of volumes there.
     * @param journalEnd of the journal as it was found; a catalogue that has seen more is not believed.
     * @param leases that pins hold on to.
     * @param journal makes a reader of the stream's journal at a position.
     * @throws FarshoreException STORAGE when the pins are damaged: nobody knows what must be kept then.
     */
    public static RecoveryPoints open(
            final BlockFiles files,
            final Path directory,
            final StreamState state,
            final long journalEnd,
            final ViewLeases leases,
            final LongFunction<JournalReader> journal) {
        final CatalogueFile file =
                new CatalogueFile(files, directory, state.machineIdHigh(), state.machineIdLow(), state.generation());
        final RecoveryPoints points =
                new RecoveryPoints(file, new Pins(new PinFile(files, directory), leases, journalEnd), leases, journal);
        points.load(state, journalEnd, journal);
        return points;
    }

    private void load(final StreamState state, final long journalEnd, final LongFunction<JournalReader> journal) {
        List<CatalogueEntry> entries = null;
        try {
            entries = file.open();
        } catch (final IOException e) {
            fileComplaint = "cannot read " + file.name() + ": " + e.getMessage();
        }
        final boolean usable = entries != null && !entries.isEmpty() && reaches(entries, state.horizon(), journalEnd);
        if (usable) {
            entries.forEach(catalogue::take);
            dropped = catalogue.dropBelow(leases.floor());
        } else {
            rewrite = true;
            if (file.exists()) {
                LOG.warn(
                        "file",
                        file.name(),
                        "offset",
                        file.end(),
                        "state",
                        "made-again",
                        "from",
                        state.horizon(),
                        "next",
                        "the journal is followed again from that position");
            }
            begin(state);
            findPointAt(state, journal);
        }
        follower.begin(catalogue.position(), catalogue.endSequence());
    }

    /** Positions do not fall, so the last entry says how far the journal was followed. */
    private static boolean reaches(final List<CatalogueEntry> entries, final long horizon, final long journalEnd) {
        final long position = entries.get(entries.size() - 1).position();
        return position >= horizon && position <= journalEnd;
    }

    /** Nothing is known: the journal begins where the state record stands. */
    private void begin(final StreamState state) {
        int slot = 0;
        for (final VolumeState volume : state.volumes()) {
            catalogue.take(CatalogueEntry.volume(
                    slot++,
                    volume.number(),
                    state.appliedSequence(),
                    state.appliedPosition(),
                    volume.uuidHigh(),
                    volume.uuidLow(),
                    volume.sizeBytes(),
                    volume.writeOrder(),
                    false));
        }
        catalogue.take(CatalogueEntry.mark(state.appliedSequence(), state.appliedPosition()));
    }

    /**
     * The oldest point lies where the base copies stand, and its barrier below: often the only point of a volume that is out
     * of order, or the one that a pin keeps. Its segment is still there unless it ended just there.
     */
    private void findPointAt(final StreamState state, final LongFunction<JournalReader> journal) {
        final long horizon = state.horizon();
        if (horizon == 0 || horizon != state.appliedPosition()) {
            return;
        }
        final long segment = (horizon - 1) / state.segmentLength() * state.segmentLength();
        final long from = segment + JournalLimits.SEGMENT_HEADER_LENGTH;
        final PointFollower before = new PointFollower((record, frameEnd) -> {
            if (frameEnd == horizon && record.templateId() == BarrierDecoder.TEMPLATE_ID) {
                addPoint(record, frameEnd);
            }
        });
        before.begin(from, 0);
        try (JournalReader reader = journal.apply(from)) {
            for (int count = 1; count > 0; ) {
                count = reader.poll(before, horizon, FRAMES_AT_ONCE);
            }
        } catch (final JournalDamageException e) {
            LOG.warn("file", file.name(), "oldest-point", "not-found", "reason", e.getMessage());
        }
    }

    /** Takes the durable frames of the journal, from {@link #position} on or from anywhere below. */
    public JournalFrameHandler follower() {
        return follower;
    }

    /** Everything below this journal position is in the catalogue. */
    public long position() {
        return follower.position();
    }

    private void onRecord(final RecordMessage record, final long frameEnd) {
        if (record.firstSequence() <= catalogue.endSequence()) {
            return;
        }
        switch (record.templateId()) {
            case BarrierDecoder.TEMPLATE_ID -> addPoint(record, frameEnd);
            case VolumeAddedDecoder.TEMPLATE_ID -> addVolume(record, frameEnd);
            case VolumeResizedDecoder.TEMPLATE_ID, VolumeRemovedDecoder.TEMPLATE_ID, VolumeStateDecoder.TEMPLATE_ID ->
                changeVolume(record, frameEnd);
            default -> throw new IllegalStateException("template " + record.templateId());
        }
    }

    private void addPoint(final RecordMessage barrier, final long frameEnd) {
        long ordered = 0;
        for (int i = 0; i < barrier.groupCount(); i++) {
            final int slot = catalogue.slotOfNumber(barrier.barrierVolume(i));
            ordered |= slot < 0 ? 0 : 1L << slot;
        }
        final boolean resynced = (ordered & ~catalogue.lastOrdered()) != 0;
        append(CatalogueEntry.point(
                barrier.barrierKind() | (resynced ? CatalogueEntry.END_OF_RESYNC : 0),
                barrier.firstSequence(),
                frameEnd,
                barrier.barrierWallTimeNs(),
                barrier.captureTimeNs(),
                ordered,
                barrier.firstSequence(),
                catalogue.known(),
                barrier.text()));
    }

    private void addVolume(final RecordMessage added, final long frameEnd) {
        final UUID uuid = new UUID(added.volumeUuidHigh(), added.volumeUuidLow());
        final int known = catalogue.slotOf(uuid);
        final CatalogueEntry before = known < 0 ? null : catalogue.newest(known);
        final boolean isNew = before == null || before.isRemoved();
        if (!isNew && before.number() == added.volumeNumber() && before.sizeBytes() == added.volumeSize()) {
            return;
        }
        final int entries = catalogue.log().size();
        final int slot = known < 0 ? catalogue.newSlot() : known;
        rewrite |= catalogue.log().size() < entries;
        append(CatalogueEntry.volume(
                slot,
                added.volumeNumber(),
                added.firstSequence(),
                frameEnd,
                added.volumeUuidHigh(),
                added.volumeUuidLow(),
                added.volumeSize(),
                isNew ? WriteOrder.UNKNOWN.value() : before.writeOrder(),
                false));
    }

    private void changeVolume(final RecordMessage change, final long frameEnd) {
        final int slot = catalogue.slotOfNumber(change.volumeNumber());
        if (slot < 0) {
            return;
        }
        final CatalogueEntry volume = catalogue.newest(slot);
        final int template = change.templateId();
        append(CatalogueEntry.volume(
                slot,
                volume.number(),
                change.firstSequence(),
                frameEnd,
                volume.uuidHigh(),
                volume.uuidLow(),
                template == VolumeResizedDecoder.TEMPLATE_ID ? change.volumeSize() : volume.sizeBytes(),
                template == VolumeStateDecoder.TEMPLATE_ID ? change.writeOrder() : volume.writeOrder(),
                template == VolumeRemovedDecoder.TEMPLATE_ID));
    }

    private void append(final CatalogueEntry entry) {
        catalogue.take(entry);
        changed = true;
        changes++;
        if (rewrite || fileComplaint != null) {
            return;
        }
        try {
            file.append(entry);
        } catch (final IOException e) {
            abandon(e);
        }
    }

    /** After a failure the file is not touched again; another one takes its place. */
    private void abandon(final IOException cause) {
        fileComplaint = "cannot write " + file.name() + ": " + cause.getMessage();
        file.close();
    }

    /** Makes durable what is known; called at checkpoints. A stop loses nothing without it, but reads the journal again. */
    public void sync() {
        if (follower.position() - catalogue.position() >= UNMARKED_LENGTH_MAX) {
            append(CatalogueEntry.mark(follower.endSequence(), follower.position()));
        }
        final boolean anew = rewrite
                || fileComplaint != null
                || (dropped >= DROPPED_MIN && dropped >= catalogue.log().size());
        if (!anew && !changed) {
            return;
        }
        try {
            if (anew) {
                file.rewrite(catalogue.log());
                dropped = 0;
            } else {
                file.sync();
            }
            rewrite = false;
            changed = false;
            fileComplaint = null;
        } catch (final IOException e) {
            abandon(e);
        }
    }

    /** Why the file cannot be written now, or null. */
    public String fileComplaint() {
        return fileComplaint;
    }

    /** Forgets points below the floor, which {@link ViewLeases#raiseFloor} has raised. */
    public void dropBelowFloor() {
        dropped += catalogue.dropBelow(leases.floor());
    }

    /**
     * The journal is damaged in a stretch: points whose states need it are not offered any more.
     *
     * @param from begin of the damage; points behind it and
     * @param to at or below this position are withdrawn.
     */
    public void withdraw(final long from, final long to) {
        append(CatalogueEntry.withdrawn(catalogue.endSequence(), catalogue.position(), from, to));
    }

    /** How far retire may go; see {@link RetentionRule#retirePosition}. */
    long retirePosition(final long windowNs, final long floor, final long heldNs) {
        return rule.retirePosition(windowNs, floor, heldNs);
    }

    /** True when the newest point that counts names every volume and lies behind a position. */
    boolean isWholeBehind(final long position) {
        return rule.isWholeBehind(position);
    }

    /** Grows with every entry; so one sees cheaply that there is something new. */
    long changes() {
        return changes;
    }

    /** Newest END that was followed. */
    public long endSequence() {
        return follower.endSequence();
    }

    /** Points that are not below the floor, whether or not they are offered. */
    public int count() {
        return catalogue.points().size();
    }

    /** True when a state at this position was withdrawn because the journal is damaged. */
    boolean isWithdrawn(final long position) {
        return catalogue.withdrawalOf(position) != null;
    }

    /** Stretches whose states were withdrawn, oldest first: behind the first position, at or below the second. */
    List<CatalogueEntry> withdrawals() {
        return catalogue.withdrawals();
    }

    /** Begin of damage behind which no point counts yet; -1 when the sender has compared since. */
    long openWithdrawal() {
        return catalogue.openWithdrawal();
    }

    /** Points that are offered for the volumes, oldest first; for all volumes of the machine when none are named. */
    public List<RecoveryPoint> list(final Collection<UUID> volumes) {
        return chooser.list(volumes);
    }

    /** The newest state: that behind the newest durable END; the newest point when the volumes are not in order there. */
    public PointChoice latest(final Collection<UUID> volumes) {
        return chooser.newestState(follower.endSequence(), follower.endFramePosition(), volumes);
    }

    /** The newest point that can be opened without waiting: the index has taken everything below {@code position}. */
    public PointChoice latestProcessed(final long position, final Collection<UUID> volumes) {
        return chooser.newest(volumes, point -> point.position() <= position, "that is processed");
    }

    /** The newest point of a kind. */
    public PointChoice latest(final BarrierKind kind, final Collection<UUID> volumes) {
        return chooser.newest(
                volumes, point -> (point.detail() & ~CatalogueEntry.END_OF_RESYNC) == kind.value(), "of kind " + kind);
    }

    /** The newest point with a label. */
    public PointChoice withLabel(final String label, final Collection<UUID> volumes) {
        return chooser.newest(volumes, point -> point.label().equals(label), "labelled " + label);
    }

    /** The last point at or before a time of the protected machine's clock, epoch nanoseconds. */
    public PointChoice atTime(final long wallTimeNs, final Collection<UUID> volumes) {
        return chooser.byTime(wallTimeNs, volumes);
    }

    /** The state behind the record with this sequence; reads the journal between two points. */
    public PointChoice atSequence(final long sequence, final Collection<UUID> volumes) {
        return chooser.bySequence(sequence, follower.endSequence(), volumes);
    }

    /** Points that are kept under a name. */
    public Pins pins() {
        return pins;
    }

    @Override
    public void close() {
        file.close();
    }
}
