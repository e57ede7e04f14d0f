package org.farshore.tests.simulation.small;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;

/** Files of which every read can be told to fail. */
final class FragileFiles implements BlockFiles {
    private final BlockFiles files;
    private final Reading beforeRead;

    /** Told before a read, which it may let fail. */
    interface Reading {
        void run(String name) throws IOException;
    }

    FragileFiles(final BlockFiles files, final Reading beforeRead) {
        this.files = files;
        this.beforeRead = beforeRead;
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
        files.delete(path);
    }

    @Override
    public void rename(final Path from, final Path to) throws IOException {
        files.rename(from, to);
    }

    @Override
    public long usableBytes(final Path directory) throws IOException {
        return files.usableBytes(directory);
    }

    @Override
    public void syncDirectory(final Path directory) throws IOException {
        files.syncDirectory(directory);
    }

    private final class Opened implements BlockFile {
        private final BlockFile file;

        Opened(final BlockFile file) {
            this.file = file;
        }

        @Override
        public void read(final ByteBuffer target, final long offset) throws IOException {
            beforeRead.run(file.name());
            file.read(target, offset);
        }

        @Override
        public void write(final ByteBuffer source, final long offset) throws IOException {
            file.write(source, offset);
        }

        @Override
        public void zero(final long offset, final long length) throws IOException {
            file.zero(offset, length);
        }

        @Override
        public void sync() throws IOException {
            file.sync();
        }

        @Override
        public long length() throws IOException {
            return file.length();
        }

        @Override
        public void setLength(final long length) throws IOException {
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
