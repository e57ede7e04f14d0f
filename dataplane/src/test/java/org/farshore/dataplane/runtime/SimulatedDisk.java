package org.farshore.dataplane.runtime;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/**
 * A disk and its file system in memory, with everything that a real one may do at a power cut: sectors (512 bytes) that were
 * not synced are kept or lost one by one, and so are names and lengths; a write in progress is torn; a sync that fails
 * leaves the page cache showing bytes that the disk lacks, and the next sync answers that all is well. Bytes can be flipped.
 *
 * <p>Every change (write, zero, sync, length, create, rename, delete, directory sync) is one <i>operation</i>, counted from 1.
 * A test runs a script once to learn the count, then again with {@link #crashAtOperation} for each number. One thread.
 */
public final class SimulatedDisk implements BlockFiles {
    /** What is left of changes that were not synced. */
    public enum Survival {
        /** Nothing. */
        NONE,
        /** Everything that was written, as after a SIGKILL. */
        ALL,
        /** Each sector, length and directory by the toss of a coin. */
        RANDOM
    }

    private final Random random;
    private final Map<Path, SimulatedFile> names = new TreeMap<>();
    private final Map<Path, SimulatedFile> durableNames = new HashMap<>();
    private final TreeSet<Path> directories = new TreeSet<>();
    private long operations;
    private long crashAt = Long.MAX_VALUE;
    private long failAt = Long.MAX_VALUE;
    private long capacity = Long.MAX_VALUE;
    private Path failingPath;
    private boolean failingNow;
    private int life;
    private boolean crashed;

    public SimulatedDisk(final long seed) {
        random = new Random(seed);
    }

    /** Operations so far. */
    public long operations() {
        return operations;
    }

    /** The machine stops in the middle of this operation. */
    public void crashAtOperation(final long operation) {
        crashAt = operation;
    }

    /** This operation, if it is a write or a sync, fails with an {@link IOException}; those behind it work again. */
    public void failOperation(final long operation) {
        failAt = operation;
    }

    /** From now on every write and every sync of this file fails; null lets all work again. */
    public void failEveryOperationOn(final Path path) {
        failingPath = path;
    }

    /** Most bytes that all files together may have; a write beyond fails as on a full disk. */
    public void capacity(final long bytes) {
        capacity = bytes;
    }

    /** True after the machine has stopped, until {@link #restart}. */
    public boolean hasCrashed() {
        return crashed;
    }

    /** The machine comes up again; files that were open are not usable any more. */
    public void restart(final Survival survival) {
        restart(() -> survives(survival));
    }

    /** As above; each directory, length and sector that was not synced is asked for in an order that is always the same. */
    public void restart(final BooleanSupplier survives) {
        final TreeSet<Path> changed = new TreeSet<>();
        for (final Path path : names.keySet()) {
            changed.add(path.getParent());
        }
        for (final Path path : durableNames.keySet()) {
            changed.add(path.getParent());
        }
        for (final Path directory : changed) {
            if (!survives.getAsBoolean()) {
                names.keySet().removeIf(path -> path.getParent().equals(directory));
                durableNames.forEach((path, file) -> {
                    if (path.getParent().equals(directory)) {
                        names.put(path, file);
                    }
                });
            }
        }
        names.values().forEach(file -> file.powerCut(survives));
        durableNames.clear();
        durableNames.putAll(names);
        crashed = false;
        crashAt = Long.MAX_VALUE;
        failAt = Long.MAX_VALUE;
        life++;
    }

    private boolean survives(final Survival survival) {
        return survival == Survival.ALL || (survival == Survival.RANDOM && random.nextBoolean());
    }

    /** Changes bits of one byte, on the disk and in the cache. */
    public void flip(final Path path, final long offset, final int mask) {
        file(path).flip((int) offset, (byte) mask);
    }

    /** Length of a file as it would be read. */
    public long lengthOf(final Path path) {
        return file(path).length();
    }

    private SimulatedFile file(final Path path) {
        final SimulatedFile file = names.get(path);
        if (file == null) {
            throw new IllegalArgumentException("no file " + path);
        }
        return file;
    }

    /** Counts an operation; crashes or fails when it is its turn. */
    void operation(final Path path, final int ofLife, final Interrupted interrupted) throws IOException {
        check(ofLife);
        operations++;
        if (operations == crashAt) {
            interrupted.run();
            crashed = true;
            throw new SimulatedCrash("at operation " + operations + " on " + path);
        }
        failingNow = operations == failAt || path.equals(failingPath);
        if (failingNow) {
            interrupted.run();
            throw new IOException("simulated failure of operation " + operations + " on " + path);
        }
    }

    /** True when the operation under way fails, rather than being cut off. */
    boolean failing() {
        return failingNow;
    }

    void check(final int ofLife) {
        if (crashed || ofLife != life) {
            throw new SimulatedCrash("the machine has stopped");
        }
    }

    void checkRoom(final long more, final Path path) throws IOException {
        if (capacity != Long.MAX_VALUE && usedBytes() + more > capacity) {
            throw new IOException(path + ": No space left on device");
        }
    }

    @Override
    public long usableBytes(final Path directory) {
        return capacity - usedBytes();
    }

    @Override
    public long totalBytes(final Path directory) {
        return capacity;
    }

    /** Length of all files together. */
    public long usedBytes() {
        long used = 0;
        for (final SimulatedFile file : names.values()) {
            used += file.length();
        }
        return used;
    }

    /** All files, in order. */
    public List<Path> files() {
        return List.copyOf(names.keySet());
    }

    Random random() {
        return random;
    }

    /** What an operation leaves behind that is interrupted in the middle. */
    interface Interrupted {
        void run();
    }

    @Override
    public BlockFile open(final Path path, final Mode mode) throws IOException {
        check(life);
        SimulatedFile file = names.get(path);
        if (file == null) {
            if (mode != Mode.WRITE || !directories.contains(path.getParent())) {
                throw new NoSuchFileException(path.toString());
            }
            operation(path, life, () -> {});
            file = new SimulatedFile(this);
            names.put(path, file);
        }
        return file.handle(path, mode, life);
    }

    @Override
    public boolean exists(final Path path) {
        check(life);
        return names.containsKey(path) || directories.contains(path);
    }

    @Override
    public List<String> list(final Path directory) {
        check(life);
        final List<String> list = new ArrayList<>();
        for (final Path path : names.keySet()) {
            if (path.getParent().equals(directory)) {
                list.add(path.getFileName().toString());
            }
        }
        for (final Path path : directories) {
            if (directory.equals(path.getParent())) {
                list.add(path.getFileName().toString());
            }
        }
        list.sort(null);
        return list;
    }

    @Override
    public void createDirectories(final Path directory) {
        check(life);
        for (Path path = directory; path != null; path = path.getParent()) {
            directories.add(path);
        }
    }

    @Override
    public void delete(final Path path) throws IOException {
        operation(path, life, () -> {});
        names.remove(path);
        directories.remove(path);
    }

    @Override
    public void rename(final Path from, final Path to) throws IOException {
        operation(from, life, () -> {});
        final SimulatedFile file = names.remove(from);
        if (file == null) {
            throw new NoSuchFileException(from.toString());
        }
        names.put(to, file);
    }

    @Override
    public void syncDirectory(final Path directory) throws IOException {
        operation(directory, life, () -> {});
        durableNames.keySet().removeIf(path -> path.getParent().equals(directory));
        names.forEach((path, file) -> {
            if (path.getParent().equals(directory)) {
                durableNames.put(path, file);
            }
        });
    }
}
