package org.farshore.tests.crashlab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Shell;

/**
 * One recording and its replay to every flush. Devices, mounts and processes are taken away at the end, also when the JVM is
 * told to end.
 */
final class CrashLab implements AutoCloseable {
    /** One cut of so many has, besides what the last flush vouches for, a part of what came behind it. */
    private static final int CUTS_IN_PARTS = 2;

    private static final long CLOSE_LIMIT_MS = 10_000;

    private static final Deque<CrashLab> OPEN = new ConcurrentLinkedDeque<>();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> OPEN.forEach(CrashLab::close), "crash-lab-cleanup"));
    }

    private final LabFilesystem filesystem;
    private final long seed;
    private final DiskTrace trace = new DiskTrace();
    private final SourceScript script;
    private final Promises promises = new Promises();
    private final Findings findings = new Findings();
    private final Path directory;
    private final Path mount;
    /** Held while devices, mounts and threads are in use; whoever ends the lab from outside waits for it. */
    private final ReentrantLock inUse = new ReentrantLock();

    private volatile boolean ending;
    private boolean keepsFailure;
    private int firstFlush;
    private int cuts;

    /** Makes a place in memory; nothing is recorded yet. */
    CrashLab(final LabFilesystem filesystem, final long seed) throws IOException {
        this.filesystem = filesystem;
        this.seed = seed;
        script = new SourceScript(seed);
        directory = Files.createTempDirectory(Path.of("/dev/shm"), "farshore-crash-");
        OPEN.add(this);
        mount = Files.createDirectory(directory.resolve("mnt"));
    }

    /** A disk that does not pass stays in {@code target/failed}. */
    CrashLab keepFailure() {
        keepsFailure = true;
        return this;
    }

    /**
     * Records as the plan says and judges the disk behind each of its flushes.
     *
     * @throws AssertionError saying behind which flush of which seed what does not hold.
     */
    Findings run(final CrashPlan plan) throws IOException {
        inUse.lock();
        try {
            record(plan);
            replay(plan);
            return findings;
        } finally {
            inUse.unlock();
        }
    }

    private void goOn() {
        if (ending) {
            throw new IllegalStateException("the crash lab is told to end");
        }
    }

    private void record(final CrashPlan plan) throws IOException {
        try (TracedDevice device = TracedDevice.create(directory, new TracedDisk(filesystem.length(), trace))) {
            filesystem.make(device.path());
            filesystem.mount(device.path(), mount);
            firstFlush = trace.flushCount();
            try {
                new Recording(trace, script, promises, new LabDice(seed), mount.resolve("data")).run(plan, this::goOn);
            } finally {
                unmount();
            }
            if (!device.faults().isEmpty()) {
                throw new AssertionError(
                        "the traced disk failed", device.faults().get(0));
            }
        }
    }

    private void unmount() {
        Shell.must("umount", mount.toString());
    }

    private void replay(final CrashPlan plan) throws IOException {
        final Judge judge = new Judge(script, new LabDice(~seed), findings);
        final SparseImage image = new SparseImage(filesystem.length());
        final List<DiskTrace.Event> events = trace.events();
        final int warmFlush = promises.firstWith(plan.warmSequence());
        Promises.Promise judged = null;
        int flush = 0;
        for (int at = 0; at < events.size(); at++) {
            final DiskTrace.Event event = events.get(at);
            if (!event.isFlush()) {
                image.apply(event);
                judged = null;
            } else if (++flush >= firstFlush && plan.isJudged(flush - firstFlush, flush - warmFlush)) {
                findings.flush();
                if (!promises.at(flush).equals(judged)) {
                    cut(new ReplayDisk(image, List.of(), seed), judge, flush);
                    judged = promises.at(flush);
                }
                final List<DiskTrace.Event> underWay = underWay(events, at + 1);
                if (!underWay.isEmpty() && new LabDice(seed ^ flush).oneIn(CUTS_IN_PARTS)) {
                    cut(new ReplayDisk(image, underWay, seed * 31 + flush), judge, flush);
                }
            }
        }
    }

    private static List<DiskTrace.Event> underWay(final List<DiskTrace.Event> events, final int from) {
        final List<DiskTrace.Event> list = new ArrayList<>();
        for (int at = from; at < events.size() && !events.get(at).isFlush(); at++) {
            list.add(events.get(at));
        }
        return list;
    }

    /**
     * Each cut has a file and a loop device of its own: a namespace that somebody made meanwhile may keep the last one
     * mounted, with all that the kernel remembers of it.
     */
    private void cut(final ReplayDisk disk, final Judge judge, final int flush) throws IOException {
        goOn();
        findings.cut();
        final Path file = directory.resolve("cut-" + ++cuts + ".img");
        disk.writeTo(file);
        try {
            filesystem.mount(file, mount);
            try {
                judge.judge(mount.resolve("data"), promises.at(flush), disk.isTorn());
            } finally {
                unmount();
            }
        } catch (final AssertionError | RuntimeException e) {
            throw new AssertionError(
                    filesystem.kind() + ", seed " + seed + ", flush " + (flush - firstFlush) + disk + ": "
                            + e.getMessage() + "; " + promises.at(flush) + keep(disk, flush),
                    e);
        } finally {
            Files.delete(file);
        }
    }

    private String keep(final ReplayDisk disk, final int flush) throws IOException {
        if (!keepsFailure) {
            return "";
        }
        final Path failed = FarshoreLab.root().resolve("tests/target/failed");
        final Path kept = Files.createDirectories(failed)
                .resolve("crash-" + filesystem.kind() + "-" + seed + "-" + (flush - firstFlush) + ".img");
        Files.deleteIfExists(kept);
        disk.writeTo(kept);
        return "; the disk is kept: " + kept;
    }

    /** From outside, while it runs, it ends behind the cut that is being judged. */
    @Override
    public void close() {
        ending = true;
        try {
            if (OPEN.remove(this) && inUse.tryLock(CLOSE_LIMIT_MS, TimeUnit.MILLISECONDS)) {
                Shell.attempt("rm", "-rf", directory.toString());
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
