package org.farshore.dataplane.index;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.agrona.BufferUtil;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * The living version files of one stream, in the order of their numbers without a gap. The next one is prepared ahead,
 * full of zeros, so that a disk does not become full in the middle of one; a file that was dropped becomes the next one.
 *
 * <p>Writer's thread, except {@link #live}: it is one published array.
 */
final class VersionFiles {
    private static final String SPARE_NAME = "versions.spare";
    private static final String UNFINISHED_NAME = "versions.new";
    private static final int SLICE_LENGTH = 1 << 20;

    private final BlockFiles files;
    private final Path directory;
    private final ReaderEpochs epochs;
    private final int fileLength;
    private final int residentMax;
    private final ArrayDeque<ByteBuffer> freeMemory = new ArrayDeque<>();
    private final ByteBuffer zeros;
    private BlockFile growing;
    private int grownLength;
    private boolean hasSpare;
    private boolean retired;
    private int residentCount;
    private volatile VersionFile[] live = {};

    VersionFiles(
            final BlockFiles files,
            final Path directory,
            final ReaderEpochs epochs,
            final int pagesPerFile,
            final int residentMax) {
        this.files = files;
        this.directory = directory;
        this.epochs = epochs;
        this.fileLength = pagesPerFile * VersionIds.PAGE_LENGTH;
        this.residentMax = residentMax;
        this.zeros = ByteBuffer.allocateDirect(Math.min(SLICE_LENGTH, fileLength));
    }

    /** The living file with this number, or null. */
    VersionFile find(final long number) {
        return find(live, number);
    }

    /** The file with this number in an array of {@link #live}, or null. */
    static VersionFile find(final VersionFile[] files, final long number) {
        final long index = files.length == 0 ? -1 : number - files[0].number();
        return index >= 0 && index < files.length ? files[(int) index] : null;
    }

    /** Any thread: all files, oldest first. */
    VersionFile[] live() {
        return live;
    }

    /** Opens a file that is there, its memory not yet filled. */
    VersionFile open(final long number) throws IOException {
        final Path path = directory.resolve(VersionFile.nameOf(number));
        final VersionFile file = new VersionFile(number, path, files.open(path, BlockFiles.Mode.WRITE), takeMemory());
        append(file);
        return file;
    }

    /** Takes the next file into use; it is there as a rule, else it is finished now. */
    VersionFile next(final long number) throws IOException {
        while (!hasSpare) {
            prepare();
        }
        final Path path = directory.resolve(VersionFile.nameOf(number));
        files.rename(spare(), path);
        files.syncDirectory(directory);
        hasSpare = false;
        final VersionFile file = new VersionFile(number, path, files.open(path, BlockFiles.Mode.WRITE), takeMemory());
        append(file);
        return file;
    }

    private void append(final VersionFile file) throws IOException {
        final VersionFile[] more = Arrays.copyOf(live, live.length + 1);
        more[live.length] = file;
        live = more;
        residentCount++;
        for (int i = 0; residentCount > residentMax; i++) {
            if (more[i].resident() != null) {
                evict(more[i]);
            }
        }
    }

    private void evict(final VersionFile file) throws IOException {
        final ByteBuffer memory = file.evict(files);
        residentCount--;
        epochs.retire(() -> freeMemory.add(memory));
    }

    private ByteBuffer takeMemory() {
        epochs.reclaim();
        return freeMemory.isEmpty() ? ByteBuffer.allocateDirect(fileLength) : freeMemory.poll();
    }

    /** One slice of work towards having the next file ready; returns 0 when it is. */
    int prepare() throws IOException {
        if (hasSpare) {
            return 0;
        }
        if (growing == null) {
            files.delete(unfinished());
            growing = files.open(unfinished(), BlockFiles.Mode.WRITE);
            grownLength = 0;
        }
        final int length = Math.min(zeros.capacity(), fileLength - grownLength);
        growing.write(zeros.clear().limit(length), grownLength);
        grownLength += length;
        if (grownLength == fileLength) {
            growing.sync();
            growing.close();
            growing = null;
            files.rename(unfinished(), spare());
            files.syncDirectory(directory);
            hasSpare = true;
        }
        return 1;
    }

