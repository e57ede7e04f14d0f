package org.farshore.agent;

import org.farshore.agent.stream.ProtectedVolume;
import org.farshore.agent.stream.ReadBack;
import org.farshore.agent.stream.SentRecords;

/** What an acknowledgement sets free: blocks that were read back, and the age of what is safe now. */
final class DurableRecords implements SentRecords.Handler {
    private final ProtectedVolume[] byNumber;
    private final SentRecords sent;
    private final AgentCounters counters;
    private long nowNs;

    DurableRecords(final ProtectedVolume[] byNumber, final SentRecords sent, final AgentCounters counters) {
        this.byNumber = byNumber;
        this.sent = sent;
        this.counters = counters;
    }

    /** Takes note of everything up to this sequence. */
    void upTo(final long durableSequence, final long now) {
        nowNs = now;
        sent.durableTo(durableSequence, this);
    }

    @Override
    public void onWritesDurable(final long timeNs, final int payloadLength) {
        counters.durable(nowNs - timeNs, payloadLength);
    }

    @Override
    public void onChunkDurable(
            final int volume, final long firstBlock, final long blockCount, final int payloadLength, final long index) {
        final ReadBack readBack = byNumber[volume].readBack();
        if (isSettled(readBack, index, volume, firstBlock, blockCount)) {
            readBack.sent().clearRange(firstBlock, blockCount);
        } else {
            for (long block = firstBlock; block < firstBlock + blockCount; block++) {
                if (isSettled(readBack, index, volume, block, 1)) {
                    readBack.sent().clearRange(block, 1);
                }
            }
        }
        counters.durablePayloadBytes.getAndAddRelease(payloadLength);
    }

    /** No later read of these blocks is under way or waits for its acknowledgement. */
    private boolean isSettled(
            final ReadBack readBack, final long index, final int volume, final long first, final long count) {
        return !readBack.isReading(first, count) && !sent.isCoveredBehind(index, volume, first, count);
    }

    @Override
    public void onCutDurable(final long timeNs) {
        counters.newestCutNs = Math.max(counters.newestCutNs, timeNs);
    }

    @Override
    public void onOrderedDurable(final int volume, final long turn) {
        byNumber[volume].orderedDurable(turn);
    }
}
