package org.farshore.control.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.farshore.dataplane.runtime.HumanText;

/**
 * The life on one disk: transactions and a tree of files, at a steady pace, in a thread of its own. What it does to the
 * files of a mounted filesystem happens there; an image file it changes round by round, see {@link ImageWriter}.
 */
final class DemoWorkload {
    private static final int TRANSFERS_AT_ONCE = 5;
    private static final int STEPS_AT_ONCE = 10;
    private static final long ROUND_NS = TimeUnit.MILLISECONDS.toNanos(250);
    /** Between two rounds on an image file a scan must find time to see it at rest. */
    private static final long IMAGE_ROUND_NS = TimeUnit.SECONDS.toNanos(4);

    private static final long FILL_MAX = 160L << 20;
    private static final long STOP_LIMIT_MS = 60_000;

    private final DemoDisk disk;
    private final SqliteLedger ledger;
    private final FileTree tree;
    private final ImageWriter imageWriter;
    private final double bytesPerSecond;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile Exception failure;

    private DemoWorkload(
            final DemoDisk disk,
            final SqliteLedger ledger,
            final FileTree tree,
            final ImageWriter imageWriter,
            final double bytesPerSecond) {
        this.disk = disk;
        this.ledger = ledger;
        this.tree = tree;
        this.imageWriter = imageWriter;
        this.bytesPerSecond = bytesPerSecond;
        this.thread = new Thread(this::run, "workload-" + disk.name());
        thread.setDaemon(true);
    }

    /** For a mounted disk: puts the first data there. */
    static DemoWorkload onMount(final DemoDisk disk, final double bytesPerSecond, final long seed) throws IOException {
        final Content content = Content.create(disk.mountPoint(), disk.length(), seed);
        disk.sync();
        return new DemoWorkload(disk, content.ledger(), content.tree(), null, bytesPerSecond);
    }

    /** Makes an image file with the first data in it, and the workload that changes it. */
    static DemoWorkload onImage(
            final Path directory, final String name, final long size, final double bytesPerSecond, final long seed)
            throws IOException {
        final Path staging =
                Files.createDirectories(directory.resolve("staging").resolve(name));
        final Content content = Content.create(staging, size / 2, seed);
        final DemoDisk disk = DemoDisk.image(directory, name, size, staging);
        final ImageWriter writer = new ImageWriter(disk.device(), staging);
        writer.remember();
        return new DemoWorkload(disk, content.ledger(), content.tree(), writer, bytesPerSecond);
    }

    private record Content(SqliteLedger ledger, FileTree tree) {
        static Content create(final Path root, final long size, final long seed) throws IOException {
            final long fill = Math.min(size / 6, FILL_MAX);
            final Path database = Files.createDirectories(root.resolve("db")).resolve(SqliteLedger.FILE);
            final SqliteLedger ledger = new SqliteLedger(database, size / 32, seed);
            final FileTree tree = new FileTree(Files.createDirectories(root.resolve("tree")), 2 * fill, seed + 1);
            ledger.create();
            tree.create(fill);
            return new Content(ledger, tree);
        }
    }

    DemoDisk disk() {
        return disk;
    }

    void start() {
        thread.start();
    }

    /** Ends the life on the disk and brings what memory still holds of it to the device. */
    void stop() throws InterruptedException {
        halt();
        if (thread.isAlive()) {
            throw new CommandException("the workload on " + disk.name() + " did not end within a minute");
        }
        checkAlive();
        disk.sync();
    }

    /** Ends the thread, whatever state it is in. */
    void halt() throws InterruptedException {
        stopped = true;
        thread.join(STOP_LIMIT_MS);
    }

    /** Throws what ended the workload before its time. */
    void checkAlive() {
        if (failure != null) {
            throw new CommandException("the workload on " + disk.name() + " failed: " + failure.getMessage(), failure);
        }
    }

    private void run() {
        try {
            while (!stopped) {
                round();
            }
        } catch (final IOException | RuntimeException e) {
            failure = e;
        }
    }

    private void round() throws IOException {
        final long beginNs = System.nanoTime();
        final long bytes = work();
        final long leastNs = imageWriter == null ? ROUND_NS : IMAGE_ROUND_NS;
        rest(beginNs + Math.max(leastNs, (long) (bytes / bytesPerSecond * 1e9)));
    }

    /** The work of one round. Returns roughly how many bytes it wrote. */
    long work() throws IOException {
        long bytes = ledger.transfer(TRANSFERS_AT_ONCE);
        for (int i = 0; i < STEPS_AT_ONCE && !stopped; i++) {
            bytes += tree.step();
        }
        if (imageWriter != null) {
            imageWriter.write();
        }
        return bytes;
    }

    private void rest(final long untilNs) {
        while (!stopped && System.nanoTime() < untilNs) {
            try {
                Thread.sleep(Math.max(1, Math.min(100, (untilNs - System.nanoTime()) / 1_000_000)));
            } catch (final InterruptedException e) {
                stopped = true;
            }
        }
    }

    /** Makes some more transfers; the thread has ended. */
    void transfer(final int count) {
        ledger.transfer(count);
    }

    /** Transfers that SQLite acknowledged. */
    long transfers() {
        return ledger.transfers();
    }

    long filesWritten() {
        return tree.written();
    }

    long filesCopied() {
        return tree.copied();
    }

    long filesChanged() {
        return tree.changed();
    }

    long filesDeleted() {
        return tree.deleted();
    }

    @Override
    public String toString() {
        return HumanText.count(transfers()) + " commits, files: " + HumanText.count(filesWritten()) + " new, "
                + HumanText.count(filesCopied()) + " copied, " + HumanText.count(filesChanged()) + " changed, "
                + HumanText.count(filesDeleted()) + " deleted";
    }
}
