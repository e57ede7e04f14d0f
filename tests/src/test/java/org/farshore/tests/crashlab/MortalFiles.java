package org.farshore.tests.crashlab;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;

/**
 * The files of one life of a process: when it is killed all are closed, and nothing can be done to them any more. What had
 * been written stays in the kernel's hands, synced or not.
 */
final class MortalFiles implements BlockFiles {
    private final BlockFiles files;
    private final Set<Opened> open = ConcurrentHashMap.newKeySet();
    private volatile boolean dead;

    MortalFiles(final BlockFiles files) {
        this.files = files;
    }

    /** The process is gone; its threads have ended. */
    void kill() {
        dead = true;
        open.forEach(Opened::close);
    }

    private void mustLive() throws IOException {
        if (dead) {
            throw new IOException("the process was killed");
        }
    }

    @Override
    public BlockFile open(final Path path, final Mode mode) throws IOException {
        mustLive();
        final Opened opened = new Opened(files.open(path, mode));
        open.add(opened);
        return opened;
    }

    @Override
    public boolean exists(final Path path) {
        return files.exists(path);
    }

    @Override
    public List<String> list(final Path directory) throws IOException {
        mustLive();
        return files.list(directory);
    }

    @Override
    public void createDirectories(final Path directory) throws IOException {
        mustLive();
        files.createDirectories(directory);
    }

    @Override
    public void delete(final Path path) throws IOException {
        mustLive();
        files.delete(path);
    }

    @Override
    public void rename(final Path from, final Path to) throws IOException {
        mustLive();
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
        mustLive();
        files.syncDirectory(directory);
    }

    private final class Opened implements BlockFile {
        private final BlockFile file;

        Opened(final BlockFile file) {
            this.file = file;
        }

        @Override
        public void read(final ByteBuffer target, final long offset) throws IOException {
            mustLive();
            file.read(target, offset);
        }

        @Override
        public void write(final ByteBuffer source, final long offset) throws IOException {
            mustLive();
            file.write(source, offset);
        }

        @Override
        public void zero(final long offset, final long length) throws IOException {
            mustLive();
            file.zero(offset, length);
        }

        @Override
        public void sync() throws IOException {
            mustLive();
            file.sync();
        }

        @Override
        public void forgetCached() throws IOException {
            mustLive();
            file.forgetCached();
        }

        @Override
        public long length() throws IOException {
            mustLive();
            return file.length();
        }

        @Override
        public void setLength(final long length) throws IOException {
            mustLive();
            file.setLength(length);
        }

        @Override
        public long nextData(final long offset) throws IOException {
            mustLive();
            return file.nextData(offset);
        }

        @Override
        public long nextHole(final long offset) throws IOException {
            mustLive();
            return file.nextHole(offset);
        }

        @Override
        public String name() {
            return file.name();
        }

        @Override
        public void close() {
            open.remove(this);
            file.close();
        }
    }
}
