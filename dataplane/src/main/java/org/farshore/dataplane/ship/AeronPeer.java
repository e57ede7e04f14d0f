package org.farshore.dataplane.ship;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Image;
import io.aeron.Subscription;
import io.aeron.exceptions.AeronException;
import org.agrona.DirectBuffer;

/** One sender as its receiver sees it: a hello image, the way back, and at most one data stream. */
final class AeronPeer implements ReceiverLink.Peer {
    private static final long NONE = Aeron.NULL_VALUE;
    private static final int HELLO_POLL_LIMIT = 4;

    private final AeronLinks links;
    private final AeronChannels channels;
    private final Image helloImage;
    private final String description;
    private final MessageAssembler hellos = new MessageAssembler(StreamLimits.CONTROL_MESSAGE_LENGTH_MAX);
    private final MessageAssembler datas = new MessageAssembler(StreamLimits.MESSAGE_LENGTH_MAX);
    private final PublicationClaim claim = new PublicationClaim(StreamLimits.CONTROL_MESSAGE_LENGTH_MAX);
    private final MessageHandler helloHandler = this::onHello;
    private final MessageHandler dataHandler = this::onData;

    private long responseId;
    private long dataId = NONE;
    private ExclusivePublication response;
    private Subscription dataSubscription;
    private Image dataImage;
    private int dataStreamId;
    private int dataSessionId;
    private boolean isHeard;
    private boolean isLost;
    private boolean isClosed;
    private Object attachment;
    private ReceiverLink.Handler handler;

    AeronPeer(final AeronLinks links, final AeronChannels channels, final Image helloImage) {
        this.links = links;
        this.channels = channels;
        this.helloImage = helloImage;
        this.description = helloImage.sourceIdentity() + " session " + helloImage.sessionId();
        this.responseId = links.aeron()
                .asyncAddExclusivePublication(
                        channels.responsePublication(helloImage.correlationId()), AeronChannels.RESPONSE_STREAM_ID);
    }

    /** Takes what the driver has made meanwhile. */
    void advance() {
        if (isClosed || isLost) {
            return;
        }
        try {
            if (response == null) {
                response = links.aeron().getExclusivePublication(responseId);
            }
            if (dataId != NONE && dataSubscription == null) {
                dataSubscription = links.aeron().getSubscription(dataId);
            }
        } catch (final AeronException e) {
            // The sender has gone while its streams were made, or never asked for a way back.
            links.errorHandler().onError(e);
            responseId = response == null ? NONE : responseId;
            dataId = dataSubscription == null ? NONE : dataId;
            isLost = true;
        }
    }

    /** Hands hello and data messages to {@code target}; returns how many. */
    int poll(final ReceiverLink.Handler target, final int limit) {
        handler = target;
        int workCount = 0;
        if (!isClosed && !helloImage.isClosed()) {
            workCount += hellos.poll(helloImage, helloHandler, HELLO_POLL_LIMIT);
        }
        if (!isClosed && dataSubscription != null) {
            workCount += pollData(limit);
        }
        return workCount;
    }

    private int pollData(final int limit) {
        if (dataImage == null) {
            if (dataSubscription.imageCount() == 0) {
                return 0;
            }
            dataImage = dataSubscription.imageAtIndex(0);
            if (dataImage.joinPosition() != 0) {
                isLost = true; // its first messages went to somebody who is no more
                return 1;
            }
        }
        return dataImage.isClosed() ? 0 : datas.poll(dataImage, dataHandler, limit);
    }

    private boolean onHello(final DirectBuffer buffer, final int offset, final int length) {
        if (isClosed) {
            return false;
        }
        isHeard = true;
        handler.onHello(this, buffer, offset, length);
        return true;
    }

    private boolean onData(final DirectBuffer buffer, final int offset, final int length) {
        return !isClosed && handler.onData(this, buffer, offset, length);
    }

    /** True when the sender is gone; looked at after a poll, so that what had arrived was handed on. */
    boolean isLost() {
        if (hellos.isBroken() || datas.isBroken()) {
            links.onMalformed();
            isLost = true;
        }
        if (helloImage.isClosed() || hasEnded(helloImage) || claim.isBroken()) {
            isLost = true;
        }
        if (dataImage != null && (dataImage.isClosed() || hasEnded(dataImage))) {
            isLost = true;
        }
        return isLost;
    }

    private static boolean hasEnded(final Image image) {
        return !image.isClosed() && image.isEndOfStream();
    }

    boolean isHeard() {
        return isHeard;
    }

    boolean isClosed() {
        return isClosed;
    }

    @Override
    public void openData() {
        closeData();
        dataStreamId = drawId();
        dataSessionId = drawId();
        dataId = links.aeron().asyncAddSubscription(channels.dataSubscription(dataSessionId), dataStreamId);
    }

    /** Random, and none of the well-known stream ids. */
    private int drawId() {
        int id;
        do {
            id = (int) links.entropy().nextLong();
        } while (id == 0 || id == AeronChannels.HELLO_STREAM_ID || id == AeronChannels.RESPONSE_STREAM_ID);
        return id;
    }

    @Override
    public int dataStreamId() {
        return dataStreamId;
    }

    @Override
    public int dataSessionId() {
        return dataSessionId;
    }

    @Override
    public LinkStatus claim(final int length) {
        if (isClosed || isLost) {
            return LinkStatus.CLOSED;
        }
        return response == null ? LinkStatus.NOT_CONNECTED : claim.claim(response, length);
    }

    @Override
    public Claim claim() {
        return claim;
    }

    /** Nothing more is handed on; the streams end a little later, see {@link AeronReceiverLink}. */
    @Override
    public void close() {
        isClosed = true;
    }

    /** Closes the streams; a sender that still is there is told. */
    void release() {
        isClosed = true;
        closeData();
        if (response != null) {
            response.close();
        } else if (responseId != NONE) {
            links.aeron().asyncRemovePublication(responseId);
        }
        if (!helloImage.isClosed()) {
            helloImage.reject("connection ended by the receiver");
        }
    }

    private void closeData() {
        if (dataSubscription != null) {
            dataSubscription.close();
        } else if (dataId != NONE) {
            links.aeron().asyncRemoveSubscription(dataId);
        }
        dataSubscription = null;
        dataImage = null;
        dataId = NONE;
    }

    @Override
    public String describe() {
        return description;
    }

    @Override
    public Object attachment() {
        return attachment;
    }

    @Override
    public void attach(final Object object) {
        attachment = object;
    }
}
