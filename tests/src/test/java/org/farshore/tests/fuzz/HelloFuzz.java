package org.farshore.tests.fuzz;

import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.GoodbyeEncoder;
import org.farshore.dataplane.codecs.replication.HelloEncoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderEncoder;
import org.farshore.dataplane.ship.HelloMessage;

/** A message on the hello stream: what is found whole can be read, and its name can be printed. */
public final class HelloFuzz {
    private static final HelloMessage MESSAGE = new HelloMessage();

    private HelloFuzz() {}

    public static void fuzzerTestOneInput(final byte[] input) {
        if (MESSAGE.wrap(new UnsafeBuffer(input), 0, input.length) != null) {
            return;
        }
        MESSAGE.connectionId();
        RecordMessageFuzz.require(MESSAGE.isHello() != MESSAGE.isGoodbye(), "neither or both");
        if (MESSAGE.isHello()) {
            MESSAGE.machineIdHigh();
            MESSAGE.machineIdLow();
            MESSAGE.generation();
            MESSAGE.protocolVersion();
            MESSAGE.captureIdHigh();
            MESSAGE.captureIdLow();
            MESSAGE.consumerPosition();
            MESSAGE.producerPosition();
            final String name = MESSAGE.machineName();
            RecordMessageFuzz.require(name.length() <= HelloMessage.MACHINE_NAME_LENGTH_MAX, "a long name");
            RecordMessageFuzz.require(name.chars().allMatch(c -> c > ' ' && c < 127), "a name that cannot be printed");
        }
    }

    static List<byte[]> seeds() {
        return List.of(hello(5, 1, 2, 7, "honest.example"), goodbye());
    }

    static byte[] hello(
            final long connectionId,
            final long machineIdHigh,
            final long machineIdLow,
            final long captureId,
            final String name) {
        final byte[] bytes = new byte[8 + HelloEncoder.BLOCK_LENGTH + 4 + name.length()];
        new HelloEncoder()
                .wrapAndApplyHeader(new UnsafeBuffer(bytes), 0, new MessageHeaderEncoder())
                .connectionId(connectionId)
                .machineIdHigh(machineIdHigh)
                .machineIdLow(machineIdLow)
                .generation(0)
                .protocolVersion(1)
                .captureIdHigh(captureId)
                .captureIdLow(captureId)
                .consumerPosition(0)
                .producerPosition(64)
                .machineName(name);
        return bytes;
    }

    private static byte[] goodbye() {
        final byte[] bytes = new byte[8 + GoodbyeEncoder.BLOCK_LENGTH];
        new GoodbyeEncoder()
                .wrapAndApplyHeader(new UnsafeBuffer(bytes), 0, new MessageHeaderEncoder())
                .connectionId(5);
        return bytes;
    }
}
