package org.farshore.dataplane.receive;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.farshore.dataplane.codecs.replication.GoodbyeDecoder;
import org.farshore.dataplane.codecs.replication.HelloDecoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderDecoder;
import org.farshore.dataplane.ship.StreamLimits;

/**
 * What came on the hello stream, where anybody may speak: bounds first, then the fields, copied. Reused; one thread.
 */
final class HelloMessage {
    private static final int HEADER = MessageHeaderDecoder.ENCODED_LENGTH;
    private static final int NAME_LENGTH_MAX = 256;

    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final HelloDecoder hello = new HelloDecoder();
    private final GoodbyeDecoder goodbye = new GoodbyeDecoder();
    private boolean isGoodbye;
    long connectionId;
    long machineIdHigh;
    long machineIdLow;
    int generation;
    int protocolVersion;
    long captureIdHigh;
    long captureIdLow;
    long consumerPosition;
    String machineName;

    /** Takes a message; false when it is neither a whole Hello nor a whole Goodbye. */
    boolean wrap(final DirectBuffer buffer, final int offset, final int length) {
        if (length < HEADER || length > StreamLimits.CONTROL_MESSAGE_LENGTH_MAX) {
            return false;
        }
        header.wrap(buffer, offset);
        final int blockLength = header.blockLength();
        if (header.schemaId() != HelloDecoder.SCHEMA_ID || HEADER + blockLength > length) {
            return false;
        }
        isGoodbye = header.templateId() == GoodbyeDecoder.TEMPLATE_ID;
        if (isGoodbye) {
            return blockLength >= GoodbyeDecoder.BLOCK_LENGTH && takeGoodbye(buffer, offset);
        }
        return header.templateId() == HelloDecoder.TEMPLATE_ID
                && blockLength >= HelloDecoder.BLOCK_LENGTH
                && takeHello(buffer, offset, length - HEADER - blockLength);
    }

    private boolean takeGoodbye(final DirectBuffer buffer, final int offset) {
        goodbye.wrap(buffer, offset + HEADER, header.blockLength(), header.version());
        connectionId = goodbye.connectionId();
        return true;
    }

    private boolean takeHello(final DirectBuffer buffer, final int offset, final int dataLength) {
        final int nameHeader = HelloDecoder.machineNameHeaderLength();
        if (dataLength < nameHeader) {
            return false;
        }
        final int nameLength = buffer.getInt(offset + HEADER + header.blockLength(), LITTLE_ENDIAN);
        if (nameLength < 0 || nameLength > NAME_LENGTH_MAX || nameLength > dataLength - nameHeader) {
            return false;
        }
        hello.wrap(buffer, offset + HEADER, header.blockLength(), header.version());
        connectionId = hello.connectionId();
        machineIdHigh = hello.machineIdHigh();
        machineIdLow = hello.machineIdLow();
        generation = (int) hello.generation();
        protocolVersion = (int) hello.protocolVersion();
        captureIdHigh = hello.captureIdHigh();
        captureIdLow = hello.captureIdLow();
        consumerPosition = hello.consumerPosition();
        machineName = hello.machineName();
        return true;
    }

    boolean isGoodbye() {
        return isGoodbye;
    }
}
