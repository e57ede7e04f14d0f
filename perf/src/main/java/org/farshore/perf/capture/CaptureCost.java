package org.farshore.perf.capture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.farshore.agent.capture.BpfCaptureSource;
import org.farshore.agent.capture.VolumeDevice;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.SystemEntropy;

/**
 * What capture costs the source: {@code perf/bin/capture-cost [ROUNDS [RESULTS]]}, as root. Each round runs every fio job
 * without a program, with a ring that is full (only bits are set), and with a ring that is emptied at once (payload is
 * copied), within a few seconds: a virtual disk is another one a minute later. Beside the rates stand the nanoseconds that the kernel counted in the programs themselves.
 */
public final class CaptureCost {
    private static final Path STATS = Path.of("/proc/sys/kernel/bpf_stats_enabled");
    private static final Path BPF = Path.of("/sys/fs/bpf/farshore");
    private static final long DISK_LENGTH = 1L << 30;
    private static final long MEMORY_LENGTH = 512L << 20;
    private static final int RING_LENGTH = 64 << 20;
    private static final double SECONDS = 1;
    private static final double FILL_SECONDS = 1;
    private static final int ROUNDS_DEFAULT = 9;

    private final Entropy entropy = new SystemEntropy();
    private final CaptureCostReport report = new CaptureCostReport();

    private CaptureCost() {}

    /** Runs all rounds and prints the table. */
    public static void main(final String... args) throws IOException {
        final int rounds = args.length > 0 ? Integer.parseInt(args[0]) : ROUNDS_DEFAULT;
        final String before = Files.readString(STATS);
        final CaptureCost cost = new CaptureCost();
        try (TestDevice disk = new TestDevice("disk", Path.of("/var/tmp"), DISK_LENGTH, true);
                TestDevice memory = new TestDevice("memory", Path.of("/dev/shm"), MEMORY_LENGTH, false)) {
            Files.writeString(STATS, "1");
            for (int round = 1; round <= rounds; round++) {
                System.err.println("round " + round + " of " + rounds);
                for (final Job job : Job.ALL) {
                    cost.round(disk, job, round);
                    cost.round(memory, job, round);
                }
            }
        } finally {
            Files.writeString(STATS, before);
        }
        System.out.print(cost.report.text());
        if (args.length > 1) {
            cost.report.save(Path.of(args[1]));
        }
    }

    private void round(final TestDevice device, final Job job, final int round) throws IOException {
        final boolean isBareFirst = round % 2 == 1; // whoever comes first meets a colder machine
        if (isBareFirst) {
            bare(device, job);
        }
        captured(device, job);
        if (!isBareFirst) {
            bare(device, job);
        }
    }

    private void bare(final TestDevice device, final Job job) throws IOException {
        report.add(device.title(), job.title(), "none", job.run(device.path(), SECONDS), 0, 0);
    }

    private void captured(final TestDevice device, final Job job) throws IOException {
        final Path directory = BPF.resolve("perf-" + UUID.randomUUID());
        try (BlockFile file = new ChannelBlockFiles().open(device.path(), BlockFiles.Mode.READ_DIRECT)) {
            final VolumeDevice volume = new VolumeDevice(
                    0,
                    "measured",
                    entropy.nextLong(),
                    entropy.nextLong(),
                    device.path().toString(),
                    file.length(),
                    file);
            final BpfCaptureSource source = new BpfCaptureSource(directory, RING_LENGTH, List.of(volume), entropy);
            source.open();
            try {
                bits(device, job, source);
                payload(device, job, source);
            } finally {
                source.detach();
            }
        }
    }

    private void bits(final TestDevice device, final Job job, final BpfCaptureSource source) throws IOException {
        while (source.droppedCount() == 0) {
            new Job("fill the ring", "write", 64 << 10, 4).run(device.path(), FILL_SECONDS);
        }
        run(device, job, source, "bits");
    }

    private void payload(final TestDevice device, final Job job, final BpfCaptureSource source) throws IOException {
        try (RingDrain drain = new RingDrain(source)) {
            drain.start();
            run(device, job, source, "payload");
        }
    }

    private void run(final TestDevice device, final Job job, final BpfCaptureSource source, final String mode)
            throws IOException {
        final long submitNs = source.submitRunTimeNs();
        final long submits = source.submitRunCount();
        final long completionNs = source.completionRunTimeNs();
        final long completions = source.completionRunCount();
        final double rate = job.run(device.path(), SECONDS);
        report.add(
                device.title(),
                job.title(),
                mode,
                rate,
                (double) (source.submitRunTimeNs() - submitNs) / Math.max(1, source.submitRunCount() - submits),
                (double) (source.completionRunTimeNs() - completionNs)
                        / Math.max(1, source.completionRunCount() - completions));
    }
}
