package org.farshore.dataplane.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.journal.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.journal.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.journal.SegmentHeaderDecoder;
import org.farshore.dataplane.codecs.journal.SegmentHeaderEncoder;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.Crc32c;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/** Reads and writes the first block of a segment file. One thread. */
final class SegmentHeader {
    /** "SFEROHSJ", read as little-endian. */
    static final long MAGIC = 0x4A53484F52454653L;

    private static final int CHECKSUM_OFFSET = MessageHeaderEncoder.ENCODED_LENGTH;

    private final ByteBuffer bytes =
            BufferUtil.allocateDirectAligned(JournalLimits.SEGMENT_HEADER_LENGTH, JournalLimits.BLOCK_LENGTH);
    private final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
    private final MessageHeaderEncoder messageHeaderEncoder = new MessageHeaderEncoder();
    private final MessageHeaderDecoder messageHeaderDecoder = new MessageHeaderDecoder();
    private final SegmentHeaderEncoder encoder = new SegmentHeaderEncoder();
    private final SegmentHeaderDecoder decoder = new SegmentHeaderDecoder();

    void write(
            final BlockFile file,
            final long segmentNumber,
            final int segmentLength,
            final long machineIdHigh,
            final long machineIdLow,
            final long preparedAtNs)
            throws IOException {
        buffer.setMemory(0, buffer.capacity(), (byte) 0);
        encoder.wrapAndApplyHeader(buffer, 0, messageHeaderEncoder)
                .checksum(0)
                .segmentLength(segmentLength)
                .magic(MAGIC)
                .segmentNumber(segmentNumber)
                .machineIdHigh(machineIdHigh)
                .machineIdLow(machineIdLow)
                .preparedAtNs(preparedAtNs);
        final int length = CHECKSUM_OFFSET + SegmentHeaderEncoder.BLOCK_LENGTH;
        encoder.checksum(Crc32c.computeAround(buffer, 0, length, CHECKSUM_OFFSET));
        file.write(bytes.clear(), 0);
    }

    /**
     * Reads the header; false when it is damaged or was never written.
     *
     * @throws FarshoreException CONFIGURATION when a newer version wrote it.
     */
    boolean read(final BlockFile file) throws IOException {
        file.read(bytes.clear(), 0);
        messageHeaderDecoder.wrap(buffer, 0);
        if (messageHeaderDecoder.schemaId() != SegmentHeaderDecoder.SCHEMA_ID
                || messageHeaderDecoder.templateId() != SegmentHeaderDecoder.TEMPLATE_ID
                || messageHeaderDecoder.blockLength() < SegmentHeaderDecoder.BLOCK_LENGTH
                || messageHeaderDecoder.blockLength() > JournalLimits.SEGMENT_HEADER_LENGTH - CHECKSUM_OFFSET) {
            return false;
        }
        decoder.wrap(buffer, CHECKSUM_OFFSET, messageHeaderDecoder.blockLength(), messageHeaderDecoder.version());
        final int length = CHECKSUM_OFFSET + messageHeaderDecoder.blockLength();
        if (decoder.magic() != MAGIC
                || (int) decoder.checksum() != Crc32c.computeAround(buffer, 0, length, CHECKSUM_OFFSET)) {
            return false;
        }
        if (messageHeaderDecoder.version() > SegmentHeaderDecoder.SCHEMA_VERSION) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION,
                    file.name() + " is a journal segment of version " + messageHeaderDecoder.version()
                            + ", this Farshore reads up to version " + SegmentHeaderDecoder.SCHEMA_VERSION
                            + ": start the newer one that wrote it");
        }
        return decoder.segmentNumber() > 0
                && segmentLength() >= JournalLimits.SEGMENT_LENGTH_MIN
                && segmentLength() <= JournalLimits.SEGMENT_LENGTH_MAX;
    }

    long segmentNumber() {
        return decoder.segmentNumber();
    }

    int segmentLength() {
        return (int) decoder.segmentLength();
    }

    boolean isOf(final long machineIdHigh, final long machineIdLow) {
        return decoder.machineIdHigh() == machineIdHigh && decoder.machineIdLow() == machineIdLow;
    }

    long machineIdHigh() {
        return decoder.machineIdHigh();
    }

    long machineIdLow() {
        return decoder.machineIdLow();
    }

    long preparedAtNs() {
        return decoder.preparedAtNs();
    }
}
