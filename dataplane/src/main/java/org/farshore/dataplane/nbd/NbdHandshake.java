package org.farshore.dataplane.nbd;

import static org.farshore.dataplane.nbd.NbdProtocol.OPT_EXPORT_NAME;
import static org.farshore.dataplane.nbd.NbdProtocol.OPT_GO;
import static org.farshore.dataplane.nbd.NbdProtocol.OPT_SET_META_CONTEXT;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;

/**
 * The handshake of one connection, in the protocol's fixed newstyle: a greeting, then options that the client sends and the
 * server answers, until one of them chooses an export. What a client asks that cannot be had is answered with an error and
 * the haggling goes on; the server hangs up only where the protocol leaves it no way to answer, or where the client asks for
 * more memory or patience than one client gets.
 *
 * <p>There is no default export: a client that names none is told so. Whoever reconnects must meet the same disk again, and
 * "the only one there is" may be another one by then.
 */
final class NbdHandshake {
    /** Lets this connection use an export. */
    interface Gate {
        /** Null when the connection is in; else why not, for the person at the client. */
        String enter(NbdExports.Slot slot);
    }

    private final NbdWire wire;
    private final NbdExports exports;
    private final Gate gate;
    private final NbdOptionReplies replies;
    private boolean fixed;
    private boolean zeroes;
    private boolean structured;
    private String contextExport;

    NbdHandshake(final NbdWire wire, final NbdExports exports, final Gate gate) {
        this.wire = wire;
        this.exports = exports;
        this.gate = gate;
        replies = new NbdOptionReplies(wire);
    }

    /**
     * Haggles to the end.
     *
     * @return what was agreed, or null when the client wants nothing more.
     */
    NbdAgreement run() throws IOException {
        greet();
        for (int i = 0; i < NbdLimits.OPTION_COUNT_MAX; i++) {
            wire.require(NbdProtocol.OPTION_HEADER_LENGTH);
            final long magic = wire.in().getLong();
            final int option = wire.in().getInt();
            final long length = wire.in().getInt() & 0xFFFFFFFFL;
            if (magic != NbdProtocol.OPTION_MAGIC || (!fixed && option != OPT_EXPORT_NAME)) {
                throw new NbdDisconnect(NbdCloseReason.PROTOCOL, "no option where one belongs");
            }
            if (length > NbdLimits.OPTION_LENGTH_MAX) {
                refuseLong(option, length);
                continue;
            }
            if (option == NbdProtocol.OPT_ABORT) {
                return abort((int) length);
            }
            final NbdAgreement agreed = option(option, (int) length);
            if (agreed != null) {
                wire.flush();
                return agreed;
            }
        }
        wire.flush();
        throw new NbdDisconnect(NbdCloseReason.PROTOCOL, "haggles without end");
    }

    private void greet() throws IOException {
        wire.room(18)
                .putLong(NbdProtocol.INIT_MAGIC)
                .putLong(NbdProtocol.OPTION_MAGIC)
                .putShort((short) (NbdProtocol.FLAG_FIXED_NEWSTYLE | NbdProtocol.FLAG_NO_ZEROES));
        wire.require(4);
        final int flags = wire.in().getInt();
        if ((flags & ~(NbdProtocol.FLAG_FIXED_NEWSTYLE | NbdProtocol.FLAG_NO_ZEROES)) != 0) {
            throw new NbdDisconnect(NbdCloseReason.PROTOCOL, "client flags that were not offered");
        }
        fixed = (flags & NbdProtocol.FLAG_FIXED_NEWSTYLE) != 0;
        zeroes = (flags & NbdProtocol.FLAG_NO_ZEROES) == 0;
    }

    private void refuseLong(final int option, final long length) throws IOException {
        if (length > NbdLimits.OPTION_SKIPPED_LENGTH_MAX || option == OPT_EXPORT_NAME) {
            throw new NbdDisconnect(NbdCloseReason.OVERSIZE, "an option of " + length + " bytes");
        }
        wire.skip(length);
        replies.error(option, NbdProtocol.REP_ERR_TOO_BIG, "option data is longer than this server reads");
    }

    /** The client may hang up without reading the answer; then there is nobody left to tell. */
    private NbdAgreement abort(final int length) throws IOException {
        wire.skip(length);
        replies.ack(NbdProtocol.OPT_ABORT);
        wire.flush();
        return null;
    }

    /** Answers one option; returns what was agreed when it ended the handshake. */
    private NbdAgreement option(final int option, final int length) throws IOException {
        wire.require(length);
        final NbdOptionData data = new NbdOptionData(wire.in(), length);
        NbdAgreement agreed = null;
        switch (option) {
            case OPT_EXPORT_NAME -> agreed = exportName(data);
            case NbdProtocol.OPT_LIST -> list(data);
            case NbdProtocol.OPT_INFO, OPT_GO -> agreed = infoOrGo(option, data);
            case NbdProtocol.OPT_STRUCTURED_REPLY -> structuredReply(data);
            case NbdProtocol.OPT_LIST_META_CONTEXT, OPT_SET_META_CONTEXT -> metaContext(option, data);
            case NbdProtocol.OPT_STARTTLS ->
                replies.error(option, NbdProtocol.REP_ERR_UNSUP, "this server does not speak TLS yet");
            default -> replies.error(option, NbdProtocol.REP_ERR_UNSUP, "unknown option " + (option & 0xFFFFFFFFL));
        }
        data.leave();
        return agreed;
    }

