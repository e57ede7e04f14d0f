package org.farshore.dataplane.index;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;

/**
 * Goes through the entries that a checkpoint vouches for, oldest first, checking each page; for tools, reads only. Stops at
 * the first page that is wrong. One thread.
 */
final class EntryCursor implements AutoCloseable {
    private final BlockFiles files;
    private final Path directory;
    private final CheckpointFile.Checkpoint checkpoint;
    private final int stream;
    private final UnsafeBuffer page = new UnsafeBuffer(ByteBuffer.allocateDirect(VersionIds.PAGE_LENGTH));
    private final VersionEntryFlyweight entry = new VersionEntryFlyweight();
    private BlockFile file;
    private long fileNumber;
    private long pageId;
    private int used;
    private long nextId;
    private long id;
    private int chainChecksum;
    private boolean chained;
    private long pages;
    private String damage;

    EntryCursor(final BlockFiles files, final Path directory, final CheckpointFile.Checkpoint checkpoint) {
        this.files = files;
        this.directory = directory;
        this.checkpoint = checkpoint;
        this.stream = VersionIndexContext.streamOf(checkpoint.machineIdHigh(), checkpoint.machineIdLow());
        this.pageId = VersionIds.of(checkpoint.firstFile(), 0) - VersionIds.SLOTS_PER_PAGE;
    }

    /** Goes to the next entry; false at the end, or at damage. */
    boolean next() throws IOException {
        while (damage == null) {
            if (nextId < pageId + used && nextId <= checkpoint.newestId() && nextId > pageId) {
                id = nextId;
                entry.wrap(page, VersionIds.offsetInPage(id));
                nextId += entry.slots();
                return true;
            }
            if (!nextPage()) {
                return false;
            }
        }
        return false;
    }

    private boolean nextPage() throws IOException {
        pageId += VersionIds.SLOTS_PER_PAGE;
        if (VersionIds.slotOf(pageId) == checkpoint.pagesPerFile() * VersionIds.SLOTS_PER_PAGE) {
            pageId = VersionIds.of(VersionIds.fileOf(pageId) + 1, 0);
        }
        if (pageId >= checkpoint.newestId()) {
            return false;
        }
        final long number = VersionIds.fileOf(pageId);
        final Path path = directory.resolve(VersionFile.nameOf(number));
        if (number != fileNumber || file == null) {
            close();
            if (!files.exists(path)) {
                return damaged(path, "is missing");
            }
            file = files.open(path, BlockFiles.Mode.READ);
            fileNumber = number;
        }
        final int index = VersionIds.slotOf(pageId) / VersionIds.SLOTS_PER_PAGE;
        if (file.length() < (index + 1L) * VersionIds.PAGE_LENGTH) {
            return damaged(path, "ends at " + file.length());
        }
        file.read(page.byteBuffer().clear(), (long) index * VersionIds.PAGE_LENGTH);
        return check(path, index);
    }

    private boolean check(final Path path, final int index) {
        final boolean last = pageId == VersionIds.pageOf(checkpoint.newestId());
        if (!VersionPage.isValid(page, 0, pageId, stream)) {
            return damaged(path, "page " + index + " is damaged");
        }
        if (chained && VersionPage.previousChecksum(page, 0) != chainChecksum) {
            return damaged(path, "page " + index + " does not follow the one before it");
        }
        used = VersionPage.used(page, 0);
        if (!VersionPage.isSealed(page, 0) && (!last || pageId + used <= checkpoint.newestId())) {
            return damaged(path, "page " + index + " is older than the checkpoint");
        }
        chainChecksum = VersionPage.checksum(page, 0);
        chained = true;
        nextId = pageId + 1;
        pages++;
        return true;
    }

    private boolean damaged(final Path path, final String what) {
        damage = path.getFileName() + ": " + what;
        return false;
    }

    long id() {
        return id;
    }

    VersionEntryFlyweight entry() {
        return entry;
    }

    /** Position of the entry's frame. */
    long position() {
        return VersionPage.basePosition(page, 0) + entry.positionDelta();
    }

    /** Pages that were whole. */
    long pages() {
        return pages;
    }

    /** What is wrong, or null. */
    String damage() {
        return damage;
    }

    @Override
    public void close() {
        if (file != null) {
            file.close();
            file = null;
        }
    }
}
