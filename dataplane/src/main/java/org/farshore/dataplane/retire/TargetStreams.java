package org.farshore.dataplane.retire;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.collections.Int2ObjectHashMap;
import org.farshore.dataplane.codecs.replication.WriteBatchDecoder;
import org.farshore.dataplane.journal.Journal;
import org.farshore.dataplane.journal.JournalContext;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.journal.JournalFrameHandler;
import org.farshore.dataplane.journal.JournalRecovery;
import org.farshore.dataplane.journal.StateFile;
import org.farshore.dataplane.journal.StreamState;
import org.farshore.dataplane.journal.VolumeStates;
import org.farshore.dataplane.recover.HistorySettings;
import org.farshore.dataplane.recover.StreamCheckpoint;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.StateLog;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.StreamLimits;
import org.farshore.dataplane.ship.VolumeRecords;
import org.farshore.dataplane.volume.StreamVolume;
import org.farshore.dataplane.volume.VolumeTable;

/**
 * Opens the streams of a master target: state record, journal, replicas. What the journal holds behind the applied
 * position is walked once, to learn the volumes at the newest END and the blocks that are not yet applied (G1); with a
 * history, only what lies behind its checkpoint.
 *
 * <pre>
 *   &lt;data&gt;/&lt;machine, 32 hex digits&gt;/state                 StateFile
 *                                    /journal/              segments
 *                                    /index/, points, pins, checkpoint  StreamHistory
 *                                    /&lt;volume&gt;/replica.img, replica.properties
 * </pre>
 *
 * <p>Blocks; apply thread.
 */
public final class TargetStreams {
    private static final StateLog LOG = StateLog.of(TargetStreams.class);
    private static final int MACHINE_DIGITS = 32;

    /** Makes the journal context of one stream, not yet concluded: clocks, entropy, lengths. */
    @FunctionalInterface
    public interface JournalContexts {
        /** A new context; files, directory, machine and counters are set here. */
        JournalContext newContext();
    }

    private final BlockFiles files;
    private final Path dataDirectory;
    private final JournalContexts journalContexts;
    private final ReplicaVolumes replicaVolumes;
    private final CounterFactory counters;
    private final HistorySettings historySettings;

    public TargetStreams(
            final BlockFiles files,
            final Path dataDirectory,
            final JournalContexts journalContexts,
            final ReplicaVolumes replicaVolumes,
            final HistorySettings historySettings,
            final CounterFactory counters) {
        this.files = files;
        this.dataDirectory = dataDirectory;
        this.journalContexts = journalContexts;
        this.replicaVolumes = replicaVolumes;
        this.historySettings = historySettings;
        this.counters = counters;
    }

    /** Window of streams for which nobody has set one, nanoseconds. */
    long defaultWindowNs() {
        return historySettings.windowNs();
    }

    /** Machines that have a stream here. */
    public List<String> machines() throws IOException {
        final List<String> machines = new ArrayList<>();
        for (final String name : files.list(dataDirectory)) {
            if (name.length() == MACHINE_DIGITS
                    && files.exists(dataDirectory.resolve(name).resolve(StateFile.NAME))) {
                machines.add(name);
            }
        }
        return machines;
    }

    /** The machine's id as it names directories and settings. */
    public static String hex(final long high, final long low) {
        return String.format("%016x%016x", high, low);
    }

