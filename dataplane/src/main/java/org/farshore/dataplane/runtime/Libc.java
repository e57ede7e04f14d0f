package org.farshore.dataplane.runtime;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;

/**
 * The calls of the C library that the JDK does not offer. Direct mapping with primitives: nothing is allocated on success.
 * Every call throws {@link LastErrorException} with errno when it fails. Any thread.
 */
public final class Libc {
    /** open(2): read only. */
    public static final int O_RDONLY = 0;
    /** open(2): read and write. */
    public static final int O_RDWR = 2;
    /** open(2): closed on exec. */
    public static final int O_CLOEXEC = 0x80000;
    /** lseek(2): the next offset that may hold data. */
    public static final int SEEK_DATA = 3;
    /** lseek(2): the next offset in a hole; the end of a file counts as one. */
    public static final int SEEK_HOLE = 4;
    /** fallocate(2): do not change the length. */
    public static final int FALLOC_FL_KEEP_SIZE = 1;
    /** fallocate(2): make the range a hole that reads as zeros. */
    public static final int FALLOC_FL_PUNCH_HOLE = 2;
    /** fallocate(2): make the range read as zeros, keeping its space. */
    public static final int FALLOC_FL_ZERO_RANGE = 0x10;

    /** posix_fadvise(2): clean pages of the range are not needed in the page cache. */
    public static final int POSIX_FADV_DONTNEED = 4;

    static {
        Native.register(Libc.class, "c");
    }

    private Libc() {}

    /** open(2). */
    public static native int open(String path, int flags) throws LastErrorException;

    /** close(2). */
    public static native int close(int fd) throws LastErrorException;

    /** lseek(2); returns the offset found. */
    public static native long lseek(int fd, long offset, int whence) throws LastErrorException;

    /** fallocate(2); offset and length in bytes. */
    public static native int fallocate(int fd, int mode, long offset, long length) throws LastErrorException;

    /** posix_fadvise(2); returns the error number, 0 when all is well. A length of 0 means up to the end. */
    public static native int posix_fadvise(int fd, long offset, long length, int advice);
}
