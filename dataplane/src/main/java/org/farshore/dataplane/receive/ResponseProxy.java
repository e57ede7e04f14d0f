package org.farshore.dataplane.receive;

import org.agrona.MutableDirectBuffer;
import org.farshore.dataplane.codecs.replication.AckEncoder;
import org.farshore.dataplane.codecs.replication.CompareResultEncoder;
import org.farshore.dataplane.codecs.replication.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.replication.RejectEncoder;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.codecs.replication.WelcomeEncoder;
import org.farshore.dataplane.retire.CompareOutcome;
import org.farshore.dataplane.ship.Claim;
import org.farshore.dataplane.ship.LinkStatus;
import org.farshore.dataplane.ship.ReceiverLink.Peer;
import org.farshore.dataplane.ship.StreamLimits;
import org.farshore.dataplane.volume.StreamVolume;
import org.farshore.dataplane.volume.VolumeTable;

/** Encodes what a receiver says to a sender, straight into the link's memory. One thread. */
final class ResponseProxy {
    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int TEXT_LENGTH_MAX = 1024;

    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final WelcomeEncoder welcome = new WelcomeEncoder();
    private final AckEncoder ack = new AckEncoder();
    private final RejectEncoder reject = new RejectEncoder();
    private final CompareResultEncoder compareResult = new CompareResultEncoder();

    LinkStatus welcome(
            final Peer peer,
            final long connectionId,
            final int generation,
            final int incarnation,
            final long nextSequence,
            final long capturePosition,
            final long captureIdHigh,
            final long captureIdLow,
            final VolumeTable volumes) {
        final int tableLength = WelcomeEncoder.VolumesEncoder.HEADER_SIZE
                + volumes.size() * WelcomeEncoder.VolumesEncoder.sbeBlockLength();
        final LinkStatus status = peer.claim(HEADER + WelcomeEncoder.BLOCK_LENGTH + tableLength);
        if (status != LinkStatus.OK) {
            return status;
        }
        final Claim claim = peer.claim();
        welcome.wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
                .connectionId(connectionId)
                .generation(generation)
                .incarnation(incarnation)
                .nextSequence(nextSequence)
                .capturePosition(capturePosition)
                .captureIdHigh(captureIdHigh)
                .captureIdLow(captureIdLow)
                .dataStreamId(peer.dataStreamId())
                .dataSessionId(peer.dataSessionId());
        final WelcomeEncoder.VolumesEncoder table = welcome.volumesCount(volumes.size());
        for (final StreamVolume volume : volumes.all()) {
            table.next()
                    .uuidHigh(volume.uuidHigh())
                    .uuidLow(volume.uuidLow())
                    .sizeBytes(volume.sizeBytes())
                    .number(volume.number())
                    .writeOrder(volume.writeOrder())
                    .everConverged((short) (volume.everConverged() ? 1 : 0));
        }
        claim.commit();
        return status;
    }

    LinkStatus ack(
            final Peer peer,
            final long connectionId,
            final int incarnation,
            final long durableSequence,
            final long durableCapturePosition,
            final long appliedSequence) {
        final LinkStatus status = peer.claim(HEADER + AckEncoder.BLOCK_LENGTH);
        if (status == LinkStatus.OK) {
            final Claim claim = peer.claim();
            ack.wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
                    .connectionId(connectionId)
                    .incarnation(incarnation)
                    .flags(0)
                    .durableSequence(durableSequence)
                    .durableCapturePosition(durableCapturePosition)
                    .spooledSequence(durableSequence)
                    .spooledCapturePosition(durableCapturePosition)
                    .appliedSequence(appliedSequence);
            claim.commit();
        }
        return status;
    }

    LinkStatus reject(final Peer peer, final long connectionId, final RejectReason reason, final String text) {
        final String shown = text.length() > TEXT_LENGTH_MAX ? text.substring(0, TEXT_LENGTH_MAX) : text;
        final int length = HEADER + RejectEncoder.BLOCK_LENGTH + RejectEncoder.textHeaderLength() + shown.length();
        final LinkStatus status = peer.claim(length);
        if (status == LinkStatus.OK) {
            final Claim claim = peer.claim();
            reject.wrapAndApplyHeader(claim.buffer(), claim.offset(), header)
                    .connectionId(connectionId)
                    .reason(reason)
                    .text(shown);
            claim.commit();
        }
        return status;
    }

    LinkStatus compareResult(final Peer peer, final long connectionId, final CompareOutcome outcome) {
        final byte[] differs = outcome.differs();
        final int length = HEADER
                + CompareResultEncoder.BLOCK_LENGTH
                + CompareResultEncoder.differsHeaderLength()
                + differs.length;
        final LinkStatus status = peer.claim(length);
        if (status == LinkStatus.OK) {
            final Claim claim = peer.claim();
            final MutableDirectBuffer buffer = claim.buffer();
            compareResult
                    .wrapAndApplyHeader(buffer, claim.offset(), header)
                    .connectionId(connectionId)
                    .firstPiece(outcome.firstPiece())
                    .incarnation(outcome.incarnation())
                    .pieceCount(outcome.pieceCount())
                    .volume(outcome.volume())
                    .putDiffers(differs, 0, differs.length);
            claim.commit();
        }
        return status;
    }

    static {
        final int longest = HEADER
                + WelcomeEncoder.BLOCK_LENGTH
                + WelcomeEncoder.VolumesEncoder.HEADER_SIZE
                + StreamLimits.VOLUMES_MAX * WelcomeEncoder.VolumesEncoder.sbeBlockLength();
        if (longest > StreamLimits.CONTROL_MESSAGE_LENGTH_MAX) {
            throw new ExceptionInInitializerError("a Welcome may take " + longest + " bytes");
        }
    }
}
