package org.farshore.dataplane.mastertarget;

import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.farshore.dataplane.codecs.replication.AckDecoder;
import org.farshore.dataplane.codecs.replication.CompareResultDecoder;
import org.farshore.dataplane.codecs.replication.GoodbyeEncoder;
import org.farshore.dataplane.codecs.replication.HelloEncoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.replication.RejectDecoder;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.codecs.replication.WelcomeDecoder;
import org.farshore.dataplane.ship.Claim;
import org.farshore.dataplane.ship.LinkStatus;
import org.farshore.dataplane.ship.Links;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.SenderLink;
import org.farshore.dataplane.ship.StreamLimits;

/** One connection of a sender, by hand: says what a test tells it to and keeps what it hears. */
final class TestSender {
    /** A Welcome as heard. */
    record Welcome(
            int generation,
            int incarnation,
            long nextSequence,
            long capturePosition,
            long captureIdHigh,
            long captureIdLow,
            List<String> volumes) {}

    private final SenderLink link;
    private final long connectionId;
    private final long machineIdHigh;
    private final long machineIdLow;
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    final List<byte[]> differs = new ArrayList<>();
    int welcomes;
    Welcome welcome;
    RejectReason rejected;
    String rejectText;
    long durableSequence = -1;
    long durableCapturePosition = -1;
    long appliedSequence = -1;
    int acks;

    TestSender(
            final Links links,
            final String endpoint,
            final long connectionId,
            final long machineIdHigh,
            final long machineIdLow) {
        this.link = links.connect(endpoint);
        this.connectionId = connectionId;
        this.machineIdHigh = machineIdHigh;
        this.machineIdLow = machineIdLow;
    }

    boolean hello(final long captureId) {
        return hello(captureId, 0, StreamLimits.PROTOCOL_VERSION, 0);
    }

    boolean hello(final long captureId, final int generation, final int version, final long consumerPosition) {
        return hello(connectionId, machineIdLow, captureId, generation, version, consumerPosition);
    }

    /** A Hello of another connection or machine on this link, as no honest sender says it. */
    boolean foreignHello(final long foreignConnectionId, final long foreignMachineIdLow, final long captureId) {
        return hello(foreignConnectionId, foreignMachineIdLow, captureId, 0, StreamLimits.PROTOCOL_VERSION, 0);
    }

    private boolean hello(
            final long helloConnectionId,
            final long helloMachineIdLow,
            final long captureId,
            final int generation,
            final int version,
            final long consumerPosition) {
        final HelloEncoder hello = new HelloEncoder();
        final String name = "test";
        final int length = 8 + HelloEncoder.BLOCK_LENGTH + HelloEncoder.machineNameHeaderLength() + name.length();
        if (link.claimHello(length) != LinkStatus.OK) {
            return false;
        }
        final Claim claim = link.claim();
        hello.wrapAndApplyHeader(claim.buffer(), claim.offset(), headerEncoder)
                .connectionId(helloConnectionId)
                .machineIdHigh(machineIdHigh)
                .machineIdLow(helloMachineIdLow)
                .generation(generation)
                .protocolVersion(version)
                .captureIdHigh(captureId)
                .captureIdLow(captureId)
                .consumerPosition(consumerPosition)
                .producerPosition(0)
                .machineName(name);
        claim.commit();
        return true;
    }

    void goodbye() {
        link.claimHello(8 + GoodbyeEncoder.BLOCK_LENGTH);
        new GoodbyeEncoder()
                .wrapAndApplyHeader(link.claim().buffer(), link.claim().offset(), headerEncoder)
                .connectionId(connectionId);
        link.claim().commit();
    }

    /** Any bytes on the hello stream. */
    void sayHello(final byte[] bytes) {
        link.claimHello(bytes.length);
        link.claim().buffer().putBytes(link.claim().offset(), bytes);
        link.claim().commit();
    }

    boolean isConnected() {
        return link.isConnected();
    }

    boolean send(final MessageWriter message) {
        return send(message.bytes());
    }

    boolean send(final byte[] message) {
        if (link.claimData(message.length) != LinkStatus.OK) {
            return false;
        }
        link.claim().buffer().putBytes(link.claim().offset(), message);
        link.claim().commit();
        return true;
    }

    boolean isDataConnected() {
        return link.isDataConnected();
    }

    void poll() {
        link.poll(this::onMessage, 100);
    }

    void close() {
        link.close();
    }

    private boolean onMessage(final DirectBuffer buffer, final int offset, final int length) {
        header.wrap(buffer, offset);
        switch (header.templateId()) {
            case WelcomeDecoder.TEMPLATE_ID -> onWelcome(buffer, offset);
            case AckDecoder.TEMPLATE_ID -> {
                final AckDecoder ack = new AckDecoder().wrapAndApplyHeader(buffer, offset, header);
                durableSequence = ack.durableSequence();
                durableCapturePosition = ack.durableCapturePosition();
                appliedSequence = ack.appliedSequence();
                acks++;
            }
            case RejectDecoder.TEMPLATE_ID -> {
                final RejectDecoder reject = new RejectDecoder().wrapAndApplyHeader(buffer, offset, header);
                rejected = reject.reason();
                rejectText = reject.text();
            }
            case CompareResultDecoder.TEMPLATE_ID -> {
                final CompareResultDecoder result =
                        new CompareResultDecoder().wrapAndApplyHeader(buffer, offset, header);
                final byte[] bits = new byte[result.differsLength()];
                result.getDiffers(bits, 0, bits.length);
                differs.add(bits);
            }
            default -> throw new AssertionError("template " + header.templateId());
        }
        return true;
    }

    private void onWelcome(final DirectBuffer buffer, final int offset) {
        final WelcomeDecoder decoder = new WelcomeDecoder().wrapAndApplyHeader(buffer, offset, header);
        final int generation = (int) decoder.generation();
        final int incarnation = (int) decoder.incarnation();
        final long next = decoder.nextSequence();
        final long position = decoder.capturePosition();
        final long high = decoder.captureIdHigh();
        final long low = decoder.captureIdLow();
        if (welcomes == 0) {
            link.openData(decoder.dataStreamId(), decoder.dataSessionId());
        }
        final List<String> volumes = new ArrayList<>();
        for (final WelcomeDecoder.VolumesDecoder volume : decoder.volumes()) {
            final long uuid = volume.uuidHigh();
            volume.uuidLow();
            volumes.add(uuid + ":" + volume.sizeBytes() + ":" + volume.number() + ":" + volume.writeOrder() + ":"
                    + volume.everConverged());
        }
        welcome = new Welcome(generation, incarnation, next, position, high, low, volumes);
        welcomes++;
    }
}