    /** The old way in, which knows no error reply: hang up when the export cannot be had. */
    private NbdAgreement exportName(final NbdOptionData data) throws IOException {
        final String name = data.rest();
        final NbdExports.Slot slot = data.isWhole() ? exports.find(name) : null;
        final String refusal = slot == null ? "no such export" : gate.enter(slot);
        if (refusal != null) {
            throw new NbdDisconnect(NbdCloseReason.NO_EXPORT, refusal);
        }
        final ByteBuffer out = wire.room(10 + NbdProtocol.RESERVED_ZEROES_LENGTH)
                .putLong(slot.export().sizeBytes())
                .putShort((short) NbdAgreement.transmissionFlags(slot.export(), structured));
        for (int i = 0; zeroes && i < NbdProtocol.RESERVED_ZEROES_LENGTH; i++) {
            out.put((byte) 0);
        }
        return agreement(slot);
    }

    private NbdAgreement agreement(final NbdExports.Slot slot) {
        return new NbdAgreement(slot, structured, structured && slot.name().equals(contextExport));
    }

    private void list(final NbdOptionData data) throws IOException {
        if (!data.isWhole()) {
            replies.error(NbdProtocol.OPT_LIST, NbdProtocol.REP_ERR_INVALID, "a list takes no data");
            return;
        }
        for (final NbdExports.Slot slot : exports.list()) {
            replies.server(NbdProtocol.OPT_LIST, slot);
        }
        replies.ack(NbdProtocol.OPT_LIST);
    }

    private NbdAgreement infoOrGo(final int option, final NbdOptionData data) throws IOException {
        final String name = data.text();
        final int count = data.u16();
        final Set<Integer> wanted = new HashSet<>();
        for (int i = 0; i < count; i++) {
            wanted.add(data.u16());
        }
        if (!data.isWhole()) {
            replies.error(option, NbdProtocol.REP_ERR_INVALID, "lengths inside the option do not add up");
            return null;
        }
        final NbdExports.Slot slot = find(option, name);
        if (slot == null) {
            return null;
        }
        final String refusal = option == OPT_GO ? gate.enter(slot) : null;
        if (refusal != null) {
            replies.error(option, NbdProtocol.REP_ERR_POLICY, refusal);
            return null;
        }
        replies.exportInfo(option, slot.export(), structured);
        replies.blockSizeInfo(option, slot.export());
        if (wanted.contains(NbdProtocol.INFO_NAME)) {
            replies.textInfo(option, NbdProtocol.INFO_NAME, slot.name());
        }
        if (wanted.contains(NbdProtocol.INFO_DESCRIPTION)) {
            replies.textInfo(option, NbdProtocol.INFO_DESCRIPTION, slot.export().description());
        }
        replies.ack(option);
        return option == OPT_GO ? agreement(slot) : null;
    }

    private NbdExports.Slot find(final int option, final String name) throws IOException {
        final NbdExports.Slot slot = exports.find(name);
        if (slot == null) {
            replies.error(option, NbdProtocol.REP_ERR_UNKNOWN, "no export of this name");
        }
        return slot;
    }

    private void structuredReply(final NbdOptionData data) throws IOException {
        if (!data.isWhole()) {
            replies.error(
                    NbdProtocol.OPT_STRUCTURED_REPLY, NbdProtocol.REP_ERR_INVALID, "structured reply takes no data");
            return;
        }
        structured = true;
        replies.ack(NbdProtocol.OPT_STRUCTURED_REPLY);
    }

    /**
     * Lists or chooses metadata contexts, of which there is one. A choice replaces the one before it, also when it fails.
     * Queries of namespaces that we do not know are passed over, as the protocol demands.
     */
    private void metaContext(final int option, final NbdOptionData data) throws IOException {
        final boolean set = option == OPT_SET_META_CONTEXT;
        if (set) {
            contextExport = null;
        }
        final String name = data.text();
        final long count = data.u32();
        if (count > NbdLimits.QUERY_COUNT_MAX) {
            replies.error(option, NbdProtocol.REP_ERR_TOO_BIG, "more queries than this server answers");
            return;
        }
        boolean chosen = !set && count == 0;
        boolean colons = true;
        for (int i = 0; i < count; i++) {
            final String query = data.text();
            colons &= query.indexOf(':') >= 0;
            chosen |= query.equals(NbdProtocol.CONTEXT_ALLOCATION) || (!set && query.equals("base:"));
        }
        if (!data.isWhole() || !colons || !structured) {
            replies.error(
                    option,
                    NbdProtocol.REP_ERR_INVALID,
                    structured ? "queries are malformed" : "structured replies must be agreed on first");
            return;
        }
        if (find(option, name) == null) {
            return;
        }
        if (chosen) {
            replies.metaContext(option, set ? NbdProtocol.CONTEXT_ALLOCATION_ID : 0, NbdProtocol.CONTEXT_ALLOCATION);
            contextExport = set ? name : contextExport;
        }
        replies.ack(option);
    }
}
