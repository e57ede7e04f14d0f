package org.farshore.dataplane.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.Zeros;

/**
 * A flat file or a block device as an export: the plainest disk there is, and what views are measured against. Each
 * connection opens the file for itself. They meet in the page cache, and a sync of one writes out what all have written; so
 * connections are coherent.
 *
 * <p>After a sync that failed, the page cache shows bytes that the disk may lack and a second sync would answer "well". So
 * the export keeps the failure: every later flush, write and zeroing of every connection fails too.
 */
public final class FileExport implements NbdExport {
    private final BlockFiles files;
    private final Path path;
    private final boolean readOnly;
    private final long sizeBytes;
    private final AtomicReference<String> failedSync = new AtomicReference<>();

    /**
     * Serves {@code path}, which exists, with the size it has now.
     *
     * @throws IOException when it cannot be opened.
     */
    public FileExport(final BlockFiles files, final Path path, final boolean readOnly) throws IOException {
        this.files = files;
        this.path = path;
        this.readOnly = readOnly;
        if (!files.exists(path)) {
            throw new IOException("there is no " + path);
        }
        try (BlockFile file = files.open(path, mode())) {
            sizeBytes = file.length();
        }
    }

    private BlockFiles.Mode mode() {
        return readOnly ? BlockFiles.Mode.READ : BlockFiles.Mode.WRITE;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public String description() {
        return "file " + path.getFileName();
    }

    @Override
    public boolean isReadOnly() {
        return readOnly;
    }

    @Override
    public boolean canTrim() {
        return true;
    }

    /** Not promised: a filesystem that cannot punch holes gets zeros written. */
    @Override
    public boolean isZeroingFast() {
        return false;
    }

    @Override
    public boolean isCoherentAcrossConnections() {
        return true;
    }

    @Override
    public boolean knowsHoles() {
        return true;
    }

    @Override
    public NbdAccess open() throws IOException {
        return new Access(files.open(path, mode()));
    }

    private final class Access implements NbdAccess {
        private final BlockFile file;

        Access(final BlockFile file) {
            this.file = file;
        }

        @Override
        public void read(final long offset, final ByteBuffer target, final NbdOutcome outcome) {
            final int begin = target.position();
            try {
                file.read(target, offset);
            } catch (final IOException e) {
                fail(offset + target.position() - begin, e, outcome);
            }
        }

        @Override
        public void write(final long offset, final ByteBuffer source, final NbdOutcome outcome) {
            final int begin = source.position();
            if (isPoisoned(offset, outcome)) {
                return;
            }
            try {
                file.write(source, offset);
            } catch (final IOException e) {
                fail(offset + source.position() - begin, e, outcome);
            }
        }

        @Override
        public void flush(final NbdOutcome outcome) {
            if (readOnly || isPoisoned(0, outcome)) {
                return;
            }
            try {
                file.sync();
            } catch (final IOException e) {
                failedSync.compareAndSet(null, "a sync has failed, written bytes may be lost: " + words(e));
            }
            // Also when another connection's sync failed meanwhile: the kernel tells of lost pages once.
            isPoisoned(0, outcome);
        }

        private boolean isPoisoned(final long offset, final NbdOutcome outcome) {
            final String failure = failedSync.get();
            if (failure != null) {
                outcome.fail(NbdError.EIO, offset, failure);
            }
            return failure != null;
        }

        @Override
        public void trim(final long offset, final long length, final NbdOutcome outcome) {
            writeZeroes(offset, length, true, outcome);
        }

        @Override
        public void writeZeroes(
                final long offset, final long length, final boolean mayLeaveHole, final NbdOutcome outcome) {
            if (isPoisoned(offset, outcome)) {
                return;
            }
            try {
                if (mayLeaveHole) {
                    file.zero(offset, length);
                } else {
                    for (long done = 0; done < length; done += Zeros.LENGTH_MAX) {
                        file.write(Zeros.of(length - done), offset + done);
                    }
                }
            } catch (final IOException e) {
                fail(offset, e, outcome);
            }
        }

        @Override
        public void blockStatus(
                final long offset, final long length, final NbdExtents extents, final NbdOutcome outcome) {
            final long end = offset + length;
            long at = offset;
            try {
                boolean more = true;
                while (more && at < end) {
                    final long data = Math.min(file.nextData(at), end);
                    more = extents.add(data - at, NbdExtents.HOLE | NbdExtents.ZERO);
                    if (more && data < end) {
                        at = Math.min(file.nextHole(data), end);
                        more = extents.add(at - data, 0);
                    } else {
                        at = data;
                    }
                }
            } catch (final IOException e) {
                fail(at, e, outcome);
            }
        }

        private void fail(final long offset, final IOException cause, final NbdOutcome outcome) {
            outcome.fail(errorOf(cause), offset, "the file failed: " + words(cause));
        }

        @Override
        public void close() {
            file.close();
        }
    }

    /** The kernel's words without the path before them: clients need not know where the file lies. */
    private static String words(final IOException cause) {
        final Throwable kernel = cause.getCause() instanceof IOException ? cause.getCause() : cause;
        return String.valueOf(kernel.getMessage());
    }

    /** The JDK hides errno in strerror's words; in a locale with other words this is EIO, which is never wrong. */
    private static NbdError errorOf(final IOException cause) {
        final String message = words(cause);
        final boolean full = message.contains("No space left on device")
                || message.contains("Disk quota exceeded")
                || message.contains("File too large");
        return full ? NbdError.ENOSPC : NbdError.EIO;
    }
}
