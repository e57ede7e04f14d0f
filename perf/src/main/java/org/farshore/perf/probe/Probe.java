package org.farshore.perf.probe;

import com.google.gson.Gson;
import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Answers over standard input and output while a role runs: {@code sample} is answered by one line of JSON
 * ({@link RoleProbeSample}); other first words go to whom {@link #onCommand} named, and are answered by {@code ok}. It sleeps
 * in between. What it uses itself is on its own thread and left out of the threads' figures, not of the process's.
 */
public final class Probe {
    /** Begins every answer, so that other output can be told apart. */
    public static final String ANSWER = "probe ";

    private static final String THREAD = "perf-probe";
    private static final Map<String, Consumer<String>> COMMANDS = new ConcurrentHashMap<>();
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static volatile Supplier<Map<String, Object>> extra = Map::of;

    private Probe() {}

    /** Who does what a line asks that begins with {@code word}; the rest of the line is handed over. */
    public static void onCommand(final String word, final Consumer<String> action) {
        COMMANDS.put(word, action);
    }

    /** More values for each sample. */
    public static void onSample(final Supplier<Map<String, Object>> values) {
        extra = values;
    }

    /** Starts the probe's thread. When the input ends nobody is left to ask: it then asks the role to end, as a user would. */
    static void start() {
        final Thread thread = new Thread(Probe::answer, THREAD);
        thread.setDaemon(true);
        thread.start();
    }

    private static void answer() {
        final Gson gson = new Gson();
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                final int blank = line.indexOf(' ');
                final String word = blank < 0 ? line : line.substring(0, blank);
                if ("sample".equals(word)) {
                    System.out.println(ANSWER + gson.toJson(sample()));
                } else {
                    COMMANDS.get(word).accept(line.substring(blank + 1));
                    System.out.println(ANSWER + "ok");
                }
                System.out.flush();
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            terminate();
        }
    }

    /** By the signal, so that the role takes away what it made. */
    private static void terminate() {
        try {
            new ProcessBuilder("kill", Long.toString(ProcessHandle.current().pid())).start();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static RoleProbeSample sample() {
        final MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        long collections = 0;
        for (final GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            collections += Math.max(0, collector.getCollectionCount());
        }
        return new RoleProbeSample(
                System.nanoTime(),
                SYSTEM.getProcessCpuTime(),
                heap.getUsed(),
                heap.getMax(),
                collections,
                residentBytes(),
                threads(),
                extra.get());
    }

    private static Map<String, ThreadSample> threads() {
        final Map<String, ThreadSample> threads = new TreeMap<>();
        final long[] ids = THREADS.getAllThreadIds();
        final long[] cpu = THREADS.getThreadCpuTime(ids);
        final long[] allocated = THREADS.getThreadAllocatedBytes(ids);
        for (int i = 0; i < ids.length; i++) {
            final var info = THREADS.getThreadInfo(ids[i]);
            if (info != null && !THREAD.equals(info.getThreadName()) && cpu[i] >= 0) {
                threads.put(info.getThreadName(), new ThreadSample(cpu[i], allocated[i]));
            }
        }
        return threads;
    }

    private static long residentBytes() {
        try {
            final String[] words = Files.readString(Path.of("/proc/self/statm")).split(" ", -1);
            return Long.parseLong(words[1]) * 4096;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
