package org.farshore.tests.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** One fio job on a device, running beside the test, with what it wrote in each second of the run. */
public final class Fio implements AutoCloseable {
    /** A hot place gets so many times what all others get together. */
    private static final int HOT_PARTS = 15;

    private final Process process;
    private final Path directory;

    private Fio(final Process process, final Path directory) {
        this.process = process;
        this.directory = directory;
    }

    /**
     * Starts a time-based job of direct asynchronous writes.
     *
     * @param arguments more of fio's arguments: what to write, how, how fast.
     */
    public static Fio start(
            final FarshoreLab lab, final Path device, final Duration length, final String... arguments) {
        final List<String> options = new ArrayList<>(List.of(
                "--name=load",
                "--filename=" + device,
                "--direct=1",
                "--ioengine=libaio",
                "--time_based",
                "--runtime=" + length.toSeconds(),
                "--randrepeat=0",
                "--buffer_compress_percentage=50",
                "--log_avg_msec=1000"));
        options.addAll(List.of(arguments));
        return start(lab, directory -> options.add("--write_bw_log=" + directory.resolve("load")), options);
    }

    /**
     * Starts two jobs on each device: direct asynchronous and buffered random writes of 512 bytes to 1 MiB over the whole of
     * it.
     *
     * @param rate of each job in bytes per second, as fio writes it.
     */
    public static Fio startMixed(
            final FarshoreLab lab, final Duration length, final String rate, final int seed, final Path... devices) {
        final List<String> options = new ArrayList<>(List.of(
                "--time_based",
                "--runtime=" + length.toSeconds(),
                "--rw=randwrite",
                "--bssplit=512/20:1k/5:4k/30:12k/10:64k/20:256k/10:1m/5",
                "--rate=" + rate,
                "--randseed=" + Integer.toUnsignedString(seed),
                "--buffer_compress_percentage=50"));
        for (final Path device : devices) {
            options.addAll(
                    List.of("--name=direct", "--filename=" + device, "--direct=1", "--ioengine=libaio", "--iodepth=4"));
            options.addAll(List.of("--serialize_overlap=1"));
            options.addAll(List.of(
                    "--name=buffered", "--filename=" + device, "--direct=0", "--ioengine=psync", "--fdatasync=16"));
        }
        return start(lab, directory -> {}, options);
    }

    /**
     * Starts two jobs on each device: direct writes of 4 to 64 KiB to its first 4 MiB, the same places again and again, and a
     * few behind them.
     *
     * @param rate of all jobs together in bytes per second; 0 for as fast as the devices take it.
     */
    public static Fio startHot(
            final FarshoreLab lab, final Duration length, final long rate, final int seed, final Path... devices) {
        final List<String> options = new ArrayList<>(List.of(
                "--time_based",
                "--runtime=" + length.toSeconds(),
                "--rw=randwrite",
                "--direct=1",
                "--ioengine=libaio",
                "--iodepth=4",
                "--serialize_overlap=1",
                "--bssplit=4k/60:16k/30:64k/10",
                "--randseed=" + Integer.toUnsignedString(seed),
                "--buffer_compress_percentage=50"));
        for (final Path device : devices) {
            options.addAll(List.of("--name=hot", "--filename=" + device, "--size=4m"));
            options.addAll(rateOf(rate * HOT_PARTS / (HOT_PARTS + 1) / devices.length));
            options.addAll(List.of("--name=anywhere", "--filename=" + device, "--offset=4m"));
            options.addAll(rateOf(rate / (HOT_PARTS + 1) / devices.length));
        }
        return start(lab, directory -> {}, options);
    }

    private static List<String> rateOf(final long rate) {
        return rate > 0 ? List.of("--rate=" + rate) : List.of();
    }

    private static Fio start(final FarshoreLab lab, final Consumer<Path> prepare, final List<String> options) {
        try {
            final Path directory = Files.createTempDirectory(lab.directory(), "fio");
            prepare.accept(directory);
            final List<String> command = new ArrayList<>(List.of("fio", "--output=" + directory.resolve("out.txt")));
            command.addAll(options);
            final Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("errors.txt").toFile())
                    .start();
            return lab.onClose(new Fio(process, directory));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public boolean running() {
        return process.isAlive();
    }

    /** Waits for the job's end. */
    public Fio await(final Duration limit) {
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("fio did not end within " + limit);
            }
            if (process.exitValue() != 0) {
                throw new AssertionError("fio ended with " + process.exitValue() + ": "
                        + Files.readString(directory.resolve("errors.txt"))
                        + Files.readString(directory.resolve("out.txt")));
            }
            return this;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /**
     * KiB/s by the millisecond of the run in which the span since the entry before ended. fio ends a span with the first
     * completion after a second, so a pause of the device is a long span.
     */
    private TreeMap<Long, Long> spans() {
        final TreeMap<Long, Long> spans = new TreeMap<>();
        try (Stream<Path> logs = Files.list(directory)) {
            for (final Path log : logs.filter(
                            file -> file.getFileName().toString().contains("_bw"))
                    .toList()) {
                for (final String line : Files.readAllLines(log)) {
                    final String[] fields = line.split(", *");
                    spans.merge(Long.parseLong(fields[0]), Long.parseLong(fields[1]), Long::sum);
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return spans;
    }

    /** Mean of all spans, in MB/s. */
    public double meanMegabytesPerSecond() {
        return spans().values().stream().mapToLong(Long::longValue).average().orElse(0) * 1024 / 1e6;
    }

    /** Asserts that the device never stood still: no {@code pauseMax} without a completion. */
    public void assertNeverHeldUp(final Duration pauseMax) {
        final TreeMap<Long, Long> spans = spans();
        if (spans.isEmpty()) {
            throw new AssertionError("fio completed nothing");
        }
        long before = 0;
        for (final long end : spans.keySet()) {
            if (end - before > pauseMax.toMillis() || spans.get(end) == 0) {
                throw new AssertionError(
                        "no completion for " + (end - before) + " ms up to " + end + " ms of " + spans);
            }
            before = end;
        }
    }

    @Override
    public void close() {
        try {
            Shell.endTree(process);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
