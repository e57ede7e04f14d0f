package org.farshore.dataplane.index;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.journal.IndexCheckpointDecoder;
import org.farshore.dataplane.codecs.journal.IndexCheckpointEncoder;
import org.farshore.dataplane.codecs.journal.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.journal.MessageHeaderEncoder;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.Crc32c;

/**
 * The file {@code checkpoint}: how far the version files are synced. Two copies in blocks of their own, written in turn. When
 * neither is whole, nothing is trusted and the journal tells everything again: unlike the state record of a stream, this
 * one may be lost. One thread.
 */
final class CheckpointFile {
    static final String NAME = "checkpoint";

    private static final int COPY_LENGTH = 4096;
    private static final int CHECKSUM_OFFSET = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int RECORD_LENGTH = CHECKSUM_OFFSET + IndexCheckpointEncoder.BLOCK_LENGTH;

    /**
     * What one copy says.
     *
     * @param newestId newest version that is synced, or where the first one will be.
     * @param position of the journal; frames below have their versions.
     * @param firstFile files below are dropped.
     * @param segmentLength of the journal, bytes.
     */
    record Checkpoint(
            long newestId,
            long position,
            long firstFile,
            long machineIdHigh,
            long machineIdLow,
            int segmentLength,
            int pagesPerFile) {
        boolean isOf(final VersionIndexContext context) {
            return machineIdHigh == context.machineIdHigh()
                    && machineIdLow == context.machineIdLow()
                    && segmentLength == context.segmentLength()
                    && pagesPerFile == context.pagesPerFile();
        }
    }

    private final BlockFiles files;
    private final Path path;
    private final ByteBuffer bytes = BufferUtil.allocateDirectAligned(COPY_LENGTH, COPY_LENGTH);
    private final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final IndexCheckpointEncoder encoder = new IndexCheckpointEncoder();
    private final IndexCheckpointDecoder decoder = new IndexCheckpointDecoder();
    private BlockFile file;
    private long counter;
    private int validCopies;

    CheckpointFile(final BlockFiles files, final Path directory) {
        this.files = files;
        this.path = directory.resolve(NAME);
    }

    /** The newer whole copy, or null. */
    Checkpoint load() throws IOException {
        validCopies = 0;
        if (!files.exists(path)) {
            return null;
        }
        Checkpoint newest = null;
        try (BlockFile reading = files.open(path, BlockFiles.Mode.READ)) {
            for (int copy = 0; copy < 2; copy++) {
                if (reading.length() >= (copy + 1L) * COPY_LENGTH && isValid(reading, copy)) {
                    validCopies++;
                    if (newest == null || decoder.counter() > counter) {
                        counter = decoder.counter();
                        newest = decode();
                    }
                }
            }
        }
        return newest;
    }

    private boolean isValid(final BlockFile reading, final int copy) throws IOException {
        reading.read(bytes.clear(), (long) copy * COPY_LENGTH);
        headerDecoder.wrap(buffer, 0);
        if (headerDecoder.schemaId() != IndexCheckpointDecoder.SCHEMA_ID
                || headerDecoder.templateId() != IndexCheckpointDecoder.TEMPLATE_ID
                || headerDecoder.blockLength() != IndexCheckpointDecoder.BLOCK_LENGTH) {
            return false;
        }
        decoder.wrap(buffer, CHECKSUM_OFFSET, headerDecoder.blockLength(), headerDecoder.version());
        return (int) decoder.checksum() == Crc32c.computeAround(buffer, 0, RECORD_LENGTH, CHECKSUM_OFFSET)
                && (decoder.counter() & 1) == copy;
    }

    private Checkpoint decode() {
        return new Checkpoint(
                decoder.newestId(),
                decoder.position(),
                decoder.firstFile(),
                decoder.machineIdHigh(),
                decoder.machineIdLow(),
                (int) decoder.segmentLength(),
                (int) decoder.pagesPerFile());
    }

    /** Copies that were whole when {@link #load} looked. */
    int validCopies() {
        return validCopies;
    }

    /** Number of the newest record. */
    long counter() {
        return counter;
    }

    /** Makes the file if it is missing, in its full length: from then on a full disk does not matter to it. */
    void open() throws IOException {
        if (file == null) {
            final boolean created = !files.exists(path);
            file = files.open(path, BlockFiles.Mode.WRITE);
            if (created) {
                buffer.setMemory(0, COPY_LENGTH, (byte) 0);
                file.write(bytes.clear(), 0);
                file.write(bytes.clear(), COPY_LENGTH);
                file.sync();
                files.syncDirectory(path.getParent());
            }
        }
    }

    /** Stores and syncs; allocates nothing. */
    void store(final VersionIndexContext context, final long newestId, final long position, final long firstFile)
            throws IOException {
        counter++;
        buffer.setMemory(0, COPY_LENGTH, (byte) 0);
        encoder.wrapAndApplyHeader(buffer, 0, headerEncoder)
                .checksum(0)
                .segmentLength(context.segmentLength())
                .counter(counter)
                .machineIdHigh(context.machineIdHigh())
                .machineIdLow(context.machineIdLow())
                .newestId(newestId)
                .position(position)
                .firstFile(firstFile)
                .pagesPerFile(context.pagesPerFile());
        encoder.checksum(Crc32c.computeAround(buffer, 0, RECORD_LENGTH, CHECKSUM_OFFSET));
        file.write(bytes.clear(), (counter & 1) * COPY_LENGTH);
        file.sync();
    }

    void close() {
        if (file != null) {
            file.close();
            file = null;
        }
    }
}
