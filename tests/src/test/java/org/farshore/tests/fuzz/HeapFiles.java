package org.farshore.tests.fuzz;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;

/** Files as byte arrays, that never fail: what is hostile here is what they hold. */
public final class HeapFiles implements BlockFiles {
    /** More than any honest start of these small images asks for: a length that was believed shows. */
    private static final long LENGTH_MAX = 64 << 20;

    private final Map<Path, byte[]> files = new TreeMap<>();

    public HeapFiles() {}

    /** A copy, files included. */
    public HeapFiles copy() {
        return new HeapFiles(files);
    }

    /** A copy of these files. */
    HeapFiles(final Map<Path, byte[]> other) {
        other.forEach((path, bytes) -> files.put(path, bytes.clone()));
    }

    /** A copy of what lies on another disk below a directory. */
    public static Map<Path, byte[]> image(final BlockFiles disk, final Path directory) throws IOException {
        final Map<Path, byte[]> image = new TreeMap<>();
        for (final String name : disk.list(directory)) {
            final Path path = directory.resolve(name);
            if (!disk.list(path).isEmpty()) {
                image.putAll(image(disk, path));
                continue;
            }
            try (BlockFile file = disk.open(path, Mode.READ)) {
                final byte[] bytes = new byte[(int) file.length()];
                file.read(ByteBuffer.wrap(bytes), 0);
                image.put(path, bytes);
            } catch (final NoSuchFileException e) {
                continue; // a directory without entries
            }
        }
        return image;
    }

    public HeapFiles put(final Path path, final byte[] bytes) {
        files.put(path, bytes);
        return this;
    }

    public byte[] get(final Path path) {
        return files.get(path);
    }

    public Map<Path, byte[]> all() {
        return files;
    }

    @Override
    public BlockFile open(final Path path, final Mode mode) throws IOException {
        if (mode == Mode.WRITE) {
            files.putIfAbsent(path, new byte[0]);
        } else if (!files.containsKey(path)) {
            throw new NoSuchFileException(path.toString());
        }
        return new HeapFile(path);
    }

    @Override
    public boolean exists(final Path path) {
        return files.containsKey(path);
    }

    @Override
    public List<String> list(final Path directory) {
        final TreeSet<String> names = new TreeSet<>();
        for (final Path path : files.keySet()) {
            if (path.startsWith(directory) && !path.equals(directory)) {
                names.add(directory.relativize(path).getName(0).toString());
            }
        }
        return new ArrayList<>(names);
    }

    @Override
    public void createDirectories(final Path directory) {
        // Directories are there as soon as something is in them.
    }

    @Override
    public void delete(final Path path) {
        files.remove(path);
    }

    @Override
    public void rename(final Path from, final Path to) {
        files.put(to, files.remove(from));
    }

    @Override
    public void syncDirectory(final Path directory) {
        // Nothing is ever lost.
    }

    private final class HeapFile implements BlockFile {
        private final Path path;

        HeapFile(final Path path) {
            this.path = path;
        }

        private byte[] upTo(final long end) throws IOException {
            if (end > LENGTH_MAX) {
                throw new AssertionError(path + " is to hold " + end + " bytes: a number in the input was believed");
            }
            final byte[] now = files.get(path);
            if (now == null) {
                throw new NoSuchFileException(path.toString());
            }
            if (end > now.length) {
                files.put(path, Arrays.copyOf(now, (int) end));
            }
            return files.get(path);
        }

        @Override
        public void read(final ByteBuffer target, final long offset) throws IOException {
            final byte[] now = upTo(0);
            if (offset + target.remaining() > now.length) {
                throw new IOException(path + " ends at " + now.length);
            }
            target.put(now, (int) offset, target.remaining());
        }

        @Override
        public void write(final ByteBuffer source, final long offset) throws IOException {
            final byte[] now = upTo(offset + source.remaining());
            source.get(now, (int) offset, source.remaining());
        }

        @Override
        public void zero(final long offset, final long length) throws IOException {
            final byte[] now = upTo(offset + length);
            Arrays.fill(now, (int) offset, (int) (offset + length), (byte) 0);
        }

        @Override
        public void sync() {
            // Nothing is ever lost.
        }

        @Override
        public long length() throws IOException {
            return upTo(0).length;
        }

        @Override
        public void setLength(final long length) throws IOException {
            files.put(path, Arrays.copyOf(upTo(length), (int) length));
        }

        @Override
        public String name() {
            return path.toString();
        }

        @Override
        public void close() {
            // Stays in the map.
        }
    }
}
