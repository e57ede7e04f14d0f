package org.farshore.dataplane.ship;

import org.agrona.DirectBuffer;

/**
 * The receiving end of a hop for all its senders: one hello stream that anybody may reach, a response channel and a data
 * stream per peer. Never blocks. One thread.
 */
public interface ReceiverLink extends AutoCloseable {
    /** What the receiver is told. Called from {@link #poll} alone. */
    interface Handler {
        /** A message on the hello stream; {@code peer} is one sender's connection, made when it was first heard. */
        void onHello(Peer peer, DirectBuffer buffer, int offset, int length);

        /**
         * A message on the peer's data stream, in direct memory.
         *
         * @return false to leave it on the link for a later poll (back pressure).
         */
        boolean onData(Peer peer, DirectBuffer buffer, int offset, int length);

        /** The peer's hello stream or data stream is gone; the peer has been closed and is not used again. */
        void onPeerLost(Peer peer);
    }

    /** One sender, from its first hello until it is lost or closed. */
    interface Peer {
        /** Chooses random ids for a data stream and opens its receiving end, closing an earlier one of this peer first. */
        void openData();

        /** Stream id chosen by {@link #openData()}. */
        int dataStreamId();

        /** Session id chosen by {@link #openData()}. */
        int dataSessionId();

        /** Claims room for a message of exactly {@code length} bytes on the way back. */
        LinkStatus claim(int length);

        /** The room of the last claim that answered {@link LinkStatus#OK}. */
        Claim claim();

        /** Ends this connection: its images are closed; {@link Handler#onPeerLost} is not called. */
        void close();

        /** Address and session for messages to people. */
        String describe();

        /** Anything the role wants to keep with this peer. */
        Object attachment();

        /** Keeps something with this peer. */
        void attach(Object attachment);
    }

    /** Hands messages of all peers to the handler, at most {@code limit} per peer, fairly; returns how many. */
    int poll(Handler handler, int limit);

    @Override
    void close();
}
