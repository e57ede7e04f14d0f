package org.farshore.dataplane.ship;

/** Bounds of the replication protocol that both ends check before they take memory. */
public final class StreamLimits {
    /** Sector of the block layer, the unit of offsets and lengths of extents. */
    public static final int SECTOR_LENGTH = 512;
    /** Unit of bitmaps and of the version index. */
    public static final int BLOCK_LENGTH = 4096;
    /** Most payload in one batch before compression: 15 blocks, so that a batch fits one frame of the largest MTU. */
    public static final int BATCH_PAYLOAD_LENGTH_MAX = 15 * BLOCK_LENGTH;
    /** Most entries in the extent table of one batch. */
    public static final int BATCH_EXTENTS_MAX = 160;
    /** Longest message: what one Aeron frame carries at MTU 65,504 (32 bytes of frame header). */
    public static final int MESSAGE_LENGTH_MAX = 65_504 - 32;
    /** Longest message on the hello stream and on the response channel. */
    public static final int CONTROL_MESSAGE_LENGTH_MAX = 4096;
    /** Piece of a compare. */
    public static final int PIECE_LENGTH = 65_536;
    /** Most pieces in one compare message: 16 bytes of hash each. */
    public static final int PIECES_PER_MESSAGE_MAX = 1024;
    /** Most volumes in one stream. */
    public static final int VOLUMES_MAX = 64;
    /** Largest volume: 16 TiB, what a version entry can address. */
    public static final long VOLUME_LENGTH_MAX = 1L << 44;
    /** Version of the protocol, in Hello. */
    public static final int PROTOCOL_VERSION = 1;

    private StreamLimits() {}
}
