package org.farshore.dataplane.ship;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Image;
import io.aeron.Subscription;
import io.aeron.exceptions.AeronException;

/** The sending end over Aeron; see {@link AeronLinks} for how a connection comes and goes. */
final class AeronSenderLink implements SenderLink {
    private static final long NONE = Aeron.NULL_VALUE;

    private final AeronLinks links;
    private final AeronChannels channels;
    private final MessageAssembler responses = new MessageAssembler(StreamLimits.CONTROL_MESSAGE_LENGTH_MAX);
    private final PublicationClaim helloClaim = new PublicationClaim(StreamLimits.CONTROL_MESSAGE_LENGTH_MAX);
    private final PublicationClaim dataClaim = new PublicationClaim(StreamLimits.MESSAGE_LENGTH_MAX);

    private long responseId = NONE;
    private long helloId = NONE;
    private long dataId = NONE;
    private Subscription responseSubscription;
    private Image responseImage;
    private ExclusivePublication hello;
    private ExclusivePublication data;
    private Claim claim;
    private boolean wasConnected;
    private boolean wasDataConnected;
    private boolean isLost;
    private boolean isDataLost;
    private boolean isClosed;

    AeronSenderLink(final AeronLinks links, final AeronChannels channels) {
        this.links = links;
        this.channels = channels;
        this.responseId =
                links.aeron().asyncAddSubscription(channels.responseSubscription(), AeronChannels.RESPONSE_STREAM_ID);
    }

    /** Takes the next step of opening, and notices losses; returns 1 when something moved. */
    int advance() {
        if (isClosed || isLost) {
            return 0;
        }
        try {
            return open() + watch();
        } catch (final AeronException | IllegalArgumentException e) {
            // An address that does not resolve, a driver that refuses: this attempt is over, the role makes another.
            links.errorHandler().onError(e);
            forgetUnmade();
            isLost = true;
            isDataLost = true;
            return 1;
        }
    }

    /** A receiver refuses one of our streams. */
    void onRefusal(final long registrationId) {
        if (registrationId == helloId) {
            isLost = true;
        } else if (registrationId == dataId) {
            isDataLost = true;
        }
    }

    /** What could not be made needs no removal. */
    private void forgetUnmade() {
        responseId = responseSubscription == null ? NONE : responseId;
        helloId = hello == null ? NONE : helloId;
        dataId = data == null ? NONE : dataId;
    }

    private int open() {
        int workCount = 0;
        if (responseSubscription == null) {
            responseSubscription = links.aeron().getSubscription(responseId);
        } else if (helloId == NONE) {
            helloId = links.aeron()
                    .asyncAddExclusivePublication(
                            channels.helloPublication(responseSubscription.registrationId()),
                            AeronChannels.HELLO_STREAM_ID);
            workCount++;
        } else if (hello == null) {
            hello = links.aeron().getExclusivePublication(helloId);
        } else if (responseImage == null && responseSubscription.imageCount() > 0) {
            responseImage = responseSubscription.imageAtIndex(0);
            workCount++;
        }
        if (dataId != NONE && data == null) {
            data = links.aeron().getExclusivePublication(dataId);
        }
        return workCount;
    }

    private int watch() {
        if (responseImage != null) {
            final boolean canHear =
                    !responseImage.isClosed() && !responseImage.isEndOfStream() && !responses.isBroken();
            if (canHear && hello.isConnected()) {
                wasConnected = true;
            } else if (wasConnected) {
                isLost = true;
            }
            isLost |= helloClaim.isBroken();
        }
        if (data != null) {
            if (data.isConnected()) {
                wasDataConnected = true;
            } else if (wasDataConnected) {
                isDataLost = true;
            }
            isDataLost |= dataClaim.isBroken();
        }
        return 0;
    }

    @Override
    public boolean isConnected() {
        watch();
        return wasConnected && !isLost && !isClosed;
    }

    @Override
    public LinkStatus claimHello(final int length) {
        if (isLost || isClosed) {
            return LinkStatus.CLOSED;
        }
        if (!isConnected()) {
            return LinkStatus.NOT_CONNECTED;
        }
        claim = helloClaim;
        return helloClaim.claim(hello, length);
    }

    @Override
    public int poll(final MessageHandler handler, final int limit) {
        if (responseImage == null || isClosed) {
            return 0;
        }
        final int count = responses.poll(responseImage, handler, limit);
        if (responses.isBroken() && !isLost) {
            links.onMalformed();
            isLost = true;
        }
        return count;
    }

    @Override
    public void openData(final int streamId, final int sessionId) {
        closeData();
        isDataLost = isLost || isClosed;
        if (!isDataLost) {
            dataId = links.aeron().asyncAddExclusivePublication(channels.dataPublication(sessionId), streamId);
        }
    }

    @Override
    public boolean isDataConnected() {
        watch();
        return wasDataConnected && !isDataLost && !isClosed;
    }

    @Override
    public LinkStatus claimData(final int length) {
        if (isDataLost || isClosed) {
            return LinkStatus.CLOSED;
        }
        if (data == null) {
            return LinkStatus.NOT_CONNECTED;
        }
        claim = dataClaim;
        return dataClaim.claim(data, length);
    }

    @Override
    public Claim claim() {
        return claim;
    }

    @Override
    public long dataPosition() {
        return data == null || data.isClosed() ? 0 : data.position();
    }

    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        closeData();
        if (hello != null) {
            hello.close();
        } else if (helloId != NONE) {
            links.aeron().asyncRemovePublication(helloId);
        }
        if (responseSubscription != null) {
            responseSubscription.close();
        } else if (responseId != NONE) {
            links.aeron().asyncRemoveSubscription(responseId);
        }
        links.onClosed(this);
    }

    private void closeData() {
        if (data != null) {
            data.close();
        } else if (dataId != NONE) {
            links.aeron().asyncRemovePublication(dataId);
        }
        data = null;
        dataId = NONE;
        wasDataConnected = false;
    }
}
