package org.farshore.perf.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.perf.load.PayloadMix;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Appends a group of messages and makes it durable; one operation is a group of 960 KiB. The baseline writes and syncs as
 * many bytes and does nothing else.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class JournalAppendBenchmark {
    /** Bytes of messages in one group: all message lengths divide it, and with its headers the journal keeps it whole. */
    static final int GROUP_LENGTH = 960 << 10;
    /** Longest message: the longest payload of a batch. */
    static final int LENGTH_MAX = 60 << 10;

    /** What appends. */
    @Param({"baseline", "journal", "chronicle", "archive"})
    public String subject;

    /** Bytes of a message. */
    @Param({"4096", "16384", "61440"})
    public int length;

    private final UnsafeBuffer messages = new UnsafeBuffer(ByteBuffer.allocateDirect(GROUP_LENGTH));
    private Path directory;
    private GroupAppender appender;

    /** Makes the files. */
    @Setup
    public void setUp() throws IOException {
        PayloadMix.MIXED.fill(messages.byteBuffer());
        final Path parent = Path.of(System.getProperty("farshore.bench.directory", "/var/tmp"));
        directory = Files.createTempDirectory(parent, "farshore-bench-");
        appender = switch (subject) {
            case "baseline" -> new PlainFileAppender(directory);
            case "journal" -> new JournalAppender(directory);
            case "chronicle" -> new ChronicleAppender(directory);
            default -> new ArchiveAppender(directory);
        };
    }

    /** Removes them. */
    @TearDown
    public void tearDown() throws IOException {
        appender.close();
        IoUtil.delete(directory.toFile(), true);
    }

    /** One group. */
    @Benchmark
    public void group() throws IOException {
        for (int offset = 0; offset < GROUP_LENGTH; offset += length) {
            appender.append(messages, offset, length);
        }
        appender.sync();
    }
}
