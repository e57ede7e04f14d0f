package org.farshore.dataplane.recover;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.Crc32c;

/**
 * The file {@code <volume>.present}: which blocks an overlay holds, on the disk.
 *
 * <pre>
 *  block 0, 1        header, twice the same: u32 checksum, u32 version, u64 magic, u64 id of the overlay, u64 volume bytes
 *  block 2 + 3p + c  page p, copy c of three ({@link PresencePage})
 * </pre>
 *
 * <p>The file has its full length from the start and is sparse; it is made under another name and renamed, so that a file of
 * this name has a header.
 *
 * <h2>Three copies, two written each time</h2>
 * The obvious way is two copies that are written in turn: a torn writing leaves the other one whole. It cannot tell a torn
 * page from a rotten one, though. When the newer copy fails its checksum there are two stories: its writing was cut off
 * before the flush returned, then the older copy is the truth; or the flush returned and the disk lost a bit since, then the
 * older copy is a lie that brings back blocks from before the flush. Guessing is wrong in one of them, and an error in both
 * would lose every overlay whose flush was cut off.
 *
 * <p>So edition e of a page is written to copies e mod 3 and (e + 1) mod 3, both before one sync, and the third keeps edition
 * e - 1. Cut off: the third is whole. One copy rots afterwards: its twin is whole and has the same edition. Of the whole
 * copies the one with the highest edition counts. Only when none is whole, which takes more than one failure, nothing is
 * known of the page's blocks, and that is said, for exactly its range. What this does not see: both copies of the newest
 * edition rotten and the third whole; a cut-off writing looks the same.
 *
 * <p>A page that is found with one whole copy of its newest edition alone is written next with the edition that spares that
 * copy: editions may skip numbers.
 *
 * <p>Pages are read past the page cache: after a failed sync it shows bytes that the disk lacks. Not synchronised itself.
 */
final class PresenceFile implements AutoCloseable {
    static final String SUFFIX = ".present";

    private static final long MAGIC = 0x544E45534552504FL;
    private static final int VERSION = 1;
    private static final int COPIES = 3;
    private static final int HEADER_COPIES = 2;
    private static final int VERSION_OFFSET = 4;
    private static final int MAGIC_OFFSET = 8;
    private static final int ID_OFFSET = 16;
    private static final int SIZE_OFFSET = 24;

    private final BlockFile reading;
    private final long overlayId;
    private final long sizeBytes;
    private final ByteBuffer bytes = BufferUtil.allocateDirectAligned(COPIES * PresencePage.LENGTH, 4096);
    private final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
    private BlockFile writing;
    private int wholeHeaders;

    private PresenceFile(final BlockFile reading, final Path path) throws IOException {
        this.reading = reading;
        final int header = readHeader(path);
        overlayId = buffer.getLong(header + ID_OFFSET, LITTLE_ENDIAN);
        sizeBytes = buffer.getLong(header + SIZE_OFFSET, LITTLE_ENDIAN);
        if (sizeBytes <= 0 || reading.length() != lengthFor(sizeBytes)) {
            throw damaged(
                    path,
                    "has " + reading.length() + " bytes, a volume of " + sizeBytes + " takes " + lengthFor(sizeBytes));
        }
    }

    /** How many pages a volume takes. */
    static int pageCount(final long sizeBytes) {
        final long blocks = (sizeBytes + ViewOverlay.BLOCK_LENGTH - 1) / ViewOverlay.BLOCK_LENGTH;
        return (int) ((blocks + PresencePage.BLOCKS - 1) / PresencePage.BLOCKS);
    }

    private static long lengthFor(final long sizeBytes) {
        return place(pageCount(sizeBytes), 0);
    }

    private static long place(final int page, final int copy) {
        return (HEADER_COPIES + (long) COPIES * page + copy) * PresencePage.LENGTH;
    }

    /** Makes the file; on return it is durable under its name. */
    static void create(final BlockFiles files, final Path path, final long overlayId, final long sizeBytes)
            throws IOException {
        final UnsafeBuffer header = new UnsafeBuffer(BufferUtil.allocateDirectAligned(PresencePage.LENGTH, 4096));
        header.putInt(VERSION_OFFSET, VERSION, LITTLE_ENDIAN);
        header.putLong(MAGIC_OFFSET, MAGIC, LITTLE_ENDIAN);
        header.putLong(ID_OFFSET, overlayId, LITTLE_ENDIAN);
        header.putLong(SIZE_OFFSET, sizeBytes, LITTLE_ENDIAN);
        header.putInt(0, Crc32c.computeAround(header, 0, PresencePage.LENGTH, 0), LITTLE_ENDIAN);
        final Path unfinished = path.resolveSibling(path.getFileName() + ".new");
        files.delete(unfinished);
        try (BlockFile file = files.open(unfinished, BlockFiles.Mode.WRITE)) {
            file.setLength(lengthFor(sizeBytes));
            for (int copy = 0; copy < HEADER_COPIES; copy++) {
                file.write(header.byteBuffer().clear(), (long) copy * PresencePage.LENGTH);
            }
            file.sync();
        }
        files.rename(unfinished, path);
        files.syncDirectory(path.getParent());
    }

