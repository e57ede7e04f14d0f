package org.farshore.agent.capture;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.BlockFile;

/** Reads a volume and takes note of each whole block that was read: what is read here goes to the copy. Reader's thread. */
final class NotingBlockFile implements BlockFile {
    private static final int BLOCK_LENGTH = BlockChecksums.BLOCK_LENGTH;

    private final BlockFile file;
    private final BlockChecksums checksums;
    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);

    NotingBlockFile(final BlockFile file, final BlockChecksums checksums) {
        this.file = file;
        this.checksums = checksums;
    }

    @Override
    public void read(final ByteBuffer target, final long offset) throws IOException {
        final int from = target.position();
        final int length = target.remaining();
        file.read(target, offset);
        view.wrap(target, from, length);
        final long size = file.length();
        int at = (int) (-offset & (BLOCK_LENGTH - 1));
        while (at < length) {
            final int blockLength = (int) Math.min(BLOCK_LENGTH, size - offset - at);
            if (at + blockLength > length) {
                break;
            }
            checksums.note((offset + at) / BLOCK_LENGTH, view, at, blockLength);
            at += blockLength;
        }
        view.wrap(0, 0);
    }

    @Override
    public void write(final ByteBuffer source, final long offset) throws IOException {
        throw new IOException(file.name() + " is only read");
    }

    @Override
    public void zero(final long offset, final long length) throws IOException {
        throw new IOException(file.name() + " is only read");
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
        throw new IOException(file.name() + " is only read");
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
