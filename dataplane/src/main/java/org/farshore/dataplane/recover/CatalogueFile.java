package org.farshore.dataplane.recover;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.Crc32c;

/**
 * The file {@code points} of a stream: a header block and {@link CatalogueEntry}s, appended.
 *
 * <pre>
 *      0  u32 checksum of the other 4,092 bytes · u32 version · u64 magic · u64 machine id, high · u64, low
 *         u32 generation · zeros
 *  4,096  entries of 64 bytes; zeros behind the last one, up to a multiple of 64 KiB
 * </pre>
 *
 * <h2>Why nothing can go wrong here</h2>
 * Everything in the file can be made again from the journal, and every entry names the position up to which the journal has
 * been followed. So there is no difference between a torn tail, a lost sector and a flipped byte: the file ends before the
 * first entry that does not check, and the journal is followed again from the position of the last one that does.
 *
 * <p>What must never happen is a false entry. An entry is appended only when the journal is durable up to its position. Its
 * checksum takes in the checksum of the entry before it, up to that of the header: an entry left over from before a cut
 * checks only when everything before it is byte for byte what it followed then, and a false one among true ones is found
 * wherever it stands.
 *
 * <p>Entries below the floor leave when the file is written anew, under another name, and renamed. One thread.
 */
final class CatalogueFile implements AutoCloseable {
    static final String NAME = "points";

    private static final long MAGIC = 0x53544E494F505346L;
    private static final int VERSION = 1;
    private static final int HEADER_LENGTH = 4096;
    private static final int GROWTH_LENGTH = 64 << 10;
    private static final int VERSION_OFFSET = 4;
    private static final int MAGIC_OFFSET = 8;
    private static final int MACHINE_HIGH_OFFSET = 16;
    private static final int MACHINE_LOW_OFFSET = 24;
    private static final int GENERATION_OFFSET = 32;
    private static final int CHAIN_LENGTH = Integer.BYTES + CatalogueEntry.LENGTH;

    private final BlockFiles files;
    private final Path path;
    private final long machineIdHigh;
    private final long machineIdLow;
    private final int generation;
    private final ByteBuffer bytes = BufferUtil.allocateDirectAligned(GROWTH_LENGTH, HEADER_LENGTH);
    private final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
    private final UnsafeBuffer link = new UnsafeBuffer(ByteBuffer.allocateDirect(CHAIN_LENGTH));
    private BlockFile file;
    private long fileLength;
    private long end;
    private int pending;
    private int chain;

    CatalogueFile(
            final BlockFiles files,
            final Path directory,
            final long machineIdHigh,
            final long machineIdLow,
            final int generation) {
        this.files = files;
        this.path = directory.resolve(NAME);
        this.machineIdHigh = machineIdHigh;
        this.machineIdLow = machineIdLow;
        this.generation = generation;
    }

    /** True when there is a file, whatever it holds. */
    boolean exists() {
        return files.exists(path);
    }

    /**
     * The file in a directory, whoever's stream it is; for {@link #read} only.
     *
     * @return null when there is no such file or its header is not whole.
     */
    static CatalogueFile find(final BlockFiles files, final Path directory) throws IOException {
        final CatalogueFile anybodys = new CatalogueFile(files, directory, 0, 0, 0);
        if (!files.exists(anybodys.path)) {
            return null;
        }
        try (BlockFile reading = files.open(anybodys.path, BlockFiles.Mode.READ_DIRECT)) {
            if (reading.length() < HEADER_LENGTH || !anybodys.readHeader(reading)) {
                return null;
            }
        }
        final UnsafeBuffer header = anybodys.buffer;
        return new CatalogueFile(
                files,
                directory,
                header.getLong(MACHINE_HIGH_OFFSET, LITTLE_ENDIAN),
                header.getLong(MACHINE_LOW_OFFSET, LITTLE_ENDIAN),
                header.getInt(GENERATION_OFFSET, LITTLE_ENDIAN));
    }

