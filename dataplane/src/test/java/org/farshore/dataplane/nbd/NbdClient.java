package org.farshore.dataplane.nbd;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The other end, by hand: says exactly what a test wants said, also what no client should say. */
final class NbdClient implements AutoCloseable {
    /** One answer to an option. */
    record OptionReply(int type, byte[] data) {
        String text() {
            return new String(data, StandardCharsets.UTF_8);
        }

        ByteBuffer buffer() {
            return ByteBuffer.wrap(data);
        }
    }

    /** One message of the transmission phase: a simple reply (type -1), or a chunk. */
    record Reply(int type, int flags, int error, long cookie, byte[] payload) {
        boolean isDone() {
            return type < 0 || (flags & NbdProtocol.CHUNK_DONE) != 0;
        }

        ByteBuffer buffer() {
            return ByteBuffer.wrap(payload);
        }
    }

    /** A whole structured read: the bytes it describes, its chunk types in order, and how it failed. */
    record ReadResult(byte[] bytes, List<Integer> types, int error, long errorOffset, String message) {}

    static final int FIXED = NbdProtocol.FLAG_FIXED_NEWSTYLE;
    static final int NO_ZEROES = NbdProtocol.FLAG_NO_ZEROES;

    final SocketChannel channel;
    final DataInputStream in;
    final DataOutputStream out;
    private long lastCookie;

