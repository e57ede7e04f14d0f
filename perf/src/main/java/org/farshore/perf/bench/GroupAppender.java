package org.farshore.perf.bench;

import java.io.IOException;
import org.agrona.DirectBuffer;

/** A journal as the benchmark sees it: messages go in, and after {@link #sync} all of them are on the disk. One thread. */
interface GroupAppender extends AutoCloseable {
    /** Appends one message; copied during the call. */
    void append(DirectBuffer source, int offset, int length) throws IOException;

    /** Returns when everything appended is durable. */
    void sync() throws IOException;

    @Override
    void close() throws IOException;
}
