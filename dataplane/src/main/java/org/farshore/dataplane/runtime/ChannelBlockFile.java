package org.farshore.dataplane.runtime;

import com.sun.jna.LastErrorException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** A {@link BlockFile} on a {@link FileChannel}; positional reads and writes of direct buffers allocate nothing. */
final class ChannelBlockFile implements BlockFile {
    /** What direct I/O is aligned to. */
    private static final int DIRECT_ALIGNMENT = 4096;

    private final Path path;
    private final FileChannel channel;
    private final boolean regular;
    private final boolean direct;
    private int zeroFd = -1;
    private boolean canPunch = true;
    private int seekFd = -1;

    ChannelBlockFile(final Path path, final FileChannel channel, final boolean regular, final boolean direct) {
        this.path = path;
        this.channel = channel;
        this.regular = regular;
        this.direct = direct;
    }

    @Override
    public void read(final ByteBuffer target, final long offset) throws IOException {
        if (direct && target.remaining() % DIRECT_ALIGNMENT != 0) {
            readTail(target, offset);
        } else {
            readFully(target, offset);
        }
    }

    /**
     * Direct I/O reads whole blocks, but a volume may end within one (partitions often do): asks for the whole block and
     * takes what there is.
     */
    private void readTail(final ByteBuffer target, final long offset) throws IOException {
        final int limit = target.limit();
        final int begin = target.position();
        final int whole = (limit - begin + DIRECT_ALIGNMENT - 1) / DIRECT_ALIGNMENT * DIRECT_ALIGNMENT;
        target.limit(begin + whole);
        try {
            final int count = readOnce(target, offset);
            if (count < limit - begin) {
                throw new EOFException(
                        path + " ends at " + length() + ", wanted " + (limit - begin) + " bytes at " + offset);
            }
            target.position(limit);
        } finally {
            target.limit(limit);
        }
    }

    private void readFully(final ByteBuffer target, final long offset) throws IOException {
        long at = offset;
        while (target.hasRemaining()) {
            final int count = readOnce(target, at);
            if (count < 0) {
                throw new EOFException(
                        path + " ends at " + length() + ", wanted " + target.remaining() + " bytes at " + at);
            }
            at += count;
        }
    }

    private int readOnce(final ByteBuffer target, final long offset) throws IOException {
        try {
            return channel.read(target, offset);
        } catch (final IOException e) {
            throw named(e);
        }
    }

    @Override
    public void write(final ByteBuffer source, final long offset) throws IOException {
        long at = offset;
        try {
            while (source.hasRemaining()) {
                at += channel.write(source, at);
            }
        } catch (final IOException e) {
            throw named(e);
        }
    }

    /** The kernel's words, with the file that they are about. */
    private IOException named(final IOException cause) {
        return new IOException(path + ": " + cause.getMessage(), cause);
    }

    @Override
    public void zero(final long offset, final long length) throws IOException {
        if (canPunch && punch(offset, length)) {
            return;
        }
        for (long done = 0; done < length; done += Zeros.LENGTH_MAX) {
            write(Zeros.of(length - done), offset + done);
        }
    }

    private boolean punch(final long offset, final long length) throws IOException {
        try {
            if (zeroFd < 0) {
                zeroFd = Libc.open(path.toString(), Libc.O_RDWR | Libc.O_CLOEXEC);
            }
            Libc.fallocate(zeroFd, Libc.FALLOC_FL_PUNCH_HOLE | Libc.FALLOC_FL_KEEP_SIZE, offset, length);
            return true;
        } catch (final LastErrorException e) {
            final int eopnotsupp = 95;
            if (e.getErrorCode() != eopnotsupp) {
                throw new IOException(
                        "cannot zero " + length + " bytes at " + offset + " of " + path + ": errno " + e.getErrorCode(),
                        e);
            }
            canPunch = false;
            return false;
        }
    }

    @Override
    public void sync() throws IOException {
        try {
            channel.force(false);
        } catch (final IOException e) {
            throw named(e);
        }
    }

    @Override
    public long nextData(final long offset) throws IOException {
        return regular ? seek(offset, Libc.SEEK_DATA) : offset;
    }

    @Override
    public long nextHole(final long offset) throws IOException {
        return regular ? seek(offset, Libc.SEEK_HOLE) : length();
    }

    private long seek(final long offset, final int whence) throws IOException {
        final int enxio = 6;
        try {
            if (seekFd < 0) {
                seekFd = Libc.open(path.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC);
            }
            return Libc.lseek(seekFd, offset, whence);
        } catch (final LastErrorException e) {
            if (e.getErrorCode() == enxio) {
                return length();
            }
            throw new IOException(
                    "cannot look for holes at " + offset + " of " + path + ": errno " + e.getErrorCode(), e);
        }
    }

    @Override
    public void forgetCached() throws IOException {
        try {
            final int fd = Libc.open(path.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC);
            final int error = Libc.posix_fadvise(fd, 0, 0, Libc.POSIX_FADV_DONTNEED);
            Libc.close(fd);
            if (error != 0) {
                throw new IOException(path + ": the page cache cannot be forgotten, errno " + error);
            }
        } catch (final LastErrorException e) {
            throw new IOException(path + ": the page cache cannot be forgotten, errno " + e.getErrorCode(), e);
        }
    }

    @Override
    public long length() throws IOException {
        return channel.size();
    }

    @Override
    public void setLength(final long length) throws IOException {
        if (!regular) {
            throw new IOException(path + " is no regular file: its length cannot be set");
        }
        final long now = channel.size();
        if (length < now) {
            channel.truncate(length);
        } else if (length > now) {
            channel.write(ByteBuffer.wrap(new byte[1]), length - 1);
        }
    }

    @Override
    public String name() {
        return path.toString();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.STORAGE, "cannot close " + path + ": " + e.getMessage(), e);
        } finally {
            if (zeroFd >= 0) {
                Libc.close(zeroFd);
                zeroFd = -1;
            }
            if (seekFd >= 0) {
                Libc.close(seekFd);
                seekFd = -1;
            }
        }
    }
}
