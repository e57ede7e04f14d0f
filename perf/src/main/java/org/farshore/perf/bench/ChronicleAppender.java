package org.farshore.perf.bench;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.rollcycles.LargeRollCycles;
import net.openhft.chronicle.wire.DocumentContext;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Chronicle Queue. Made durable by a sync through a descriptor of our own: the library's swallows errors and does nothing
 * where its native part is missing. Its file grows, so a sync commits the new extents too; that is how it is used.
 */
final class ChronicleAppender implements GroupAppender {
    private static final long BLOCK_SIZE = 64L << 20;

    private final ChronicleQueue queue;
    private final ExcerptAppender appender;
    private final UnsafeBuffer target = new UnsafeBuffer(0, 0);
    private File syncedFile;
    private FileChannel channel;

    ChronicleAppender(final Path directory) {
        queue = ChronicleQueue.singleBuilder(directory.resolve("chronicle"))
                .rollCycle(LargeRollCycles.LARGE_DAILY)
                .blockSize(BLOCK_SIZE)
                .build();
        appender = queue.createAppender();
    }

    @Override
    public void append(final DirectBuffer source, final int offset, final int length) {
        try (DocumentContext document = appender.writingDocument()) {
            final Bytes<?> bytes = document.wire().bytes();
            final long position = bytes.writePosition();
            bytes.ensureCapacity(position + length);
            target.wrap(bytes.addressForWrite(position), length);
            source.getBytes(offset, target, 0, length);
            bytes.writeSkip(length);
        }
    }

    @Override
    public void sync() throws IOException {
        final File file = appender.currentFile();
        if (!file.equals(syncedFile)) {
            close(channel);
            channel = FileChannel.open(file.toPath(), StandardOpenOption.WRITE);
            syncedFile = file;
        }
        channel.force(false);
    }

    private static void close(final FileChannel channel) throws IOException {
        if (channel != null) {
            channel.close();
        }
    }

    @Override
    public void close() throws IOException {
        queue.close();
        close(channel);
    }
}