    TargetStream open(final long high, final long low, final ApplyStage stage) throws IOException {
        final String machine = hex(high, low);
        final Path directory = dataDirectory.resolve(machine);
        // What a full disk refuses comes first: counters, once made, stay, and the sender asks again and again.
        files.createDirectories(directory.resolve("journal"));
        final StateFile stateFile = new StateFile(files, directory);
        final JournalContext context =
                journalContexts.newContext().files(files).directory(directory.resolve("journal"));
        final StreamState state = loadOrMake(stateFile, directory, high, low, context.segmentLength());
        context.machineId(high, low).counters(counters, machine).conclude();
        final FrameGatherer gatherer = new FrameGatherer(stage.batch(), stage.comparer(), stage.payload());
        gatherer.restore(state);
        final StateFile checkpointFile = StreamCheckpoint.file(files, directory);
        final StreamState from = historySettings.isOff(state) ? state : StreamCheckpoint.load(checkpointFile, state);
        final Walk walk = new Walk(state, from);
        final Journal journal = JournalRecovery.open(context, state, from, walk);
        final boolean damaged = !journal.recovered().damages().isEmpty();
        if (damaged) {
            gatherer.beLenient();
            LOG.warn(
                    "stream",
                    machine,
                    "journal",
                    "damaged",
                    "ranges",
                    journal.recovered().damages());
        }
        final StreamHistory history =
                historySettings.open(directory, machine, context, journal, state, checkpointFile, from, counters);
        final StreamApply apply = new StreamApply(
                machine,
                journal.committer(),
                journal.newReaderAsRecovered(state.appliedPosition()),
                new ApplyRecord(stateFile, journal.committer(), state),
                history,
                journal.newFetcher(),
                gatherer,
                stage,
                counters);
        final Int2ObjectHashMap<ReplicaVolume> replicas = new Int2ObjectHashMap<>();
        final String refusal = openReplicas(machine, walk, apply, replicas);
        return new TargetStream(
                high, low, machine, journal, apply, history, walk.atEnd, walk.unapplied, replicas, damaged, refusal);
    }

    private static StreamState loadOrMake(
            final StateFile stateFile, final Path directory, final long high, final long low, final int segmentLength) {
        final StreamState state = stateFile.load();
        if (state == null) {
            final StreamState initial = StreamState.initial(high, low, segmentLength);
            stateFile.store(initial);
            return initial;
        }
        if (state.machineIdHigh() != high || state.machineIdLow() != low) {
            throw new FarshoreException(ExitCode.STORAGE, directory + " holds the stream of another machine");
        }
        if (stateFile.isOneCopyDamaged()) {
            LOG.warn(
                    "file",
                    directory.resolve(StateFile.NAME),
                    "state",
                    "copy-damaged",
                    "next",
                    "the other copy is used: after a stop that is as it should be, else see to the disk; if it is the"
                            + " older one, points may be gone and the sender compares");
        }
        return state;
    }

    /** Every volume that is known now, or whose frames are still to be applied. */
    private String openReplicas(
            final String machine,
            final Walk walk,
            final StreamApply apply,
            final Int2ObjectHashMap<ReplicaVolume> replicas)
            throws IOException {
        for (final StreamVolume volume : walk.everSeen) {
            try {
                final ReplicaVolume replica = openReplica(machine, volume, walk.generation, apply, true);
                if (walk.atEnd.find(volume.uuidHigh(), volume.uuidLow()) != null) {
                    replicas.put(volume.number(), replica);
                }
            } catch (final ReplicaRefusedException e) {
                LOG.warn("stream", machine, "replica", "refused", "reason", e.getMessage());
                return e.getMessage();
            }
        }
        openThoseThatLeft(machine, walk.generation, apply);
        return null;
    }

    /** Volumes that are in the stream no more: points, views and a commit may still name them. */
    private void openThoseThatLeft(final String machine, final int generation, final StreamApply apply)
            throws IOException {
        for (final String volume : files.list(dataDirectory.resolve(machine))) {
            try {
                openIfItLeft(machine, volume, generation, apply);
            } catch (final IOException | ReplicaRefusedException e) {
                LOG.warn("stream", machine, "volume", volume, "replica", "left-out", "reason", e.getMessage());
            }
        }
    }

    private void openIfItLeft(final String machine, final String volume, final int generation, final StreamApply apply)
            throws IOException, ReplicaRefusedException {
        final ReplicaClaim claim = replicaVolumes.claimOrNull(machine, volume);
        final boolean hasRoom = apply.replicas().size() < WriteArena.REPLICAS_MAX - StreamLimits.VOLUMES_MAX;
        if (claim != null && hasRoom && !apply.replicas().containsKey(claim.id())) {
            apply.addReplica(replicaVolumes.open(
                    machine,
                    volume,
                    claim.id().getMostSignificantBits(),
                    claim.id().getLeastSignificantBits(),
                    claim.sizeBytes(),
                    generation,
                    true));
        }
    }

