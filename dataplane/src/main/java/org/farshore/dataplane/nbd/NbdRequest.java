package org.farshore.dataplane.nbd;

import static org.farshore.dataplane.nbd.NbdProtocol.CMD_BLOCK_STATUS;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_DISC;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_FLAG_DF;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_FLAG_FAST_ZERO;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_FLAG_FUA;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_FLAG_NO_HOLE;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_FLAG_REQ_ONE;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_FLUSH;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_READ;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_TRIM;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_WRITE;
import static org.farshore.dataplane.nbd.NbdProtocol.CMD_WRITE_ZEROES;

import java.nio.ByteBuffer;

/**
 * One request of the transmission phase, and whether it may be served at all: decided from its 28 bytes and what was agreed
 * before, without touching the export. Reused for each request.
 *
 * <pre>
 *   0        4      6      8               16              24       28
 *   | magic  | flags| type |    cookie     |    offset     | length |
 * </pre>
 */
final class NbdRequest {
    int type;
    long cookie;
    /** Unsigned on the wire; a negative value lies beyond every export. */
    long offset;
    /** From 0 to 2³² - 1. */
    long length;

    private int flags;
    private String refusal = "";

    /** Takes the request at the buffer's position; false when it does not begin with the magic number of requests. */
    boolean decode(final ByteBuffer in) {
        final int magic = in.getInt();
        flags = in.getShort() & 0xFFFF;
        type = in.getShort() & 0xFFFF;
        cookie = in.getLong();
        offset = in.getLong();
        length = in.getInt() & 0xFFFFFFFFL;
        return magic == NbdProtocol.REQUEST_MAGIC;
    }

    boolean has(final int flag) {
        return (flags & flag) != 0;
    }

    /** Why the last {@link #check} refused: for people. */
    String refusal() {
        return refusal;
    }

    /**
     * The error this request must be answered with before anything is done for it, or null when it may be served.
     * Which error for what is the protocol's choice (its section "Error values").
     */
    NbdError check(final NbdAgreement agreed) {
        final NbdExport export = agreed.export();
        final int allowed = allowedFlags(agreed);
        if (allowed < 0) {
            return refuse(NbdError.EINVAL, "command was not offered");
        }
        if ((flags & ~allowed) != 0) {
            return refuse(NbdError.EINVAL, "flag does not belong to this command or was not offered");
        }
        if (type == CMD_FLUSH) {
            return offset == 0 && length == 0 ? null : refuse(NbdError.EINVAL, "a flush has no range");
        }
        if (changes() && export.isReadOnly()) {
            return refuse(NbdError.EPERM, "export is read-only");
        }
        if (offset < 0 || offset > export.sizeBytes() || length > export.sizeBytes() - offset) {
            final boolean grows = type == CMD_WRITE || type == CMD_WRITE_ZEROES;
            return refuse(grows ? NbdError.ENOSPC : NbdError.EINVAL, "range ends beyond the export");
        }
        if (((offset | length) & (export.minimumBlockLength() - 1)) != 0) {
            return refuse(NbdError.EINVAL, "range is not aligned to the minimum block size");
        }
        return checkLength(agreed);
    }

    private NbdError checkLength(final NbdAgreement agreed) {
        if (type == CMD_BLOCK_STATUS && length == 0) {
            return refuse(NbdError.EINVAL, "no extent has length 0");
        }
        if (type == CMD_READ && length > NbdLimits.PAYLOAD_LENGTH_MAX) {
            final NbdError error = agreed.structuredReplies() ? NbdError.EOVERFLOW : NbdError.EINVAL;
            return refuse(error, "read is longer than the maximum payload");
        }
        if (type == CMD_READ && has(CMD_FLAG_DF) && length > NbdLimits.WHOLE_READ_LENGTH_MAX) {
            return refuse(NbdError.EOVERFLOW, "read is too long to be answered in one chunk");
        }
        if (type == CMD_WRITE_ZEROES && has(CMD_FLAG_FAST_ZERO) && has(CMD_FLAG_NO_HOLE)) {
            return refuse(NbdError.ENOTSUP, "zeros that take space are as slow as a write");
        }
        return null;
    }

    private NbdError refuse(final NbdError error, final String why) {
        refusal = why;
        return error;
    }

    private boolean changes() {
        return type == CMD_WRITE || type == CMD_WRITE_ZEROES || type == CMD_TRIM;
    }

    /** The flags this command may carry, or -1 when the command was not offered. FUA may be set on every command. */
    private int allowedFlags(final NbdAgreement agreed) {
        final NbdExport export = agreed.export();
        return switch (type) {
            case CMD_READ -> agreed.structuredReplies() ? CMD_FLAG_FUA | CMD_FLAG_DF : CMD_FLAG_FUA;
            case CMD_WRITE, CMD_FLUSH -> CMD_FLAG_FUA;
            case CMD_DISC -> 0xFFFF;
            case CMD_TRIM -> export.canTrim() || export.isReadOnly() ? CMD_FLAG_FUA : -1;
            case CMD_WRITE_ZEROES ->
                CMD_FLAG_FUA | CMD_FLAG_NO_HOLE | (export.isZeroingFast() ? CMD_FLAG_FAST_ZERO : 0);
            case CMD_BLOCK_STATUS -> agreed.blockStatus() ? CMD_FLAG_FUA | CMD_FLAG_REQ_ONE : -1;
            default -> -1;
        };
    }
}
