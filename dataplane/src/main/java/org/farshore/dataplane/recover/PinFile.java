package org.farshore.dataplane.recover;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.RecordFile;

/**
 * The file {@code pins}: points that a person has named so that they are kept. Unlike the catalogue it cannot be made again
 * from anything, so it is a {@link RecordFile}:
 *
 * <pre>
 *   0  u32 count · zeros up to 64
 *  64  pins of 128 bytes: u64 sequence · u64 position · u64 wall ns · u32 frame entries · u32 name length · name
 * </pre>
 */
final class PinFile {
    /** Most pins of one stream. */
    static final int PINS_MAX = 64;

    static final String NAME = "pins";

    private static final long MAGIC = 0x534E4950534F4653L;
    private static final int HEADER_LENGTH = 64;
    private static final int PIN_LENGTH = 128;
    private static final int NAME_OFFSET = 32;
    private static final int NAME_LENGTH_MAX = 64;

    private final Path path;
    private final RecordFile file;

    /** A point that is kept; at most 64 characters of name. */
    record Pin(String name, long sequence, long position, int frameEntries, long wallTimeNs) {}

    PinFile(final BlockFiles files, final Path directory) {
        this.path = directory.resolve(NAME);
        this.file =
                new RecordFile(files, MAGIC, "which points are kept is not known; remove the file to give up all pins");
    }

    /** @throws FarshoreException STORAGE when there is a file and it cannot be read, or makes no sense. */
    List<Pin> load() {
        final List<Pin> pins = new ArrayList<>();
        final int length = file.load(path);
        final UnsafeBuffer body = file.body();
        final int count = length < 0 ? 0 : body.getInt(0, LITTLE_ENDIAN);
        if (count < 0 || count > PINS_MAX || (length >= 0 && length != lengthOf(count))) {
            throw new FarshoreException(ExitCode.STORAGE, path + " is no list of pins: " + count + " in " + length);
        }
        for (int i = 0; i < count; i++) {
            pins.add(decode(body, HEADER_LENGTH + i * PIN_LENGTH));
        }
        return pins;
    }

    private Pin decode(final UnsafeBuffer body, final int at) {
        final int nameLength = body.getInt(at + 28, LITTLE_ENDIAN);
        if (nameLength < 0 || nameLength > NAME_LENGTH_MAX) {
            throw new FarshoreException(ExitCode.STORAGE, path + " names a pin with " + nameLength + " letters");
        }
        return new Pin(
                body.getStringWithoutLengthAscii(at + NAME_OFFSET, nameLength),
                body.getLong(at, LITTLE_ENDIAN),
                body.getLong(at + 8, LITTLE_ENDIAN),
                body.getInt(at + 24, LITTLE_ENDIAN),
                body.getLong(at + 16, LITTLE_ENDIAN));
    }

    /**
     * Replaces the file; durable on return.
     *
     * @throws FarshoreException STORAGE when that failed: the old file is there then, or the new one.
     */
    void store(final List<Pin> pins) {
        final UnsafeBuffer body = file.body();
        body.setMemory(0, lengthOf(pins.size()), (byte) 0);
        body.putInt(0, pins.size(), LITTLE_ENDIAN);
        for (int i = 0; i < pins.size(); i++) {
            encode(body, HEADER_LENGTH + i * PIN_LENGTH, pins.get(i));
        }
        file.store(path, lengthOf(pins.size()));
    }

    private static void encode(final UnsafeBuffer body, final int at, final Pin pin) {
        body.putLong(at, pin.sequence, LITTLE_ENDIAN);
        body.putLong(at + 8, pin.position, LITTLE_ENDIAN);
        body.putLong(at + 16, pin.wallTimeNs, LITTLE_ENDIAN);
        body.putInt(at + 24, pin.frameEntries, LITTLE_ENDIAN);
        body.putInt(at + 28, pin.name.length(), LITTLE_ENDIAN);
        body.putStringWithoutLengthAscii(at + NAME_OFFSET, pin.name);
    }

    private static int lengthOf(final int pins) {
        return HEADER_LENGTH + pins * PIN_LENGTH;
    }

    /** The record file, for those who look. */
    RecordFile file() {
        return file;
    }

    Path path() {
        return path;
    }
}
