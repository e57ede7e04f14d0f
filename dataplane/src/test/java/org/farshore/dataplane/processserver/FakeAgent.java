package org.farshore.dataplane.processserver;

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
import org.farshore.dataplane.codecs.replication.WelcomeDecoder;
import org.farshore.dataplane.ship.LinkStatus;
import org.farshore.dataplane.ship.Links;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.SenderLink;

/** The agent's side of the dialogue, as plain as the grammar allows. */
final class FakeAgent {
    final MessageWriter writer;
    final List<String> heard = new ArrayList<>();
    final SenderLink link;
    final long connectionId;
    long durableSequence;
    int welcomes;

    private final long machineId;
    private final long captureId;
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final WelcomeDecoder welcome = new WelcomeDecoder();
    private final AckDecoder ack = new AckDecoder();
    private final RejectDecoder reject = new RejectDecoder();

    FakeAgent(
            final Links links,
            final String endpoint,
            final long machineId,
            final long captureId,
            final long connectionId) {
        this.link = links.connect(endpoint);
        this.machineId = machineId;
        this.captureId = captureId;
        this.connectionId = connectionId;
        this.writer = new MessageWriter(machineId, ~machineId);
    }

    boolean sayHello() {
        final String name = "machine-" + machineId;
        final int length =
                MessageHeaderEncoder.ENCODED_LENGTH + HelloEncoder.BLOCK_LENGTH + Integer.BYTES + name.length();
        if (!link.isConnected() || link.claimHello(length) != LinkStatus.OK) {
            return false;
        }
        new HelloEncoder()
                .wrapAndApplyHeader(link.claim().buffer(), link.claim().offset(), new MessageHeaderEncoder())
                .connectionId(connectionId)
                .machineIdHigh(machineId)
                .machineIdLow(~machineId)
                .generation(0)
                .protocolVersion(1)
                .captureIdHigh(captureId)
                .captureIdLow(~captureId)
                .consumerPosition(0)
                .producerPosition(0)
                .machineName(name);
        link.claim().commit();
        return true;
    }

    boolean sayGoodbye() {
        final int length = MessageHeaderEncoder.ENCODED_LENGTH + GoodbyeEncoder.BLOCK_LENGTH;
        if (link.claimHello(length) != LinkStatus.OK) {
            return false;
        }
        new GoodbyeEncoder()
                .wrapAndApplyHeader(link.claim().buffer(), link.claim().offset(), new MessageHeaderEncoder())
                .connectionId(connectionId);
        link.claim().commit();
        return true;
    }

    /** Sends what the writer holds. */
    boolean send() {
        if (link.claimData(writer.length()) != LinkStatus.OK) {
            return false;
        }
        link.claim().buffer().putBytes(link.claim().offset(), writer.buffer(), 0, writer.length());
        link.claim().commit();
        return true;
    }

    int poll() {
        return link.poll(this::onMessage, 16);
    }

    private boolean onMessage(final DirectBuffer buffer, final int offset, final int length) {
        header.wrap(buffer, offset);
        switch (header.templateId()) {
            case WelcomeDecoder.TEMPLATE_ID -> {
                welcome.wrapAndApplyHeader(buffer, offset, header);
                heard.add("welcome " + welcome.connectionId() + " incarnation " + welcome.incarnation() + " next "
                        + welcome.nextSequence());
                if (welcomes++ == 0) {
                    writer.begin((int) welcome.generation(), (int) welcome.incarnation(), welcome.nextSequence(), 0);
                    link.openData(welcome.dataStreamId(), welcome.dataSessionId());
                }
            }
            case AckDecoder.TEMPLATE_ID -> {
                ack.wrapAndApplyHeader(buffer, offset, header);
                durableSequence = Math.max(durableSequence, ack.durableSequence());
            }
            case RejectDecoder.TEMPLATE_ID -> {
                reject.wrapAndApplyHeader(buffer, offset, header);
                heard.add("reject " + reject.connectionId() + " " + reject.reason());
            }
            case CompareResultDecoder.TEMPLATE_ID -> heard.add("compare");
            default -> heard.add("template " + header.templateId());
        }
        return true;
    }
}
