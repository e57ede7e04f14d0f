package org.farshore.dataplane.ship;

import java.nio.ByteBuffer;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The payload of a batch as captured: where it lies in the message, or decompressed into memory of its own. The
 * decompressor is the native one that checks its bounds. Nothing is allocated per batch. One thread.
 */
public final class BatchPayload {
    private final LZ4SafeDecompressor decompressor = LZ4Factory.nativeInstance().safeDecompressor();
    private final ByteBuffer compressed =
            BufferUtil.allocateDirectAligned(StreamLimits.BATCH_PAYLOAD_LENGTH_MAX, StreamLimits.BLOCK_LENGTH);
    private final ByteBuffer plain =
            BufferUtil.allocateDirectAligned(StreamLimits.BATCH_PAYLOAD_LENGTH_MAX, StreamLimits.BLOCK_LENGTH);
    private final UnsafeBuffer plainBuffer = new UnsafeBuffer(plain);

    private DirectBuffer buffer;
    private int offset;

    /**
     * Opens the payload of a batch.
     *
     * @return null when it is there, else what is wrong with it.
     */
    public String open(final RecordMessage batch) {
        buffer = batch.buffer();
        offset = batch.offset() + batch.dataOffset();
        if (!batch.isCompressed()) {
            return null;
        }
        final int length = batch.dataLength();
        ByteBuffer source = buffer.byteBuffer();
        int begin = buffer.wrapAdjustment() + offset;
        if (source == null || !source.isDirect()) {
            buffer.getBytes(offset, compressed, 0, length);
            source = compressed;
            begin = 0;
        }
        buffer = plainBuffer;
        offset = 0;
        try {
            final int plainLength =
                    decompressor.decompress(source, begin, length, plain, 0, batch.uncompressedLength());
            return plainLength == batch.uncompressedLength()
                    ? null
                    : "LZ4 block of " + plainLength + " bytes that declares " + batch.uncompressedLength();
        } catch (final LZ4Exception e) {
            return "LZ4 block of " + length + " bytes that declares " + batch.uncompressedLength() + ": "
                    + e.getMessage();
        }
    }

    /** Where the opened payload lies, in direct memory, until the next one is opened. */
    public DirectBuffer buffer() {
        return buffer;
    }

    /** Where in {@link #buffer()} it begins; its length is the batch's {@link RecordMessage#uncompressedLength()}. */
    public int offset() {
        return offset;
    }
}
