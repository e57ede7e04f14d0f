package org.farshore.dataplane.journal;

import org.agrona.BitUtil;

/** Bounds of the journal, checked before memory is taken. Lengths in bytes. */
public final class JournalLimits {
    /** What a disk writes as one: groups begin and end on it, so that a later write never touches an acknowledged frame. */
    public static final int BLOCK_LENGTH = 4096;
    /** Frames begin on multiples of this. */
    public static final int FRAME_ALIGNMENT = 32;
    /** Longest body of a frame: the longest record message. */
    public static final int BODY_LENGTH_MAX = 65_504 - 32;
    /** Longest frame, alignment included. */
    public static final int FRAME_LENGTH_MAX =
            BitUtil.align(JournalFrameFlyweight.HEADER_LENGTH + BODY_LENGTH_MAX, FRAME_ALIGNMENT);
    /** A group that has reached this length is closed. */
    public static final int GROUP_LENGTH = 1 << 20;
    /** Longest group: one frame more, and the PAD at its end. */
    public static final int GROUP_LENGTH_MAX =
            BitUtil.align(GROUP_LENGTH + FRAME_LENGTH_MAX + JournalFrameFlyweight.HEADER_LENGTH, BLOCK_LENGTH);
    /** Groups of one stream under way between the receive thread and the disk. */
    public static final int GROUPS_MAX = 4;
    /** Where the first group of a segment begins. */
    public static final int SEGMENT_HEADER_LENGTH = BLOCK_LENGTH;
    /** Shortest segment: its header and room for a few of the longest frames. */
    public static final int SEGMENT_LENGTH_MIN = 256 << 10;
    /** Longest segment. */
    public static final int SEGMENT_LENGTH_MAX = 1 << 30;
    /** Fewest segments: one being written, one prepared, one being applied, one to spare. */
    public static final int SEGMENTS_MIN = 4;
    /** Most segments of one stream. */
    public static final int SEGMENTS_MAX = 16_384;
    /** A group waits no longer than this for company. */
    public static final long GROUP_WAIT_NS_MAX = 100_000_000L;

    private JournalLimits() {}

    /** Rounds up to the next block. */
    static int alignToBlock(final int length) {
        return BitUtil.align(length, BLOCK_LENGTH);
    }
}
