package org.farshore.dataplane.ship;

/** What became of an attempt to claim room for a message. */
public enum LinkStatus {
    /** There is room: encode into the claim, then commit or abort. */
    OK,
    /** No room now; the same attempt may succeed in a later duty cycle. */
    BACK_PRESSURE,
    /** The other end is not there yet, or for a moment. */
    NOT_CONNECTED,
    /** This link will never carry another message. */
    CLOSED
}
