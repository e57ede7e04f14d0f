package org.farshore.dataplane.nbd;

/**
 * What a handshake ended with.
 *
 * @param slot the place on the export's list that this connection now holds.
 * @param structuredReplies reads are answered in chunks, errors with their offset.
 * @param blockStatus the client chose base:allocation for this export.
 */
record NbdAgreement(NbdExports.Slot slot, boolean structuredReplies, boolean blockStatus) {
    NbdExport export() {
        return slot.export();
    }

    /** What is advertised for an export: only what it really does. */
    static int transmissionFlags(final NbdExport export, final boolean structuredReplies) {
        int flags = NbdProtocol.TRANSMIT_HAS_FLAGS | NbdProtocol.TRANSMIT_SEND_FLUSH;
        if (export.isReadOnly()) {
            flags |= NbdProtocol.TRANSMIT_READ_ONLY;
        } else {
            flags |= NbdProtocol.TRANSMIT_SEND_FUA | NbdProtocol.TRANSMIT_SEND_WRITE_ZEROES;
            flags |= export.canTrim() ? NbdProtocol.TRANSMIT_SEND_TRIM : 0;
            flags |= export.isZeroingFast() ? NbdProtocol.TRANSMIT_SEND_FAST_ZERO : 0;
        }
        flags |= structuredReplies ? NbdProtocol.TRANSMIT_SEND_DF : 0;
        flags |= export.isCoherentAcrossConnections() ? NbdProtocol.TRANSMIT_CAN_MULTI_CONN : 0;
        return flags;
    }
}
