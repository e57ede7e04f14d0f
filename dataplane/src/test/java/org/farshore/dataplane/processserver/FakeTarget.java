package org.farshore.dataplane.processserver;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.agrona.DirectBuffer;
import org.farshore.dataplane.codecs.replication.AckEncoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.replication.RejectEncoder;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.codecs.replication.WelcomeEncoder;
import org.farshore.dataplane.ship.HelloMessage;
import org.farshore.dataplane.ship.LinkStatus;
import org.farshore.dataplane.ship.Links;
import org.farshore.dataplane.ship.ReceiverLink;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.StreamMessageChecker;

/** The master target's side of the dialogue without a disk: what is received is durable. One machine. */
final class FakeTarget implements ReceiverLink.Handler {
    final ReceiverLink receiver;
    final List<String> heard = new ArrayList<>();
    final StreamMessageChecker checker = new StreamMessageChecker();
    ReceiverLink.Peer peer;
    Consumer<RecordMessage> onRecord = message -> {};
    boolean isWelcoming = true;
    boolean isRefusing;
    volatile long durableSequence;
    long connectionId;
    int incarnation;

    private final HelloMessage hello = new HelloMessage();
    private long acknowledged;
    private boolean welcomePending;
    private long machineIdHigh;
    private long machineIdLow;

    FakeTarget(final Links links, final String endpoint) {
        receiver = links.listen(endpoint);
    }

    int work() {
        final int count = receiver.poll(this, 32);
        if (welcomePending) {
            welcomePending = !welcome();
        }
        if (peer != null && acknowledged != durableSequence && incarnation > 0 && ack()) {
            acknowledged = durableSequence;
        }
        return count;
    }

    @Override
    public void onHello(final ReceiverLink.Peer from, final DirectBuffer buffer, final int offset, final int length) {
        final String complaint = hello.wrap(buffer, offset, length);
        if (complaint != null) {
            heard.add(complaint);
            return;
        }
        if (hello.isGoodbye()) {
            heard.add("goodbye");
            return;
        }
        heard.add("hello " + hello.machineName() + " capture " + hello.captureIdHigh());
        if (peer != from) {
            peer = from;
            connectionId = hello.connectionId();
            machineIdHigh = hello.machineIdHigh();
            machineIdLow = hello.machineIdLow();
            peer.openData();
            incarnation++;
            checker.begin(machineIdHigh, machineIdLow, 1, incarnation, durableSequence + 1);
        }
        welcomePending = isWelcoming;
    }

    boolean welcome() {
        final int length = MessageHeaderEncoder.ENCODED_LENGTH + WelcomeEncoder.BLOCK_LENGTH + 4;
        if (peer.claim(length) != LinkStatus.OK) {
            return false;
        }
        new WelcomeEncoder()
                .wrapAndApplyHeader(peer.claim().buffer(), peer.claim().offset(), new MessageHeaderEncoder())
                .connectionId(connectionId)
                .generation(1)
                .incarnation(incarnation)
                .nextSequence(durableSequence + 1)
                .capturePosition(0)
                .captureIdHigh(0)
                .captureIdLow(0)
                .dataStreamId(peer.dataStreamId())
                .dataSessionId(peer.dataSessionId())
                .volumesCount(0);
        peer.claim().commit();
        return true;
    }

    boolean ack() {
        final int length = MessageHeaderEncoder.ENCODED_LENGTH + AckEncoder.BLOCK_LENGTH;
        if (peer.claim(length) != LinkStatus.OK) {
            return false;
        }
        new AckEncoder()
                .wrapAndApplyHeader(peer.claim().buffer(), peer.claim().offset(), new MessageHeaderEncoder())
                .connectionId(connectionId)
                .incarnation(incarnation)
                .flags(0)
                .durableSequence(durableSequence)
                .durableCapturePosition(0)
                .spooledSequence(durableSequence)
                .spooledCapturePosition(0)
                .appliedSequence(0);
        peer.claim().commit();
        return true;
    }

    boolean reject(final RejectReason reason) {
        final int length = MessageHeaderEncoder.ENCODED_LENGTH + RejectEncoder.BLOCK_LENGTH + 4;
        if (peer.claim(length) != LinkStatus.OK) {
            return false;
        }
        new RejectEncoder()
                .wrapAndApplyHeader(peer.claim().buffer(), peer.claim().offset(), new MessageHeaderEncoder())
                .connectionId(connectionId)
                .reason(reason)
                .text("");
        peer.claim().commit();
        return true;
    }

    @Override
    public boolean onData(final ReceiverLink.Peer from, final DirectBuffer buffer, final int offset, final int length) {
        if (isRefusing) {
            return false;
        }
        final String complaint = checker.check(buffer, offset, length);
        if (complaint != null) {
            throw new AssertionError(complaint);
        }
        onRecord.accept(checker.message());
        checker.accept();
        durableSequence = checker.endSequence();
        return true;
    }

    @Override
    public void onPeerLost(final ReceiverLink.Peer from) {
        heard.add("lost");
        peer = peer == from ? null : peer;
    }
}
