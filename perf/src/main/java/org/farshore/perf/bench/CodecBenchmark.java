package org.farshore.perf.bench;

import java.util.concurrent.TimeUnit;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.ship.StreamLimits;
import org.farshore.dataplane.ship.StreamMessageChecker;
import org.farshore.perf.load.PayloadMix;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** One batch of 60 KiB. Encoded: table, payload and checksum into a frame. Checked: as every receiver does it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class CodecBenchmark {
    /** What is done with a batch; the baseline copies its payload. */
    @Param({"baseline", "encode", "check"})
    public String subject;

    /** Bytes of each write in the batch. */
    @Param({"4096", "61440"})
    public int extent;

    private final UnsafeBuffer message =
            new UnsafeBuffer(BufferUtil.allocateDirectAligned(StreamLimits.MESSAGE_LENGTH_MAX, 64));
    private final StreamMessageChecker checker = new StreamMessageChecker();
    private Batches batches;
    private int length;

    /** Makes the payloads and one message to check. */
    @Setup
    public void setUp() {
        batches = new Batches(PayloadMix.MIXED, extent);
        length = batches.encode(message);
        checker.begin(1, 2, 1, 1, 1);
        final String complaint = checker.check(message, 0, length);
        if (complaint != null) {
            throw new IllegalStateException(complaint);
        }
    }

    /** One batch. */
    @Benchmark
    public Object batch() {
        switch (subject) {
            case "encode":
                return batches.encode(message);
            case "check":
                return checker.check(message, 0, length);
            default:
                message.putBytes(0, batches.payloads(), batches.nextPayload(), Batches.PAYLOAD_LENGTH);
                return message;
        }
    }
}
