package org.farshore.agent.capture;

import org.agrona.DirectBuffer;

/** Takes the records of the capture ring, in the order in which the kernel wrote them. Offsets and lengths in bytes. */
public interface CaptureHandler {
    /**
     * A write was submitted: one piece of its payload. Pieces of one bio follow each other, but records of bios submitted
     * on other CPUs may lie between them.
     *
     * @param volume number of the volume in its stream.
     * @param offset byte offset in the volume, multiple of 512.
     * @param length bytes of this piece, multiple of 512, at most 61,440.
     * @param first true for the first piece of its bio.
     * @param last true for the last piece of its bio.
     * @param timeNs CLOCK_MONOTONIC at submission.
     * @param payload direct memory that stays valid until the ring is released past this record.
     * @return false to stop before this record; it comes again with the next take.
     */
    boolean onSubmit(
            int volume,
            long offset,
            int length,
            boolean first,
            boolean last,
            long timeNs,
            DirectBuffer payload,
            int payloadOffset);

    /**
     * A write completed, or a part of it.
     *
     * @param error 0, or the block layer's status of a failed write.
     * @return as for {@link #onSubmit}.
     */
    boolean onComplete(int volume, long offset, long length, int error, long timeNs);

    /** A discard or write-zeroes completed well; the range reads as zeros from here on. Returns as {@link #onSubmit}. */
    boolean onZeroed(int volume, long offset, long length, boolean discard, long timeNs);
}
