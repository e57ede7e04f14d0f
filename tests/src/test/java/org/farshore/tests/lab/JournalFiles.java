package org.farshore.tests.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.farshore.dataplane.journal.JournalInspector;
import org.farshore.dataplane.runtime.ChannelBlockFiles;

/** The journal of the only stream of a master target, from outside: finds places in it and spoils them. */
public final class JournalFiles {
    private static final int BLOCK_LENGTH = 4096;
    private static final int SECTOR_LENGTH = 512;
    /** See JournalFrameFlyweight. */
    private static final int SEGMENT_NUMBER_OFFSET = 16;

    private final Path dataDirectory;
    private final long segmentLength;

    /** A place in a file. */
    public record Place(Path file, long offset, long segmentNumber) {}

    public JournalFiles(final Path dataDirectory, final long segmentLength) {
        this.dataDirectory = dataDirectory;
        this.segmentLength = segmentLength;
    }

    private JournalInspector inspector() {
        try {
            final JournalInspector inspector = JournalInspector.find(new ChannelBlockFiles(), dataDirectory)
                    .get(0);
            inspector.load();
            return inspector;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where the first segment files of the stream are or will be. */
    public List<Path> segments(final int count) {
        final Path directory = inspector().directory();
        final List<Path> paths = new ArrayList<>();
        for (int slot = 0; slot < count; slot++) {
            paths.add(directory.resolve(String.format("segment-%05d", slot)));
        }
        return paths;
    }

    /** The place of a position: segment number times segment length and offset. */
    public Place place(final long position) {
        final JournalInspector inspector = inspector();
        final long number = position / segmentLength;
        for (final JournalInspector.SegmentInfo segment : inspector.segments()) {
            if (segment.segmentNumber() == number) {
                return new Place(inspector.directory().resolve(segment.name()), position % segmentLength, number);
            }
        }
        throw new AssertionError("no segment " + number + " in " + inspector.segments());
    }

    /**
     * The first place from {@code position} on where a frame of this use of its segment begins a block. Only the first
     * frame of a group does so, and a group may be a mebibyte and more: where none follows, the last one before.
     */
    public Place frameNear(final long position) {
        final Place near = place(position);
        final long from = (near.offset() + BLOCK_LENGTH - 1) & -BLOCK_LENGTH;
        return LongStream.concat(
                        LongStream.iterate(from, at -> at < segmentLength, at -> at + BLOCK_LENGTH),
                        LongStream.iterate(from - BLOCK_LENGTH, at -> at >= 0, at -> at - BLOCK_LENGTH))
                .mapToObj(at -> new Place(near.file(), at, near.segmentNumber()))
                .filter(this::holdsFrame)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no frame in the segment of " + near));
    }

    /** True when a frame of this use of the segment begins here. */
    public boolean holdsFrame(final Place place) {
        return read(place.file(), place.offset(), BLOCK_LENGTH).getLong(SEGMENT_NUMBER_OFFSET) == place.segmentNumber();
    }

    /** Changes one byte. */
    public static void flip(final Path file, final long offset) {
        final ByteBuffer one = read(file, offset, 1);
        one.put(0, (byte) (one.get(0) ^ 0x20));
        write(file, offset, one);
    }

    /**
     * What a power cut may leave of writes that were not synced: each sector there, gone, or rubbish.
     *
     * @return sectors changed.
     */
    public int tear(final Place from, final int length, final SplittableRandom random) {
        int changed = 0;
        final long end = Math.min(from.offset() + length, segmentLength);
        for (long at = from.offset(); at < end; at += SECTOR_LENGTH) {
            final int fate = random.nextInt(3);
            if (fate > 0) {
                final byte[] sector = new byte[SECTOR_LENGTH];
                if (fate > 1) {
                    random.nextBytes(sector);
                }
                write(from.file(), at, ByteBuffer.wrap(sector));
                changed++;
            }
        }
        Shell.must("sync", from.file().toString());
        return changed;
    }

    public static ByteBuffer read(final Path file, final long offset, final int length) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            final ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
            while (bytes.hasRemaining() && channel.read(bytes, offset + bytes.position()) > 0) {
                // until all is there
            }
            return bytes.flip();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(final Path file, final long offset, final ByteBuffer bytes) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(bytes, offset);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