    ReplicaVolume openReplica(
            final String machine,
            final StreamVolume volume,
            final int generation,
            final StreamApply apply,
            final boolean mustExist)
            throws IOException, ReplicaRefusedException {
        final ReplicaVolume known = apply.findReplica(volume.uuidHigh(), volume.uuidLow());
        if (known != null) {
            known.grow(volume.sizeBytes());
            apply.announce(volume);
            return known;
        }
        final ReplicaVolume replica = replicaVolumes.open(
                machine, volume.name(), volume.uuidHigh(), volume.uuidLow(), volume.sizeBytes(), generation, mustExist);
        apply.addReplica(replica);
        apply.announce(volume);
        LOG.info("stream", machine, "volume", volume.name(), "replica", replica.path(), "bytes", volume.sizeBytes());
        return replica;
    }

    /** What recovery walks over: volumes at the newest END, every volume on the way, blocks to be applied. */
    private static final class Walk implements JournalFrameHandler {
        private final RecordMessage message = new RecordMessage();
        private final VolumeTable atEnd = new VolumeTable();
        private final VolumeTable current = new VolumeTable();
        private final List<StreamVolume> everSeen = new ArrayList<>();
        private final UnappliedBlocks unapplied = new UnappliedBlocks();
        private final int generation;
        private final boolean skipsFrames;
        private boolean changed;

        /** Walks from a place at or behind the applied position of the state. */
        Walk(final StreamState state, final StreamState from) {
            VolumeStates.addTo(state, atEnd);
            atEnd.all().forEach(everSeen::add);
            atEnd.clear();
            VolumeStates.addTo(from, atEnd);
            current.copyFrom(atEnd);
            generation = from.generation();
            skipsFrames = from.appliedPosition() > state.appliedPosition();
            for (final StreamVolume volume : current.all()) {
                see(volume);
                if (!volume.everConverged() && skipsFrames) {
                    // What lies between was not walked: any block may have a frame there.
                    unapplied.mark(volume.number(), 0, volume.sizeBytes(), from.appliedPosition());
                }
            }
        }

        private void see(final StreamVolume volume) {
            everSeen.removeIf(seen -> seen.hasUuid(volume.uuidHigh(), volume.uuidLow()));
            everSeen.add(volume);
        }

        @Override
        public boolean onFrame(
                final long position,
                final JournalFrameFlyweight frame,
                final DirectBuffer buffer,
                final int bodyOffset,
                final int bodyLength) {
            if (frame.type() == JournalFrameFlyweight.TYPE_INCARNATION) {
                current.copyFrom(atEnd);
                changed = false;
                return true;
            }
            final boolean copied = frame.type() == JournalFrameFlyweight.TYPE_COPIED;
            final String complaint = copied
                    ? message.wrapWithoutPayload(buffer, bodyOffset, bodyLength)
                    : message.wrap(buffer, bodyOffset, bodyLength);
            if (complaint == null && !copied && message.templateId() == WriteBatchDecoder.TEMPLATE_ID) {
                mark(position);
            }
            if (complaint != null || VolumeRecords.check(message, current) != null) {
                return true;
            }
            if (VolumeRecords.isChange(message)) {
                change(position);
            }
            if (changed && frame.endSequence() >= message.firstSequence()) {
                atEnd.copyFrom(current);
                changed = false;
            }
            return true;
        }

        private void change(final long position) {
            final int number = message.volumeNumber();
            final boolean isNew = current.get(number) == null;
            VolumeRecords.take(message, current);
            changed = true;
            final StreamVolume volume = current.get(number);
            if (volume != null) {
                if (isNew && mayHaveFrames(volume)) {
                    unapplied.mark(number, 0, volume.sizeBytes(), position);
                }
                see(volume);
            }
        }

        /** Whether a volume that is announced may have frames from before: it was there, or was not walked past. */
        private boolean mayHaveFrames(final StreamVolume volume) {
            return skipsFrames || everSeen.stream().anyMatch(seen -> seen.hasUuid(volume.uuidHigh(), volume.uuidLow()));
        }

        /** Also frames of a volume that is not known, because its record was lost with damaged journal. */
        private void mark(final long position) {
            for (int i = 0; i < message.groupCount(); i++) {
                final int number = message.extentVolume(i);
                final StreamVolume volume = current.get(number);
                if (volume == null || !volume.everConverged()) {
                    unapplied.mark(number, message.extentOffset(i), message.extentLength(i), position);
                }
            }
        }
    }
}
