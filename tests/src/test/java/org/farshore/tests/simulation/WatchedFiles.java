package org.farshore.tests.simulation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;

/** Files that tell before each operation what is about to happen; whoever is told may let it fail, or die. */
public final class WatchedFiles implements BlockFiles {
    private final BlockFiles files;
    private final Watch watch;

    /** Told before each operation. */
    public interface Watch {
        void beforeRead(String name) throws IOException;

        default void beforeChange(final String name, final String operation, final long offset, final long length) {}
    }

    public WatchedFiles(final BlockFiles files, final Watch watch) {
        this.files = files;
        this.watch = watch;
    }

    @Override
    public BlockFile open(final Path path, final Mode mode) throws IOException {
        return new Opened(files.open(path, mode));
    }

    @Override
    public boolean exists(final Path path) {
        return files.exists(path);
    }

    @Override
    public List<String> list(final Path directory) throws IOException {
        return files.list(directory);
    }

    @Override
    public void createDirectories(final Path directory) throws IOException {
        files.createDirectories(directory);
    }

    @Override
    public void delete(final Path path) throws IOException {
        watch.beforeChange(path.toString(), "delete", 0, 0);
        files.delete(path);
    }

    @Override
    public void rename(final Path from, final Path to) throws IOException {
        watch.beforeChange(from.toString(), "rename", 0, 0);
        files.rename(from, to);
    }

    @Override
    public long usableBytes(final Path directory) throws IOException {
        return files.usableBytes(directory);
    }

    @Override
    public long totalBytes(final Path directory) throws IOException {
        return files.totalBytes(directory);
    }

    @Override
    public void syncDirectory(final Path directory) throws IOException {
        watch.beforeChange(directory.toString(), "sync directory", 0, 0);
        files.syncDirectory(directory);
    }

    private final class Opened implements BlockFile {
        private final BlockFile file;

        Opened(final BlockFile file) {
            this.file = file;
        }

        @Override
        public void read(final ByteBuffer target, final long offset) throws IOException {
            watch.beforeRead(file.name());
            file.read(target, offset);
        }

        @Override
        public void write(final ByteBuffer source, final long offset) throws IOException {
            watch.beforeChange(file.name(), "write", offset, source.remaining());
            file.write(source, offset);
        }

        @Override
        public void zero(final long offset, final long length) throws IOException {
            watch.beforeChange(file.name(), "zero", offset, length);
            file.zero(offset, length);
        }

        @Override
        public void sync() throws IOException {
            watch.beforeChange(file.name(), "sync", 0, 0);
            file.sync();
        }

        @Override
        public long length() throws IOException {
            return file.length();
        }

        @Override
        public void setLength(final long length) throws IOException {
            watch.beforeChange(file.name(), "length", length, 0);
            file.setLength(length);
        }

        @Override
        public void forgetCached() throws IOException {
            file.forgetCached();
        }

        @Override
        public String name() {
            return file.name();
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
