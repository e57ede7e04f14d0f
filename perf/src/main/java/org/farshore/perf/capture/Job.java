package org.farshore.perf.capture;

import com.google.gson.Gson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * One fio job: direct writes through libaio.
 *
 * @param pattern fio's {@code rw}.
 * @param blockLength bytes of a write.
 * @param depth writes in flight.
 */
record Job(String title, String pattern, int blockLength, int depth) {
    static final List<Job> ALL = List.of(
            new Job("4 KiB random, 1 in flight", "randwrite", 4096, 1),
            new Job("4 KiB random, 16 in flight", "randwrite", 4096, 16),
            new Job("64 KiB sequential, 4 in flight", "write", 64 << 10, 4));

    /** Writes a second. */
    double run(final Path device, final double seconds) throws IOException {
        final String output = TestDevice.run(
                "fio",
                "--name=job",
                "--filename=" + device,
                "--rw=" + pattern,
                "--bs=" + blockLength,
                "--iodepth=" + depth,
                "--ioengine=libaio",
                "--direct=1",
                "--time_based=1",
                "--runtime=" + (int) (seconds * 1000) + "ms",
                "--randrepeat=0",
                "--norandommap=1",
                "--output-format=json");
        final Map<?, ?> result = new Gson().fromJson(output.substring(output.indexOf('{')), Map.class);
        final Map<?, ?> job = (Map<?, ?>) ((List<?>) result.get("jobs")).get(0);
        return ((Number) ((Map<?, ?>) job.get("write")).get("iops")).doubleValue();
    }
}
