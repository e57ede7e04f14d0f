package org.farshore.dataplane.failover;

import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.failover.FailoverDecoder;
import org.farshore.dataplane.codecs.failover.FailoverEncoder;
import org.farshore.dataplane.codecs.failover.FailoverPhase;
import org.farshore.dataplane.codecs.failover.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.failover.MessageHeaderEncoder;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.RecordFile;

/**
 * Who owns the disks of a machine: the file {@value #NAME} in the machine's directory. It is the authority on generations,
 * stored and synced before anything follows from it.
 *
 * @param generation older ones are refused.
 * @param acceptFrom while replicating: a source of this generation or a newer one may come back.
 * @param floor points below were given up for a commit.
 * @param flattenedVolumes while flattening: so many volumes of the view are done,
 * @param flattenedBytes and so much of the next one, synced.
 * @param viewId the view that is the disk, or empty.
 */
record FailoverRecord(
        FailoverPhase phase,
        int generation,
        int acceptFrom,
        long floor,
        int flattenedVolumes,
        long flattenedBytes,
        String viewId) {
    static final String NAME = "failover";

    private static final long MAGIC = 0x52564F4C49414653L;

    /** Of a machine that never failed over. */
    static final FailoverRecord NONE = new FailoverRecord(FailoverPhase.REPLICATING, 0, 0, 0, 0, 0, "");

    /** What records of this package are kept in. */
    static RecordFile newFile(final BlockFiles files) {
        return new RecordFile(files, MAGIC, "restore it from a backup");
    }

    /**
     * The source is refused from the moment this is stored. Whoever was let in until now may come back when the failover is
     * cancelled: also a source that a failover before, cancelled too, has refused and that has not been back since.
     */
    FailoverRecord fenced(final int heldGeneration) {
        final int letIn = acceptFrom == 0 ? heldGeneration : Math.min(acceptFrom, heldGeneration);
        return new FailoverRecord(
                FailoverPhase.FENCED, Math.max(generation, heldGeneration) + 1, letIn, floor, 0, 0, "");
    }

    FailoverRecord failedOver(final String newViewId) {
        return new FailoverRecord(FailoverPhase.FAILED_OVER, generation, acceptFrom, floor, 0, 0, newViewId);
    }

    FailoverRecord flattening(final long newFloor, final int volumes, final long bytes) {
        return new FailoverRecord(FailoverPhase.FLATTENING, generation, generation, newFloor, volumes, bytes, viewId);
    }

    FailoverRecord to(final FailoverPhase next) {
        return new FailoverRecord(next, generation, acceptFrom, floor, 0, 0, viewId);
    }

    /** The source may come back: that of the generation before when the failover was cancelled, none of it else. */
    FailoverRecord replicating() {
        return new FailoverRecord(FailoverPhase.REPLICATING, generation, acceptFrom, floor, 0, 0, "");
    }

    /** True while the source is refused. */
    boolean isFenced() {
        return phase != FailoverPhase.REPLICATING;
    }

    /** True when the failover can still be taken back. */
    boolean isRevocable() {
        return phase == FailoverPhase.FENCED || phase == FailoverPhase.FAILED_OVER;
    }

    /** True from the begin of a commit to the end of the machine's service here. */
    boolean isCommitting() {
        return isFenced() && !isRevocable();
    }

    void store(final RecordFile file, final Path directory, final long machineIdHigh, final long machineIdLow) {
        final FailoverEncoder encoder = new FailoverEncoder();
        encoder.wrapAndApplyHeader(file.body(), 0, new MessageHeaderEncoder())
                .machineIdHigh(machineIdHigh)
                .machineIdLow(machineIdLow)
                .generation(generation)
                .acceptFrom(acceptFrom)
                .floor(floor)
                .flattenedVolumes(flattenedVolumes)
                .flattenedBytes(flattenedBytes)
                .phase(phase)
                .viewId(viewId);
        file.store(directory.resolve(NAME), MessageHeaderEncoder.ENCODED_LENGTH + encoder.encodedLength());
    }

    /**
     * The record in a machine's directory; {@link #NONE} when there is none.
     *
     * @throws FarshoreException STORAGE when it is damaged: nobody knows who owns the disks then.
     */
    static FailoverRecord load(final RecordFile file, final Path directory) {
        final Path path = directory.resolve(NAME);
        final int length = file.load(path);
        if (length < 0) {
            return NONE;
        }
        try {
            final UnsafeBuffer buffer = new UnsafeBuffer(file.body(), 0, length);
            final MessageHeaderDecoder header = new MessageHeaderDecoder().wrap(buffer, 0);
            if (header.schemaId() != FailoverDecoder.SCHEMA_ID || header.templateId() != FailoverDecoder.TEMPLATE_ID) {
                throw new IllegalArgumentException(
                        "template " + header.templateId() + " of schema " + header.schemaId());
            }
            final FailoverDecoder decoder = new FailoverDecoder()
                    .wrap(buffer, MessageHeaderDecoder.ENCODED_LENGTH, header.blockLength(), header.version());
            final FailoverRecord record = new FailoverRecord(
                    decoder.phase(),
                    decoder.generation(),
                    decoder.acceptFrom(),
                    decoder.floor(),
                    decoder.flattenedVolumes(),
                    decoder.flattenedBytes(),
                    decoder.viewId());
            record.check();
            return record;
        } catch (final IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new FarshoreException(ExitCode.STORAGE, path + " is no failover record: " + e.getMessage(), e);
        }
    }

    /** No writer can have meant anything else, whatever the checksum says; the view's id becomes part of a path. */
    private void check() {
        final boolean isPossible = phase != FailoverPhase.NULL_VAL
                && Math.min(generation, acceptFrom) >= 0
                && Math.min(floor, flattenedBytes) >= 0
                && flattenedVolumes >= 0
                && (viewId.isEmpty() || ViewRecord.isId(viewId));
        if (!isPossible) {
            throw new IllegalArgumentException("it says " + this);
        }
    }
}
