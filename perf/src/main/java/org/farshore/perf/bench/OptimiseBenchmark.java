package org.farshore.perf.bench;

import java.util.concurrent.TimeUnit;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.optimise.BlockCompressor;
import org.farshore.dataplane.optimise.WriteBatchOptimiser;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.StreamLimits;
import org.farshore.perf.load.PayloadMix;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * One batch of 60 KiB through LZ4 alone, and through the whole stage of the process server: search for zero blocks,
 * probe, LZ4, the new message with its checksum.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class OptimiseBenchmark {
    private static final int WRITE_LENGTH = 4096;
    private static final int MESSAGES = 128;

    /** What is done with a batch; the baseline copies its payload. */
    @Param({"baseline", "lz4", "stage"})
    public String subject;

    /** What the bytes are like. */
    @Param({"RANDOM", "MIXED", "SPARSE"})
    public PayloadMix mix;

    private final UnsafeBuffer target =
            new UnsafeBuffer(BufferUtil.allocateDirectAligned(StreamLimits.MESSAGE_LENGTH_MAX, 64));
    private final BlockCompressor compressor = new BlockCompressor();
    private final WriteBatchOptimiser optimiser = new WriteBatchOptimiser();
    private final UnsafeBuffer[] messages = new UnsafeBuffer[MESSAGES];
    private final RecordMessage[] records = new RecordMessage[MESSAGES];
    private Batches batches;
    private int next;

    /** Makes payloads and messages. */
    @Setup
    public void setUp() {
        batches = new Batches(mix, WRITE_LENGTH);
        for (int i = 0; i < MESSAGES; i++) {
            messages[i] = new UnsafeBuffer(BufferUtil.allocateDirectAligned(StreamLimits.MESSAGE_LENGTH_MAX, 64));
            records[i] = new RecordMessage();
            final String complaint = records[i].wrap(messages[i], 0, batches.encode(messages[i]));
            if (complaint != null) {
                throw new IllegalStateException(complaint);
            }
        }
    }

    /** One batch. */
    @Benchmark
    public int batch() {
        switch (subject) {
            case "lz4":
                return compressor.compress(batches.payloadBytes(), batches.nextPayload(), Batches.PAYLOAD_LENGTH);
            case "stage":
                next = (next + 1) % MESSAGES;
                optimiser.prepare(records[next]);
                return optimiser.write(target, 0, 0);
            default:
                target.putBytes(0, batches.payloads(), batches.nextPayload(), Batches.PAYLOAD_LENGTH);
                return target.getByte(0);
        }
    }
}
