package org.farshore.dataplane.runtime;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.io.IOException;
import java.nio.file.Path;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A file that holds one small record, replaced as a whole: made under another name, synced, renamed. A stop leaves the old
 * record or the new one. What it says cannot be made again from anything, so it stands in the file twice.
 *
 * <pre>
 *       0  copy 0
 *  16,384  copy 1, the same bytes
 *
 *  copy:  0  u32 checksum, CRC32C of the other 16,380 bytes · u32 version · u64 magic · u32 length · zeros up to 64
 *        64  the record, then zeros
 * </pre>
 *
 * <p>One thread; the record is encoded into and decoded from {@link #body}.
 */
public final class RecordFile {
    /** Bytes of one copy. */
    public static final int COPY_LENGTH = 16 << 10;
    /** Bytes of the longest record. */
    public static final int BODY_LENGTH_MAX = COPY_LENGTH - 64;

    private static final StateLog LOG = StateLog.of(RecordFile.class);
    private static final int VERSION = 1;
    /** How often a record stands in its file. */
    public static final int COPIES = 2;

    private static final int VERSION_OFFSET = 4;
    private static final int MAGIC_OFFSET = 8;
    private static final int LENGTH_OFFSET = 16;
    private static final int BODY_OFFSET = 64;

    private final BlockFiles files;
    private final long magic;
    private final String advice;
    private final UnsafeBuffer buffer = new UnsafeBuffer(BufferUtil.allocateDirectAligned(COPY_LENGTH, 4096));
    private final UnsafeBuffer body = new UnsafeBuffer(buffer, BODY_OFFSET, BODY_LENGTH_MAX);

    /**
     * For files of one sort.
     *
     * @param magic that they begin with.
     * @param advice what to do when one is damaged beyond help: the end of a sentence.
     */
    public RecordFile(final BlockFiles files, final long magic, final String advice) {
        this.files = files;
        this.magic = magic;
        this.advice = advice;
    }

    /** Where a record is encoded before {@link #store} and found after {@link #load}. */
    public UnsafeBuffer body() {
        return body;
    }

    /**
     * Reads a record into {@link #body}; a copy that is damaged is named. It is durable under its name then: an earlier life
     * may have died between the two, and what follows from the record must not outlive it.
     *
     * @return its length, or -1 when there is no such file.
     * @throws FarshoreException STORAGE when the file cannot be read or no copy in it is whole.
     */
    public int load(final Path path) {
        if (!files.exists(path)) {
            return -1;
        }
        try (BlockFile file = files.open(path, BlockFiles.Mode.READ_DIRECT)) {
            files.syncDirectory(path.getParent());
            if (readWhole(file, 1)) {
                if (!readWhole(file, 0)) {
                    warn(path, 0);
                    readWhole(file, 1);
                }
                return buffer.getInt(LENGTH_OFFSET, LITTLE_ENDIAN);
            }
            if (readWhole(file, 0)) {
                warn(path, 1);
                return buffer.getInt(LENGTH_OFFSET, LITTLE_ENDIAN);
            }
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.STORAGE, "cannot read " + path + ": " + e.getMessage(), e);
        }
        throw new FarshoreException(ExitCode.STORAGE, path + " is damaged in both copies: " + advice);
    }

    /**
     * How many copies are whole, of {@value #COPIES}; for those who look. {@link #body} holds nothing of use afterwards.
     *
     * @throws IOException when there is no such file or the disk does not give it.
     */
    public int wholeCopies(final Path path) throws IOException {
        int whole = 0;
        try (BlockFile file = files.open(path, BlockFiles.Mode.READ_DIRECT)) {
            for (int copy = 0; copy < COPIES; copy++) {
                whole += readWhole(file, copy) ? 1 : 0;
            }
        }
        return whole;
    }

    private boolean readWhole(final BlockFile file, final int copy) throws IOException {
        file.read(buffer.byteBuffer().clear(), (long) copy * COPY_LENGTH);
        return isWhole();
    }

    private static void warn(final Path path, final int copy) {
        LOG.warn(
                "file",
                path,
                "offset",
                copy * COPY_LENGTH,
                "state",
                "copy-damaged",
                "next",
                "the other copy is used, and both are written when the record changes; see to the disk");
    }

    private boolean isWhole() {
        final int length = buffer.getInt(LENGTH_OFFSET, LITTLE_ENDIAN);
        return buffer.getInt(0, LITTLE_ENDIAN) == Crc32c.computeAround(buffer, 0, COPY_LENGTH, 0)
                && buffer.getInt(VERSION_OFFSET, LITTLE_ENDIAN) == VERSION
                && buffer.getLong(MAGIC_OFFSET, LITTLE_ENDIAN) == magic
                && length > 0
                && length <= BODY_LENGTH_MAX;
    }

    /**
     * Replaces the file by what was encoded into {@link #body}; durable on return.
     *
     * @param length of the record.
     * @throws FarshoreException STORAGE when that failed and the old record is there as before.
     * @throws RecordInDoubtException when it failed later.
     */
    public void store(final Path path, final int length) {
        buffer.setMemory(0, BODY_OFFSET, (byte) 0);
        buffer.setMemory(BODY_OFFSET + length, BODY_LENGTH_MAX - length, (byte) 0);
        buffer.putInt(VERSION_OFFSET, VERSION, LITTLE_ENDIAN);
        buffer.putLong(MAGIC_OFFSET, magic, LITTLE_ENDIAN);
        buffer.putInt(LENGTH_OFFSET, length, LITTLE_ENDIAN);
        buffer.putInt(0, Crc32c.computeAround(buffer, 0, COPY_LENGTH, 0), LITTLE_ENDIAN);
        final Path unfinished = path.resolveSibling(path.getFileName() + ".new");
        try {
            files.delete(unfinished);
            try (BlockFile file = files.open(unfinished, BlockFiles.Mode.WRITE)) {
                for (int copy = 0; copy < COPIES; copy++) {
                    file.write(buffer.byteBuffer().clear(), (long) copy * COPY_LENGTH);
                }
                file.sync();
            }
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.STORAGE, "cannot store " + path + ": " + e.getMessage(), e);
        }
        try {
            files.rename(unfinished, path);
            files.syncDirectory(path.getParent());
        } catch (final IOException e) {
            throw new RecordInDoubtException(path, e);
        }
    }
}
