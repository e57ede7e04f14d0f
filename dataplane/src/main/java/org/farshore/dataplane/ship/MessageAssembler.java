package org.farshore.dataplane.ship;

import io.aeron.Image;
import io.aeron.logbuffer.ControlledFragmentHandler;
import io.aeron.logbuffer.FrameDescriptor;
import io.aeron.logbuffer.Header;
import io.aeron.protocol.DataHeaderFlyweight;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.LangUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Makes whole messages out of the frames of one image. A message of one frame is handed on where it lies. Others are put
 * together in direct memory that is taken once, at the first such message, and never grows: Aeron's own assembler grows
 * with whatever the sender sends. A message beyond the bound breaks the stream: {@link #isBroken()}.
 *
 * <p>A handler that refuses a message makes the poll stop before its last frame, so that the same message comes again. So
 * does one that throws: Aeron would only count the failure and go on behind the message; here it reaches who polls.
 */
final class MessageAssembler implements ControlledFragmentHandler {
    private final int messageLengthMax;
    private UnsafeBuffer scratch;
    private int filled;
    private boolean assembling;
    private boolean broken;
    private MessageHandler handler;
    private int messagesLeft;
    private Throwable failure;

    MessageAssembler(final int messageLengthMax) {
        this.messageLengthMax = messageLengthMax;
    }

    /** Hands at most {@code limit} messages of {@code image} to {@code target}; returns how many it took. */
    int poll(final Image image, final MessageHandler target, final int limit) {
        if (broken) {
            return 0;
        }
        handler = target;
        messagesLeft = limit;
        final int frameLength = image.mtuLength() - DataHeaderFlyweight.HEADER_LENGTH;
        final int framesPerMessage = (messageLengthMax + frameLength - 1) / frameLength;
        image.controlledPoll(this, limit * framesPerMessage);
        if (failure != null) {
            final Throwable thrown = failure;
            failure = null;
            LangUtil.rethrowUnchecked(thrown);
        }
        return limit - messagesLeft;
    }

    /** True when the sender sent something that no honest one sends; nothing more comes out then. */
    boolean isBroken() {
        return broken;
    }

    @Override
    public Action onFragment(final DirectBuffer buffer, final int offset, final int length, final Header header) {
        final byte flags = header.flags();
        if ((flags & FrameDescriptor.UNFRAGMENTED) == FrameDescriptor.UNFRAGMENTED) {
            assembling = false;
            return length > messageLengthMax ? breakOff() : deliver(buffer, offset, length);
        }
        if ((flags & FrameDescriptor.BEGIN_FRAG_FLAG) != 0) {
            assembling = true;
            filled = 0;
        }
        if (!assembling || filled + length > messageLengthMax) {
            return breakOff();
        }
        if (scratch == null) {
            scratch = new UnsafeBuffer(BufferUtil.allocateDirectAligned(messageLengthMax, 64));
        }
        scratch.putBytes(filled, buffer, offset, length);
        if ((flags & FrameDescriptor.END_FRAG_FLAG) == 0) {
            filled += length;
            return Action.CONTINUE;
        }
        final Action action = deliver(scratch, 0, filled + length);
        assembling = action == Action.ABORT; // its last frame comes again, to be put at the same place
        return action;
    }

    private Action deliver(final DirectBuffer buffer, final int offset, final int length) {
        try {
            if (!handler.onMessage(buffer, offset, length)) {
                return Action.ABORT;
            }
        } catch (final Throwable t) {
            failure = t;
            return Action.ABORT;
        }
        messagesLeft--;
        return messagesLeft == 0 ? Action.BREAK : Action.CONTINUE;
    }

    private Action breakOff() {
        broken = true;
        return Action.BREAK;
    }
}
