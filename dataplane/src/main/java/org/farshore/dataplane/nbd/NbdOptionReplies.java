package org.farshore.dataplane.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Encodes the server's side of option haggling. One thread; allocates freely, a handshake is rare. */
final class NbdOptionReplies {
    private final NbdWire wire;

    NbdOptionReplies(final NbdWire wire) {
        this.wire = wire;
    }

    void ack(final int option) throws IOException {
        header(option, NbdProtocol.REP_ACK, 0);
    }

    /** An error, with a sentence for the person at the client. */
    void error(final int option, final int type, final String message) throws IOException {
        final byte[] text = message.getBytes(StandardCharsets.UTF_8);
        header(option, type, text.length).put(text);
    }

    /** One line of a list of exports. */
    void server(final int option, final NbdExports.Slot slot) throws IOException {
        final byte[] name = slot.name().getBytes(StandardCharsets.UTF_8);
        final byte[] description = slot.export().description().getBytes(StandardCharsets.UTF_8);
        header(option, NbdProtocol.REP_SERVER, 4 + name.length + description.length)
                .putInt(name.length)
                .put(name)
                .put(description);
    }

    void exportInfo(final int option, final NbdExport export, final boolean structured) throws IOException {
        header(option, NbdProtocol.REP_INFO, 12)
                .putShort((short) NbdProtocol.INFO_EXPORT)
                .putLong(export.sizeBytes())
                .putShort((short) NbdAgreement.transmissionFlags(export, structured));
    }

    void blockSizeInfo(final int option, final NbdExport export) throws IOException {
        header(option, NbdProtocol.REP_INFO, 14)
                .putShort((short) NbdProtocol.INFO_BLOCK_SIZE)
                .putInt(export.minimumBlockLength())
                .putInt(export.preferredBlockLength())
                .putInt(NbdLimits.PAYLOAD_LENGTH_MAX);
    }

    void textInfo(final int option, final int info, final String value) throws IOException {
        final byte[] text = value.getBytes(StandardCharsets.UTF_8);
        header(option, NbdProtocol.REP_INFO, 2 + text.length)
                .putShort((short) info)
                .put(text);
    }

    void metaContext(final int option, final int id, final String name) throws IOException {
        final byte[] text = name.getBytes(StandardCharsets.UTF_8);
        header(option, NbdProtocol.REP_META_CONTEXT, 4 + text.length).putInt(id).put(text);
    }

    private ByteBuffer header(final int option, final int type, final int length) throws IOException {
        return wire.room(NbdProtocol.OPTION_REPLY_HEADER_LENGTH + length)
                .putLong(NbdProtocol.OPTION_REPLY_MAGIC)
                .putInt(option)
                .putInt(type)
                .putInt(length);
    }
}
