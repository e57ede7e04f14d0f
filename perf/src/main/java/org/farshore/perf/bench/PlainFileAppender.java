package org.farshore.perf.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The baseline that does nothing but make bytes durable: copies messages together, writes the group over a file that was
 * written in full before, and syncs its data.
 */
final class PlainFileAppender implements GroupAppender {
    private static final long FILE_LENGTH = 512L << 20;

    private final ByteBuffer group = BufferUtil.allocateDirectAligned(JournalAppendBenchmark.GROUP_LENGTH, 4096);
    private final UnsafeBuffer buffer = new UnsafeBuffer(group);
    private final FileChannel file;
    private int length;
    private long position;

    PlainFileAppender(final Path directory) throws IOException {
        file = FileChannel.open(directory.resolve("plain"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        for (long at = 0; at < FILE_LENGTH; at += group.capacity()) {
            file.write(group.clear(), at);
        }
        file.force(true);
    }

    @Override
    public void append(final DirectBuffer source, final int offset, final int messageLength) {
        buffer.putBytes(length, source, offset, messageLength);
        length += messageLength;
    }

    @Override
    public void sync() throws IOException {
        file.write(group.clear().limit(length), position);
        file.force(false);
        position += length;
        if (position + group.capacity() > FILE_LENGTH) {
            position = 0;
        }
        length = 0;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
