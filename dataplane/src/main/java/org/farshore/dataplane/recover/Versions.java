package org.farshore.dataplane.recover;

/** Where the bytes of one volume at one moment lie. For one thread; each access of a view has its own. */
public interface Versions extends AutoCloseable {
    /**
     * Fills {@code pieces} with those of an extent, in order, without gaps.
     *
     * @param offset and
     * @param length multiples of 512.
     * @throws ViewException INDEX when it cannot be said now.
     */
    void find(long offset, long length, ViewPieces pieces) throws ViewException;

    @Override
    void close();
}
