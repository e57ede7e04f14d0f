package org.farshore.dataplane.runtime;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The directory side of the disk seam: opens {@link BlockFile}s and changes names durably. Any thread may call it. */
public interface BlockFiles {
    /** How a file is opened. */
    enum Mode {
        /** Read only, through the page cache. */
        READ,
        /**
         * Read only, past the page cache; buffers, offsets and lengths are multiples of 4096. A length may end with the
         * file; the buffer has room for the rest of the block then, and may find anything in it.
         */
        READ_DIRECT,
        /** Read and write through the page cache; made if missing. */
        WRITE
    }

    /** Opens {@code path}; {@link Mode#WRITE} creates a missing regular file (empty) in an existing directory. */
    BlockFile open(Path path, Mode mode) throws IOException;

    boolean exists(Path path);

    /** Names of the entries of a directory, sorted; empty when there is no such directory. */
    List<String> list(Path directory) throws IOException;

    /** Makes the directory and its parents; entries are durable on return. */
    void createDirectories(Path directory) throws IOException;

    /** Removes one file if it is there; durable after {@link #syncDirectory}. */
    void delete(Path path) throws IOException;

    /** Renames within one directory, replacing what was there; durable after {@link #syncDirectory}. */
    void rename(Path from, Path to) throws IOException;

    /** Bytes that may still be written to the file system of an existing directory, as far as that is known. */
    default long usableBytes(final Path directory) throws IOException {
        return Long.MAX_VALUE;
    }

    /** Length in bytes of the file system of an existing directory, as far as that is known. */
    default long totalBytes(final Path directory) throws IOException {
        return Long.MAX_VALUE;
    }

    /** Returns when the names in this directory are on the disk. */
    void syncDirectory(Path directory) throws IOException;
}