    /**
     * Reads what can be trusted, past the page cache; appending goes on behind it.
     *
     * @return null when there is no such file or its header is not this stream's.
     */
    List<CatalogueEntry> open() throws IOException {
        final List<CatalogueEntry> entries = read();
        if (entries != null) {
            file = files.open(path, BlockFiles.Mode.WRITE);
        }
        return entries;
    }

    /** As {@link #open}, without anything to append to. */
    List<CatalogueEntry> read() throws IOException {
        if (!files.exists(path)) {
            return null;
        }
        try (BlockFile reading = files.open(path, BlockFiles.Mode.READ_DIRECT)) {
            fileLength = reading.length() & -HEADER_LENGTH;
            final boolean mine = fileLength >= HEADER_LENGTH
                    && readHeader(reading)
                    && buffer.getLong(MACHINE_HIGH_OFFSET, LITTLE_ENDIAN) == machineIdHigh
                    && buffer.getLong(MACHINE_LOW_OFFSET, LITTLE_ENDIAN) == machineIdLow
                    && buffer.getInt(GENERATION_OFFSET, LITTLE_ENDIAN) == generation;
            return mine ? readEntries(reading) : null;
        }
    }

    /** True when {@link #read} ended before bytes that are no entry, where zeros should be. */
    boolean endsBeforeBytes() throws IOException {
        try (BlockFile reading = files.open(path, BlockFiles.Mode.READ_DIRECT)) {
            for (long at = end & -HEADER_LENGTH; at < fileLength; at += HEADER_LENGTH) {
                reading.read(bytes.clear().limit(HEADER_LENGTH), at);
                for (int offset = (int) Math.max(0, end - at); offset < HEADER_LENGTH; offset += Long.BYTES) {
                    if (buffer.getLong(offset) != 0) {
                        return true;
                    }
                }
            }
            return false;
        }
    }

    private boolean readHeader(final BlockFile reading) throws IOException {
        reading.read(bytes.clear().limit(HEADER_LENGTH), 0);
        chain = buffer.getInt(0, LITTLE_ENDIAN);
        return chain == Crc32c.computeAround(buffer, 0, HEADER_LENGTH, 0)
                && buffer.getInt(VERSION_OFFSET, LITTLE_ENDIAN) == VERSION
                && buffer.getLong(MAGIC_OFFSET, LITTLE_ENDIAN) == MAGIC;
    }

    private List<CatalogueEntry> readEntries(final BlockFile reading) throws IOException {
        final List<CatalogueEntry> entries = new ArrayList<>();
        final StringBuilder texts = new StringBuilder();
        int trusted = chain;
        end = HEADER_LENGTH;
        for (long at = HEADER_LENGTH; at < fileLength; at += GROWTH_LENGTH) {
            final int length = (int) Math.min(GROWTH_LENGTH, fileLength - at);
            reading.read(bytes.clear().limit(length), at);
            for (int offset = 0; offset < length; offset += CatalogueEntry.LENGTH) {
                final int checksum = linked(offset);
                if (buffer.getInt(offset, LITTLE_ENDIAN) != checksum) {
                    chain = trusted;
                    return entries;
                }
                chain = checksum;
                if (CatalogueEntry.typeOf(buffer, offset) == CatalogueEntry.TEXT) {
                    texts.append(CatalogueEntry.textOf(buffer, offset));
                } else {
                    entries.add(CatalogueEntry.decode(buffer, offset, texts.toString()));
                    texts.setLength(0);
                    trusted = checksum;
                    end = at + offset + CatalogueEntry.LENGTH;
                }
            }
        }
        chain = trusted;
        return entries;
    }

