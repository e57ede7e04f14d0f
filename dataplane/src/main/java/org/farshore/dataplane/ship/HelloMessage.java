package org.farshore.dataplane.ship;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.farshore.dataplane.codecs.replication.GoodbyeDecoder;
import org.farshore.dataplane.codecs.replication.HelloDecoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderDecoder;

/**
 * A message of the hello stream, found to be whole before any of it is used: anybody can send one. As
 * {@link RecordMessage}, it reads by the schema's offsets and takes a longer block for that of a newer peer.
 *
 * <p>Allocates only for {@link #machineName()} and for a complaint. One thread.
 */
public final class HelloMessage {
    /** Most characters in the name of a machine. */
    public static final int MACHINE_NAME_LENGTH_MAX = 255;

    private static final int HEADER = MessageHeaderDecoder.ENCODED_LENGTH;
    /** Offset in Hello, Goodbye and every message of the response channel of the connection's id. */
    public static final int CONNECTION_ID_OFFSET = HEADER;

    private DirectBuffer buffer;
    private int offset;
    private int templateId;
    private int nameOffset;
    private int nameLength;

    /**
     * Looks at a message of {@code length} bytes.
     *
     * @return null when it is whole, else what is wrong with it; no accessor may then be used.
     */
    public String wrap(final DirectBuffer source, final int at, final int length) {
        buffer = source;
        offset = at;
        if (length < HEADER || length > StreamLimits.CONTROL_MESSAGE_LENGTH_MAX) {
            return "a message of " + length + " bytes on the hello stream";
        }
        final int blockLength = u16(MessageHeaderDecoder.blockLengthEncodingOffset());
        final int schemaId = u16(MessageHeaderDecoder.schemaIdEncodingOffset());
        templateId = u16(MessageHeaderDecoder.templateIdEncodingOffset());
        if (schemaId != HelloDecoder.SCHEMA_ID || !(isHello() || isGoodbye())) {
            return "template " + templateId + " of schema " + schemaId + " on the hello stream";
        }
        final int least = isHello() ? HelloDecoder.BLOCK_LENGTH : GoodbyeDecoder.BLOCK_LENGTH;
        if (blockLength < least || HEADER + blockLength > length) {
            return "a block of " + blockLength + " bytes in template " + templateId;
        }
        return isHello() ? wrapName(HEADER + blockLength, length) : null;
    }

    private String wrapName(final int at, final int length) {
        if (at + Integer.BYTES > length) {
            return "no room for the name at " + at + " of " + length + " bytes";
        }
        nameLength = buffer.getInt(offset + at, LITTLE_ENDIAN);
        nameOffset = at + Integer.BYTES;
        if (nameLength < 0 || nameLength > MACHINE_NAME_LENGTH_MAX || nameLength > length - nameOffset) {
            return "a name of " + (nameLength & 0xFFFF_FFFFL) + " bytes";
        }
        return null;
    }

    /** True for Hello. */
    public boolean isHello() {
        return templateId == HelloDecoder.TEMPLATE_ID;
    }

    /** True for Goodbye, which has a connection id and nothing else. */
    public boolean isGoodbye() {
        return templateId == GoodbyeDecoder.TEMPLATE_ID;
    }

    /** Random, by the sender, for each connection. */
    public long connectionId() {
        return buffer.getLong(offset + CONNECTION_ID_OFFSET, LITTLE_ENDIAN);
    }

    /** High half of the machine's id. */
    public long machineIdHigh() {
        return i64(HelloDecoder.machineIdHighEncodingOffset());
    }

    /** Low half of the machine's id. */
    public long machineIdLow() {
        return i64(HelloDecoder.machineIdLowEncodingOffset());
    }

    /** Generation that the sender knows; 0 when it takes the receiver's. */
    public int generation() {
        return buffer.getInt(offset + HEADER + HelloDecoder.generationEncodingOffset(), LITTLE_ENDIAN);
    }

    /** Version of the protocol that the sender speaks. */
    public int protocolVersion() {
        return buffer.getInt(offset + HEADER + HelloDecoder.protocolVersionEncodingOffset(), LITTLE_ENDIAN);
    }

    /** High half of the id of the capture ring. */
    public long captureIdHigh() {
        return i64(HelloDecoder.captureIdHighEncodingOffset());
    }

    /** Low half of the id of the capture ring. */
    public long captureIdLow() {
        return i64(HelloDecoder.captureIdLowEncodingOffset());
    }

    /** Oldest capture position that the sender still holds. */
    public long consumerPosition() {
        return i64(HelloDecoder.consumerPositionEncodingOffset());
    }

    /** Newest capture position. */
    public long producerPosition() {
        return i64(HelloDecoder.producerPositionEncodingOffset());
    }

    /** Name of the machine for people: printable ASCII, anything else is shown as a question mark. Allocates. */
    public String machineName() {
        final StringBuilder name = new StringBuilder(nameLength);
        for (int i = 0; i < nameLength; i++) {
            final int c = buffer.getByte(offset + nameOffset + i);
            name.append(c > ' ' && c < 127 ? (char) c : '?');
        }
        return name.toString();
    }

    private int u16(final int at) {
        return buffer.getShort(offset + at, LITTLE_ENDIAN) & 0xFFFF;
    }

    private long i64(final int at) {
        return buffer.getLong(offset + HEADER + at, LITTLE_ENDIAN);
    }
}