    NbdClient(final Path socket) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        in = new DataInputStream(Channels.newInputStream(channel));
        out = new DataOutputStream(Channels.newOutputStream(channel));
    }

    /** Connected and greeted, ready for options. */
    static NbdClient greeted(final Path socket) throws IOException {
        final NbdClient client = new NbdClient(socket);
        try {
            client.greet(FIXED | NO_ZEROES);
        } catch (final IOException e) {
            client.close();
            throw e;
        }
        return client;
    }

    /** In transmission, with structured replies and base:allocation. */
    static NbdClient structured(final Path socket, final String name) throws IOException {
        final NbdClient client = greeted(socket);
        client.option(NbdProtocol.OPT_STRUCTURED_REPLY);
        client.option(NbdProtocol.OPT_SET_META_CONTEXT, metaContext(name, NbdProtocol.CONTEXT_ALLOCATION));
        client.go(name);
        return client;
    }

    /** In transmission, with simple replies. */
    static NbdClient simple(final Path socket, final String name) throws IOException {
        final NbdClient client = greeted(socket);
        client.go(name);
        return client;
    }

    void greet(final int flags) throws IOException {
        if (in.readLong() != NbdProtocol.INIT_MAGIC || in.readLong() != NbdProtocol.OPTION_MAGIC) {
            throw new AssertionError("no NBD server");
        }
        if (in.readUnsignedShort() != (FIXED | NO_ZEROES)) {
            throw new AssertionError("unexpected handshake flags");
        }
        out.writeInt(flags);
    }

    void sendOption(final int option, final byte... data) throws IOException {
        send(buffer -> {
            buffer.writeLong(NbdProtocol.OPTION_MAGIC);
            buffer.writeInt(option);
            buffer.writeInt(data.length);
            buffer.write(data);
        });
    }

    /** Sends an option and takes all replies to it, the last being ACK or an error. */
    List<OptionReply> option(final int option, final byte... data) throws IOException {
        sendOption(option, data);
        final List<OptionReply> replies = new ArrayList<>();
        do {
            replies.add(optionReply(option));
        } while (last(replies).type() > NbdProtocol.REP_ACK);
        return replies;
    }

    OptionReply optionReply(final int option) throws IOException {
        if (in.readLong() != NbdProtocol.OPTION_REPLY_MAGIC || in.readInt() != option) {
            throw new AssertionError("no reply to option " + option);
        }
        final int type = in.readInt();
        return new OptionReply(type, in.readNBytes(in.readInt()));
    }

    static <T> T last(final List<T> list) {
        return list.get(list.size() - 1);
    }

    void go(final String name) throws IOException {
        final List<OptionReply> replies = option(NbdProtocol.OPT_GO, info(name));
        if (last(replies).type() != NbdProtocol.REP_ACK) {
            throw new AssertionError("refused: " + last(replies).text());
        }
    }

    static byte[] info(final String name, final int... infos) {
        return bytes(data -> {
            final byte[] text = name.getBytes(StandardCharsets.UTF_8);
            data.writeInt(text.length);
            data.write(text);
            data.writeShort(infos.length);
            for (final int info : infos) {
                data.writeShort(info);
            }
        });
    }

    static byte[] metaContext(final String name, final String... queries) {
        return bytes(data -> {
            final byte[] text = name.getBytes(StandardCharsets.UTF_8);
            data.writeInt(text.length);
            data.write(text);
            data.writeInt(queries.length);
            for (final String query : queries) {
                data.writeInt(query.length());
                data.writeBytes(query);
            }
        });
    }

    static byte[] request(final int command, final int flags, final long cookie, final long offset, final long length) {
        return bytes(data -> {
            data.writeInt(NbdProtocol.REQUEST_MAGIC);
            data.writeShort(flags);
            data.writeShort(command);
            data.writeLong(cookie);
            data.writeLong(offset);
            data.writeInt((int) length);
        });
    }

    /** Sends a request; returns its cookie. */
    long send(final int command, final int flags, final long offset, final long length, final byte... payload)
            throws IOException {
        final long cookie = ++lastCookie;
        send(buffer -> {
            buffer.write(request(command, flags, cookie, offset, length));
            buffer.write(payload);
        });
        return cookie;
    }

    /** Sends a request without content in its reply and returns the reply's error number, 0 for none. */
    int call(final int command, final int flags, final long offset, final long length, final byte... payload)
            throws IOException {
        final long cookie = send(command, flags, offset, length, payload);
        final Reply reply = reply(0);
        if (reply.cookie() != cookie || !reply.isDone()) {
            throw new AssertionError("not the whole answer to this request: " + reply);
        }
        return reply.error();
    }

    int write(final long offset, final byte... payload) throws IOException {
        return call(NbdProtocol.CMD_WRITE, 0, offset, payload.length, payload);
    }

    int flush() throws IOException {
        return call(NbdProtocol.CMD_FLUSH, 0, 0, 0);
    }

    /** Takes one message; {@code simpleLength} bytes follow a good simple reply. */
    Reply reply(final int simpleLength) throws IOException {
        final int magic = in.readInt();
        if (magic == NbdProtocol.SIMPLE_REPLY_MAGIC) {
            final int error = in.readInt();
            final long cookie = in.readLong();
            return new Reply(-1, 0, error, cookie, exactly(error == 0 ? simpleLength : 0));
        }
        if (magic != NbdProtocol.CHUNK_MAGIC) {
            throw new AssertionError("no reply: " + Integer.toHexString(magic));
        }
        final int flags = in.readUnsignedShort();
        final int type = in.readUnsignedShort();
        final long cookie = in.readLong();
        final byte[] payload = exactly(in.readInt());
        final int error = (type & 0x8000) != 0 ? ByteBuffer.wrap(payload).getInt() : 0;
        return new Reply(type, flags, error, cookie, payload);
    }

    private byte[] exactly(final int length) throws IOException {
        final byte[] bytes = in.readNBytes(length);
        if (bytes.length != length) {
            throw new EOFException("the server hung up within a reply");
        }
        return bytes;
    }

    /** A structured read, put together again. */
    ReadResult read(final int flags, final long offset, final int length) throws IOException {
        final long cookie = send(NbdProtocol.CMD_READ, flags, offset, length);
        final byte[] bytes = new byte[length];
        final List<Integer> types = new ArrayList<>();
        int error = 0;
        long errorOffset = -1;
        String message = "";
        Reply reply;
        do {
            reply = reply(length);
            if (reply.cookie() != cookie) {
                throw new AssertionError("a reply to another request");
            }
            types.add(reply.type());
            final ByteBuffer payload = reply.buffer();
            if (reply.type() == NbdProtocol.CHUNK_OFFSET_DATA) {
                final int at = (int) (payload.getLong() - offset);
                payload.get(bytes, at, payload.remaining());
            } else if (reply.error() != 0) {
                error = payload.getInt();
                final byte[] text = new byte[payload.getShort()];
                payload.get(text);
                message = new String(text, StandardCharsets.UTF_8);
                errorOffset = reply.type() == NbdProtocol.CHUNK_ERROR_OFFSET ? payload.getLong() : -1;
            }
        } while (!reply.isDone());
        return new ReadResult(bytes, types, error, errorOffset, message);
    }

    /** True when the server has hung up and nothing more comes. */
    boolean isHungUp() {
        try {
            return in.read() < 0;
        } catch (final IOException e) {
            return true;
        }
    }

    /** Writes with one call of the socket what {@code content} puts together. */
    void send(final Content content) throws IOException {
        out.write(bytes(content));
    }

    /** What is to be sent. */
    interface Content {
        void to(DataOutputStream data) throws IOException;
    }

    static byte[] bytes(final Content content) {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            content.to(new DataOutputStream(bytes));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
