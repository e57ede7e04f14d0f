package org.farshore.dataplane.nbd;

/** Why a connection ended, or was not let in: each is counted, under this label. */
public enum NbdCloseReason {
    /** The client said that it is done. */
    DONE("done"),
    /** The client hung up, or the network did. */
    LOST("lost"),
    /** The client broke a rule of the protocol after which nothing it sends can be understood. */
    PROTOCOL("protocol"),
    /** The client announced more bytes than a client may. */
    OVERSIZE("oversize"),
    /** The client asked, in a way that has no error reply, for an export that it cannot have. */
    NO_EXPORT("no-export"),
    /** The handshake took too long. */
    HANDSHAKE_LIMIT("handshake-limit"),
    /** The client sent nothing for longer than the idle limit. */
    IDLE_LIMIT("idle-limit"),
    /** The client stopped in the middle of a request, or stopped reading its replies. */
    STALLED("stalled"),
    /** A read failed after its simple reply had begun; the protocol leaves only this way to say so. */
    READ_FAILED("read-failed"),
    /** The export was taken away, or the server closed. */
    STOPPED("stopped"),
    /** All connections of the server are taken. */
    SERVER_FULL("server-full"),
    /** All places for handshakes are taken. */
    HANDSHAKES_FULL("handshakes-full"),
    /** An export or the server itself threw what it must not. */
    FAULT("fault");

    private final String label;

    NbdCloseReason(final String label) {
        this.label = label;
    }

    /** Label of the counter. */
    public String label() {
        return label;
    }
}