    /** Opens the file; reads its header and nothing else. */
    static PresenceFile open(final BlockFiles files, final Path path, final long sizeBytes) throws IOException {
        final PresenceFile file = openToRead(files, path);
        try {
            if (file.sizeBytes != sizeBytes) {
                throw damaged(path, "is of a volume of " + file.sizeBytes + " bytes, not of " + sizeBytes);
            }
            // A copy that an earlier life failed to sync is written again sooner or later.
            file.reading.forgetCached();
            file.writing = files.open(path, BlockFiles.Mode.WRITE);
            return file;
        } catch (final IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Opens the file of a volume of any size, for {@link #load} only. */
    static PresenceFile openToRead(final BlockFiles files, final Path path) throws IOException {
        final BlockFile reading = files.open(path, BlockFiles.Mode.READ_DIRECT);
        try {
            return new PresenceFile(reading, path);
        } catch (final IOException | RuntimeException e) {
            reading.close();
            throw e;
        }
    }

    /** Offset in {@link #buffer} of a header that is whole. */
    private int readHeader(final Path path) throws IOException {
        final int length = HEADER_COPIES * PresencePage.LENGTH;
        if (reading.length() >= length) {
            reading.read(bytes.clear().limit(length), 0);
        }
        int found = -1;
        for (int at = 0; at < length && reading.length() >= length; at += PresencePage.LENGTH) {
            final boolean whole =
                    buffer.getInt(at, LITTLE_ENDIAN) == Crc32c.computeAround(buffer, at, PresencePage.LENGTH, 0)
                            && buffer.getLong(at + MAGIC_OFFSET, LITTLE_ENDIAN) == MAGIC;
            wholeHeaders += whole ? 1 : 0;
            found = whole && found < 0 ? at : found;
        }
        if (found < 0) {
            throw damaged(path, "has no whole header");
        }
        if (buffer.getInt(found + VERSION_OFFSET, LITTLE_ENDIAN) != VERSION) {
            throw damaged(
                    path, "is of version " + buffer.getInt(found + VERSION_OFFSET, LITTLE_ENDIAN) + ", not " + VERSION);
        }
        return found;
    }

    private static ViewException damaged(final Path path, final String what) {
        return new ViewException(
                ViewException.Cause.PRESENCE_DAMAGED, 0, ViewException.NO_POSITION, "overlay " + path + " " + what);
    }

    /** Reads a page: the highest edition of those copies that are whole. */
    PresencePage load(final int number) throws IOException {
        final PresencePage page = new PresencePage(number);
        reading.read(bytes.clear(), place(number, 0));
        int best = -1;
        int wholes = 0;
        for (int copy = 0; copy < COPIES; copy++) {
            final long edition = page.editionOf(buffer, copy * PresencePage.LENGTH, overlayId);
            page.tornCopies += edition < 0 ? 1 : 0;
            if (edition > page.edition) {
                page.edition = edition;
                best = copy;
                wholes = 1;
            } else if (edition > 0 && edition == page.edition) {
                wholes++;
            }
        }
        if (best >= 0) {
            page.decode(buffer, best * PresencePage.LENGTH);
            page.twofold = wholes > 1;
            page.soleCopy = best;
        } else {
            // Edition 1 goes to copies 1 and 2: until edition 2 is begun, copy 0 is untouched.
            page.damaged = !PresencePage.isNeverWritten(buffer, 0);
        }
        return page;
    }

    /** Edition with which a page is written next. */
    static long nextEdition(final PresencePage page) {
        long next = page.edition + 1;
        while (!page.twofold && (next + 2) % COPIES != page.soleCopy) {
            next++;
        }
        return next;
    }

    /** Encodes a page for {@link #write}. */
    void encode(final PresencePage page, final UnsafeBuffer target, final int offset) {
        page.encode(target, offset, overlayId, nextEdition(page));
    }

    /** Writes an encoded page to the two copies of its edition; durable after {@link #sync}. */
    void write(final int page, final long edition, final ByteBuffer image) throws IOException {
        final int begin = image.position();
        for (int i = 0; i < 2; i++) {
            writing.write(image.position(begin), place(page, (int) ((edition + i) % COPIES)));
        }
    }

    void sync() throws IOException {
        writing.sync();
    }

    String name() {
        return reading.name();
    }

    /** True when no copy of the header is damaged. */
    boolean isHeaderWhole() {
        return wholeHeaders == HEADER_COPIES;
    }

    /** Length of the volume, bytes. */
    long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public void close() {
        try {
            reading.close();
        } finally {
            if (writing != null) {
                writing.close();
            }
        }
    }
}