    /** True when the next file is ready. */
    boolean hasSpare() {
        return hasSpare;
    }

    /** Lets go of what {@link #prepare} began, after it failed; it begins again. */
    void abandonPreparation() {
        if (growing != null) {
            growing.close();
            growing = null;
        }
    }

    /** Drops the files below {@code number}; what they hold is below the horizon, and the checkpoint says so durably. */
    void dropBelow(final long number) {
        final VersionFile[] now = live;
        int count = 0;
        while (count < now.length && now[count].number() < number) {
            count++;
        }
        if (count > 0) {
            live = Arrays.copyOfRange(now, count, now.length);
            for (int i = 0; i < count; i++) {
                retire(now[i]);
            }
        }
    }

    private void retire(final VersionFile file) {
        residentCount -= file.resident() == null ? 0 : 1;
        epochs.retire(() -> release(file));
    }

    private void release(final VersionFile file) {
        keepMemory(file.close());
        if (retired) {
            return;
        }
        try {
            if (hasSpare || growing != null) {
                files.delete(file.path());
            } else {
                files.rename(file.path(), spare());
                hasSpare = true;
            }
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.STORAGE, "cannot let go of version file " + file.path() + ": " + e.getMessage(), e);
        }
    }

    private void keepMemory(final ByteBuffer memory) {
        if (memory != null) {
            freeMemory.add(memory);
        }
    }

    /** Removes what no checkpoint speaks of, before anything is opened. */
    void deleteOutside(final long first, final long last) throws IOException {
        for (final String name : files.list(directory)) {
            final long number = VersionFile.numberOf(name);
            final boolean leftOver = name.equals(UNFINISHED_NAME) || name.equals(SPARE_NAME);
            if (leftOver || (number >= 0 && (number < first || number > last))) {
                files.delete(directory.resolve(name));
            }
        }
    }

    boolean exists(final long number) {
        return files.exists(directory.resolve(VersionFile.nameOf(number)));
    }

    /** Largest number in the directory, 0 when there is none. */
    long newestNumber() throws IOException {
        long newest = 0;
        for (final String name : files.list(directory)) {
            newest = Math.max(newest, VersionFile.numberOf(name));
        }
        return newest;
    }

    /** Takes everything out of sight; files stay on the disk. Memory is freed when every reader has passed. */
    void retireAll() {
        retired = true;
        closeAll();
        abandonPreparation();
        epochs.retire(() -> freeMemory.forEach(BufferUtil::free));
        epochs.retire(() -> BufferUtil.free(zeros));
    }

    /** Closes all files; they stay on the disk. */
    void closeAll() {
        final VersionFile[] now = live;
        live = new VersionFile[0];
        residentCount = 0;
        for (final VersionFile file : now) {
            epochs.retire(() -> free(file.close()));
        }
    }

    /** Closes the newest file; it stays on the disk. */
    void closeNewest() {
        final VersionFile file = live[live.length - 1];
        live = Arrays.copyOf(live, live.length - 1);
        residentCount--;
        epochs.retire(() -> free(file.close()));
    }

    private static void free(final ByteBuffer memory) {
        if (memory != null) {
            BufferUtil.free(memory);
        }
    }

    /** Writer: memory outside the heap. */
    long residentBytes() {
        return (long) (residentCount + freeMemory.size()) * fileLength;
    }

    int pagesPerFile() {
        return fileLength / VersionIds.PAGE_LENGTH;
    }

    Path directory() {
        return directory;
    }

    private Path spare() {
        return directory.resolve(SPARE_NAME);
    }

    private Path unfinished() {
        return directory.resolve(UNFINISHED_NAME);
    }
}
