package org.farshore.dataplane.recover;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.Crc32c;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.StateLog;

/**
 * The file {@code pins}: points that a person has named so that they are kept. Unlike the catalogue it cannot be made again
 * from anything, so it stands twice in the file, and the file is replaced as a whole.
 *
 * <pre>
 *       0  copy 0
 *  12,288  copy 1, the same bytes
 *
 *  copy:  0  u32 checksum of the other 12,284 bytes · u32 version · u64 magic · u32 count · zeros up to 64
 *        64  pins of 128 bytes: u64 sequence · u64 position · u64 wall ns · u32 frame entries · u32 name length · name
 * </pre>
 */
final class PinFile {
    /** Most pins of one stream. */
    static final int PINS_MAX = 64;

    static final String NAME = "pins";
    static final int COPY_LENGTH = 12_288;

    private static final StateLog LOG = StateLog.of(PinFile.class);
    private static final long MAGIC = 0x534E4950534F4653L;
    private static final int VERSION = 1;
    private static final int HEADER_LENGTH = 64;
    private static final int PIN_LENGTH = 128;
    private static final int VERSION_OFFSET = 4;
    private static final int MAGIC_OFFSET = 8;
    private static final int COUNT_OFFSET = 16;
    private static final int NAME_OFFSET = 32;
    private static final int COPIES = 2;

    private final BlockFiles files;
    private final Path path;
    private final UnsafeBuffer buffer = new UnsafeBuffer(BufferUtil.allocateDirectAligned(COPY_LENGTH, 4096));

    /** A point that is kept; at most 64 characters of name. */
    record Pin(String name, long sequence, long position, int frameEntries, long wallTimeNs) {}

    PinFile(final BlockFiles files, final Path directory) {
        this.files = files;
        this.path = directory.resolve(NAME);
    }

    /**
     * The pins that are kept; a copy that is damaged is named.
     *
     * @throws FarshoreException STORAGE when there is a file and neither copy in it is whole.
     */
    List<Pin> load() {
        if (!files.exists(path)) {
            return new ArrayList<>();
        }
        try (BlockFile file = files.open(path, BlockFiles.Mode.READ_DIRECT)) {
            if (readWhole(file, 1)) {
                if (!readWhole(file, 0)) {
                    warn(0);
                    readWhole(file, 1);
                }
                return decode();
            }
            if (readWhole(file, 0)) {
                warn(1);
                return decode();
            }
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.STORAGE, "cannot read " + path + ": " + e.getMessage(), e);
        }
        throw new FarshoreException(
                ExitCode.STORAGE,
                path + " is damaged: which points are kept is not known; remove the file to give up all pins");
    }

    private boolean readWhole(final BlockFile file, final int copy) throws IOException {
        file.read(buffer.byteBuffer().clear(), (long) copy * COPY_LENGTH);
        return isWhole();
    }

    private void warn(final int copy) {
        LOG.warn(
                "file",
                path,
                "offset",
                copy * COPY_LENGTH,
                "state",
                "copy-damaged",
                "next",
                "the other copy is used, and both are written when a pin changes; see to the disk");
    }

    private boolean isWhole() {
        return buffer.getInt(0, LITTLE_ENDIAN) == Crc32c.computeAround(buffer, 0, COPY_LENGTH, 0)
                && buffer.getInt(VERSION_OFFSET, LITTLE_ENDIAN) == VERSION
                && buffer.getLong(MAGIC_OFFSET, LITTLE_ENDIAN) == MAGIC
                && buffer.getInt(COUNT_OFFSET, LITTLE_ENDIAN) >= 0
                && buffer.getInt(COUNT_OFFSET, LITTLE_ENDIAN) <= PINS_MAX;
    }

    private List<Pin> decode() {
        final List<Pin> pins = new ArrayList<>();
        for (int i = 0; i < buffer.getInt(COUNT_OFFSET, LITTLE_ENDIAN); i++) {
            final int at = HEADER_LENGTH + i * PIN_LENGTH;
            pins.add(new Pin(
                    buffer.getStringWithoutLengthAscii(at + NAME_OFFSET, buffer.getInt(at + 28, LITTLE_ENDIAN)),
                    buffer.getLong(at, LITTLE_ENDIAN),
                    buffer.getLong(at + 8, LITTLE_ENDIAN),
                    buffer.getInt(at + 24, LITTLE_ENDIAN),
                    buffer.getLong(at + 16, LITTLE_ENDIAN)));
        }
        return pins;
    }

    /** Replaces the file; durable on return. When it fails, the old file is there. */
    void store(final List<Pin> pins) throws IOException {
        buffer.setMemory(0, COPY_LENGTH, (byte) 0);
        buffer.putInt(VERSION_OFFSET, VERSION, LITTLE_ENDIAN);
        buffer.putLong(MAGIC_OFFSET, MAGIC, LITTLE_ENDIAN);
        buffer.putInt(COUNT_OFFSET, pins.size(), LITTLE_ENDIAN);
        for (int i = 0; i < pins.size(); i++) {
            encode(pins.get(i), HEADER_LENGTH + i * PIN_LENGTH);
        }
        buffer.putInt(0, Crc32c.computeAround(buffer, 0, COPY_LENGTH, 0), LITTLE_ENDIAN);
        final Path unfinished = path.resolveSibling(NAME + ".new");
        files.delete(unfinished);
        try (BlockFile file = files.open(unfinished, BlockFiles.Mode.WRITE)) {
            for (int copy = 0; copy < COPIES; copy++) {
                file.write(buffer.byteBuffer().clear(), (long) copy * COPY_LENGTH);
            }
            file.sync();
        }
        files.rename(unfinished, path);
        files.syncDirectory(path.getParent());
    }

    private void encode(final Pin pin, final int at) {
        buffer.putLong(at, pin.sequence, LITTLE_ENDIAN);
        buffer.putLong(at + 8, pin.position, LITTLE_ENDIAN);
        buffer.putLong(at + 16, pin.wallTimeNs, LITTLE_ENDIAN);
        buffer.putInt(at + 24, pin.frameEntries, LITTLE_ENDIAN);
        buffer.putInt(at + 28, pin.name.length(), LITTLE_ENDIAN);
        buffer.putStringWithoutLengthAscii(at + NAME_OFFSET, pin.name);
    }
}
