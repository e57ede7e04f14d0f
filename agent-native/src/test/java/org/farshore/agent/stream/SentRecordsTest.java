package org.farshore.agent.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SentRecordsTest implements SentRecords.Handler {
    private final SentRecords sent = new SentRecords(8);
    private final List<String> told = new ArrayList<>();
    private boolean covered;

    @Test
    void tellsWhatAnAcknowledgementMakesDurableAndNothingBehindIt() {
        sent.addWrites(10, 1_000, 1_500, 4096);
        sent.addCut(11, 2_000);
        sent.addOrdered(12, 3, 1);
        sent.addChunk(20, 2, 100, 256, 1 << 20);
        sent.durableTo(11, this);
        assertThat(told).containsExactly("writes 1000 4096", "cut 1500", "cut 2000");
        sent.durableTo(19, this);
        assertThat(told).hasSize(4).last().isEqualTo("ordered 3 1");
        assertThat(sent.chunkBytes()).isEqualTo(1 << 20);
        sent.durableTo(20, this);
        assertThat(told).last().isEqualTo("chunk 2 100 256");
        assertThat(sent.chunkBytes()).isZero();
    }

    @Test
    void knowsThatALaterChunkHoldsABlockToo() {
        sent.addChunk(1, 2, 100, 256, 0);
        sent.addChunk(2, 2, 355, 1, 0);
        sent.durableTo(1, this);
        assertThat(covered).isTrue();
        sent.durableTo(2, this);
        assertThat(covered).isFalse();
    }

    @Test
    void isFullWhenItIsFullAndGoesRound() {
        for (int i = 0; i < 20; i++) {
            sent.addWrites(i, i, SentRecords.NO_CUT, 0);
            sent.durableTo(i, this);
        }
        for (int i = 20; i < 28; i++) {
            assertThat(sent.hasRoom(1)).isTrue();
            sent.addWrites(i, i, SentRecords.NO_CUT, 0);
        }
        assertThat(sent.hasRoom(1)).isFalse();
        sent.clear();
        assertThat(sent.hasRoom(8)).isTrue();
    }

    @Override
    public void onWritesDurable(final long timeNs, final int payloadLength) {
        told.add("writes " + timeNs + " " + payloadLength);
    }

    @Override
    public void onChunkDurable(
            final int volume, final long firstBlock, final long blockCount, final int payloadLength, final long index) {
        told.add("chunk " + volume + " " + firstBlock + " " + blockCount);
        covered = sent.isCoveredBehind(index, volume, firstBlock, blockCount);
    }

    @Override
    public void onCutDurable(final long timeNs) {
        told.add("cut " + timeNs);
    }

    @Override
    public void onOrderedDurable(final int volume, final long turn) {
        told.add("ordered " + volume + " " + turn);
    }
}
