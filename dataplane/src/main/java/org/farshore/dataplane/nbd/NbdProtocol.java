package org.farshore.dataplane.nbd;

/** The numbers of the protocol, by the names of its document. All integers on the wire are big-endian. */
final class NbdProtocol {
    /** IANA's port. */
    static final int PORT = 10809;

    // Handshake: S magic, magic, u16 flags; C u32 flags; then options.
    static final long INIT_MAGIC = 0x4e42444d41474943L;
    static final long OPTION_MAGIC = 0x49484156454F5054L;
    static final long OPTION_REPLY_MAGIC = 0x0003e889045565a9L;
    static final int FLAG_FIXED_NEWSTYLE = 1;
    static final int FLAG_NO_ZEROES = 1 << 1;
    static final int RESERVED_ZEROES_LENGTH = 124;
    /** Strings of the protocol are at most this long, in bytes. */
    static final int STRING_LENGTH_MAX = 4096;

    // Option: u64 magic, u32 option, u32 length, data. Reply: u64 magic, u32 option, u32 type, u32 length, data.
    static final int OPTION_HEADER_LENGTH = 16;
    static final int OPTION_REPLY_HEADER_LENGTH = 20;
    static final int OPT_EXPORT_NAME = 1;
    static final int OPT_ABORT = 2;
    static final int OPT_LIST = 3;
    static final int OPT_STARTTLS = 5;
    static final int OPT_INFO = 6;
    static final int OPT_GO = 7;
    static final int OPT_STRUCTURED_REPLY = 8;
    static final int OPT_LIST_META_CONTEXT = 9;
    static final int OPT_SET_META_CONTEXT = 10;

    static final int REP_ACK = 1;
    static final int REP_SERVER = 2;
    static final int REP_INFO = 3;
    static final int REP_META_CONTEXT = 4;
    static final int REP_ERR_UNSUP = 0x80000001;
    static final int REP_ERR_POLICY = 0x80000002;
    static final int REP_ERR_INVALID = 0x80000003;
    static final int REP_ERR_UNKNOWN = 0x80000006;
    static final int REP_ERR_SHUTDOWN = 0x80000007;
    static final int REP_ERR_TOO_BIG = 0x80000009;

    static final int INFO_EXPORT = 0;
    static final int INFO_NAME = 1;
    static final int INFO_DESCRIPTION = 2;
    static final int INFO_BLOCK_SIZE = 3;

    static final int TRANSMIT_HAS_FLAGS = 1;
    static final int TRANSMIT_READ_ONLY = 1 << 1;
    static final int TRANSMIT_SEND_FLUSH = 1 << 2;
    static final int TRANSMIT_SEND_FUA = 1 << 3;
    static final int TRANSMIT_SEND_TRIM = 1 << 5;
    static final int TRANSMIT_SEND_WRITE_ZEROES = 1 << 6;
    static final int TRANSMIT_SEND_DF = 1 << 7;
    static final int TRANSMIT_CAN_MULTI_CONN = 1 << 8;
    static final int TRANSMIT_SEND_FAST_ZERO = 1 << 11;

    static final String CONTEXT_ALLOCATION = "base:allocation";
    static final int CONTEXT_ALLOCATION_ID = 1;

    // Request: u32 magic, u16 flags, u16 command, u64 cookie, u64 offset, u32 length.
    static final int REQUEST_MAGIC = 0x25609513;
    static final int REQUEST_LENGTH = 28;
    static final int CMD_READ = 0;
    static final int CMD_WRITE = 1;
    static final int CMD_DISC = 2;
    static final int CMD_FLUSH = 3;
    static final int CMD_TRIM = 4;
    static final int CMD_WRITE_ZEROES = 6;
    static final int CMD_BLOCK_STATUS = 7;
    static final int CMD_FLAG_FUA = 1;
    static final int CMD_FLAG_NO_HOLE = 1 << 1;
    static final int CMD_FLAG_DF = 1 << 2;
    static final int CMD_FLAG_REQ_ONE = 1 << 3;
    static final int CMD_FLAG_FAST_ZERO = 1 << 4;

    // Simple reply: u32 magic, u32 error, u64 cookie. Chunk: u32 magic, u16 flags, u16 type, u64 cookie, u32 length.
    static final int SIMPLE_REPLY_MAGIC = 0x67446698;
    static final int SIMPLE_REPLY_LENGTH = 16;
    static final int CHUNK_MAGIC = 0x668e33ef;
    static final int CHUNK_HEADER_LENGTH = 20;
    static final int CHUNK_DONE = 1;
    static final int CHUNK_NONE = 0;
    static final int CHUNK_OFFSET_DATA = 1;
    static final int CHUNK_OFFSET_HOLE = 2;
    static final int CHUNK_BLOCK_STATUS = 5;
    static final int CHUNK_ERROR = 0x8001;
    static final int CHUNK_ERROR_OFFSET = 0x8002;

    private NbdProtocol() {}
}
