package org.farshore.dataplane.ship;

/**
 * The sending end of one hop, as a role sees it: a hello stream towards a receiver, a response channel back, and one data
 * stream whose ids the receiver names in its Welcome. Never blocks. One thread.
 *
 * <p>A link is made for one connection attempt and closed when it breaks; a new attempt makes a new link.
 */
public interface SenderLink extends AutoCloseable {
    /** True while hellos can be sent and answers can come back. */
    boolean isConnected();

    /** Claims room for a message of exactly {@code length} bytes on the hello stream. */
    LinkStatus claimHello(int length);

    /** Hands at most {@code limit} messages from the receiver to the handler; returns how many. */
    int poll(MessageHandler handler, int limit);

    /** Opens the data stream that a Welcome named. */
    void openData(int streamId, int sessionId);

    /** True when the receiver has the data stream; false before, and again for good once it was lost. */
    boolean isDataConnected();

    /** Claims room for a message of exactly {@code length} bytes, at most {@link StreamLimits#MESSAGE_LENGTH_MAX}. */
    LinkStatus claimData(int length);

    /** The room of the last claim that answered {@link LinkStatus#OK}, until it is committed or aborted. */
    Claim claim();

    /** Position of the data stream in bytes, for counters. */
    long dataPosition();

    @Override
    void close();
}
