package org.farshore.dataplane.ship;

import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import io.aeron.logbuffer.BufferClaim;
import io.aeron.logbuffer.FrameDescriptor;
import io.aeron.protocol.DataHeaderFlyweight;
import org.agrona.BufferUtil;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Room for one message in an exclusive publication. A message that fits one frame is claimed in the term buffer and
 * encoded in place. A longer one is encoded beside it and offered at commit, which Aeron cuts into frames.
 *
 * <p><strong>Commit must not find the room gone.</strong> {@code offer} takes a message as soon as the position is
 * below the limit, but may first have to end a term and then stand beyond the limit. So a claim wants a window for the
 * message <em>and</em> for the padding at the end of a term, which is shorter than the message. The limit only grows while
 * the receiver is there; when it has gone in between, the message is dropped and the stream with it.
 */
final class PublicationClaim implements Claim {
    private final BufferClaim frame = new BufferClaim();
    private final int messageLengthMax;
    private UnsafeBuffer scratch;
    private ExclusivePublication publication;
    private boolean inPlace;
    private boolean isBroken;
    private int length;

    PublicationClaim(final int messageLengthMax) {
        this.messageLengthMax = messageLengthMax;
    }

    LinkStatus claim(final ExclusivePublication target, final int messageLength) {
        if (messageLength <= 0 || messageLength > messageLengthMax) {
            throw new IllegalArgumentException("message of " + messageLength + " bytes, at most " + messageLengthMax);
        }
        if (isBroken) {
            return LinkStatus.CLOSED;
        }
        publication = target;
        length = messageLength;
        inPlace = messageLength <= target.maxPayloadLength();
        return inPlace ? claimFrame() : claimScratch();
    }

    private LinkStatus claimFrame() {
        long result = publication.tryClaim(length, frame);
        if (result == Publication.ADMIN_ACTION) {
            result = publication.tryClaim(length, frame);
        }
        return result > 0 ? LinkStatus.OK : status(result);
    }

    private LinkStatus claimScratch() {
        final long window = publication.availableWindow();
        if (window == Publication.CLOSED) {
            return LinkStatus.CLOSED;
        }
        if (window <= 2L * framedLength()) {
            return publication.isConnected() ? LinkStatus.BACK_PRESSURE : LinkStatus.NOT_CONNECTED;
        }
        if (scratch == null) {
            scratch = new UnsafeBuffer(BufferUtil.allocateDirectAligned(messageLengthMax, 64));
        }
        return LinkStatus.OK;
    }

    /** Length of the message in the term: every frame with its header, aligned. */
    private int framedLength() {
        final int payloadLength = publication.maxPayloadLength();
        final int frames = (length + payloadLength - 1) / payloadLength;
        return length + frames * (DataHeaderFlyweight.HEADER_LENGTH + FrameDescriptor.FRAME_ALIGNMENT);
    }

    @Override
    public MutableDirectBuffer buffer() {
        return inPlace ? frame.buffer() : scratch;
    }

    @Override
    public int offset() {
        return inPlace ? frame.offset() : 0;
    }

    @Override
    public void commit() {
        if (inPlace) {
            frame.commit();
            return;
        }
        long result = publication.offer(scratch, 0, length);
        if (result == Publication.ADMIN_ACTION) {
            result = publication.offer(scratch, 0, length);
        }
        isBroken |= result <= 0;
    }

    /** True when a message was dropped at commit: what follows would be out of order, the stream must not go on. */
    boolean isBroken() {
        return isBroken;
    }

    @Override
    public void abort() {
        if (inPlace) {
            frame.abort();
        }
    }

    private static LinkStatus status(final long result) {
        if (result == Publication.BACK_PRESSURED || result == Publication.ADMIN_ACTION) {
            return LinkStatus.BACK_PRESSURE;
        }
        return result == Publication.NOT_CONNECTED ? LinkStatus.NOT_CONNECTED : LinkStatus.CLOSED;
    }
}
