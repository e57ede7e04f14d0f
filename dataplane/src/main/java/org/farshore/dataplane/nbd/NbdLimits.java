package org.farshore.dataplane.nbd;

/** What one client may take of the server, beside the limits of {@link NbdServerContext}. */
final class NbdLimits {
    /** Longest payload of one read or write, advertised: what the protocol says every server should accept. */
    static final int PAYLOAD_LENGTH_MAX = 32 << 20;

    /**
     * Bytes that go to or come from an export at once. Pieces of 1 MiB were measured too (sequential reads of a cached file):
     * the same processor time for each GiB, and more memory for each connection.
     */
    static final int PIECE_LENGTH = 256 << 10;

    /** Longest read that is answered in one piece, because the client asks for it or knows no other way. */
    static final int WHOLE_READ_LENGTH_MAX = 1 << 20;

    /** Room for headers beside a piece. */
    static final int HEADROOM_LENGTH = 64 << 10;

    /** Option data that is taken into memory: a name, and several metadata queries. */
    static final int OPTION_LENGTH_MAX = 64 << 10;

    /** Option data that is skipped and answered; whoever announces more is hung up on. */
    static final int OPTION_SKIPPED_LENGTH_MAX = 1 << 20;

    /** Options in one handshake. Tools send fewer than ten; a person in nbdsh may try more. */
    static final int OPTION_COUNT_MAX = 256;

    /** Metadata queries in one option. */
    static final int QUERY_COUNT_MAX = 32;

    /** Extents in one block status reply (8 bytes each on the wire), and those looked at before a read. */
    static final int EXTENT_COUNT_MAX = 2048;

    /** A read this long is worth the question where its holes are. */
    static final int SPARSE_READ_LENGTH_MIN = 64 << 10;

    /** Export names, in bytes of UTF-8. */
    static final int NAME_LENGTH_MAX = 255;

    /** Error text sent to a client, in characters. */
    static final int MESSAGE_LENGTH_MAX = 300;

    private NbdLimits() {}
}