    /** Checksum that the entry at {@code offset} must have behind the one before it; zeros never have it. */
    private int linked(final int offset) {
        link.putInt(0, chain);
        link.putBytes(Integer.BYTES, buffer, offset, CatalogueEntry.LENGTH);
        link.putInt(Integer.BYTES, 0);
        final int checksum = Crc32c.compute(link, 0, CHAIN_LENGTH);
        return CatalogueEntry.typeOf(buffer, offset) == 0 ? ~buffer.getInt(offset, LITTLE_ENDIAN) : checksum;
    }

    /** Appends an entry, with its label; on the disk after {@link #sync}. */
    void append(final CatalogueEntry entry) throws IOException {
        final String label = entry.label();
        for (int at = 0; at < label.length(); at += CatalogueEntry.TEXT_LENGTH) {
            final int offset = room();
            CatalogueEntry.encodeText(
                    buffer, offset, label.substring(at, Math.min(label.length(), at + CatalogueEntry.TEXT_LENGTH)));
            seal(offset);
        }
        final int offset = room();
        entry.encode(buffer, offset);
        seal(offset);
    }

    private int room() throws IOException {
        if (pending + CatalogueEntry.LENGTH > GROWTH_LENGTH) {
            write();
        }
        return pending;
    }

    private void seal(final int offset) {
        chain = linked(offset);
        buffer.putInt(offset, chain, LITTLE_ENDIAN);
        pending = offset + CatalogueEntry.LENGTH;
    }

    private void write() throws IOException {
        while (end + pending > fileLength) {
            // Zeros take their space now: a disk becomes full here, and not when an entry is written over them.
            final ByteBuffer zeros = BufferUtil.allocateDirectAligned(GROWTH_LENGTH, HEADER_LENGTH);
            file.write(zeros.limit((int) (GROWTH_LENGTH - fileLength % GROWTH_LENGTH)), fileLength);
            fileLength += GROWTH_LENGTH - fileLength % GROWTH_LENGTH;
        }
        file.write(bytes.clear().limit(pending), end);
        end += pending;
        pending = 0;
    }

    /** Returns when everything appended is on the disk. */
    void sync() throws IOException {
        if (pending > 0) {
            write();
        }
        file.sync();
    }

    /** Puts another file in the place of this one, with these entries; durable on return. */
    void rewrite(final List<CatalogueEntry> entries) throws IOException {
        close();
        final Path unfinished = path.resolveSibling(NAME + ".new");
        files.delete(unfinished);
        file = files.open(unfinished, BlockFiles.Mode.WRITE);
        buffer.setMemory(0, HEADER_LENGTH, (byte) 0);
        buffer.putInt(VERSION_OFFSET, VERSION, LITTLE_ENDIAN);
        buffer.putLong(MAGIC_OFFSET, MAGIC, LITTLE_ENDIAN);
        buffer.putLong(MACHINE_HIGH_OFFSET, machineIdHigh, LITTLE_ENDIAN);
        buffer.putLong(MACHINE_LOW_OFFSET, machineIdLow, LITTLE_ENDIAN);
        buffer.putInt(GENERATION_OFFSET, generation, LITTLE_ENDIAN);
        chain = Crc32c.computeAround(buffer, 0, HEADER_LENGTH, 0);
        buffer.putInt(0, chain, LITTLE_ENDIAN);
        fileLength = 0;
        end = 0;
        pending = HEADER_LENGTH;
        write();
        for (final CatalogueEntry entry : entries) {
            append(entry);
        }
        sync();
        files.rename(unfinished, path);
        files.syncDirectory(path.getParent());
    }

    /** Bytes that entries and header take. */
    long length() {
        return end + pending;
    }

    /** Offset behind the last entry that checked. */
    long end() {
        return end;
    }

    String name() {
        return path.toString();
    }

    /** Whose stream it is, 32 hexadecimal digits. */
    String machine() {
        return String.format("%016x%016x", machineIdHigh, machineIdLow);
    }

    /** Of the stream when the file was written anew. */
    int generation() {
        return generation;
    }

    @Override
    public void close() {
        pending = 0;
        if (file != null) {
            file.close();
            file = null;
        }
    }
}
