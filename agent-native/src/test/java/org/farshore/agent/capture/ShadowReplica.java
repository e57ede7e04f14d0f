package org.farshore.agent.capture;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.farshore.dataplane.runtime.BlockFile;

/**
 * The smallest agent that keeps copies equal: takes the ring, applies each record to a copy, reads back what is in todo by
 * the rule of holes. Plain and slow on purpose, with nothing of the product's agent in it: an in-flight count for each sector,
 * read-backs while nothing is taken. Counts what it cannot match, for those who look for completions that never came.
 */
final class ShadowReplica implements CaptureHandler {
    private static final int CHUNK_BLOCKS = 64;

    private final CaptureSource source;
    private final List<Volume> volumes = new ArrayList<>();
    private final ByteBuffer piece = ByteBuffer.allocateDirect(60 << 10);
    private final ByteBuffer chunk = BufferUtil.allocateDirectAligned(CHUNK_BLOCKS * 4096, 4096);

    private long position;
    private long epoch;
    private long mark;
    private long gaps;
    private long unmatchedSectors;
    private long overlappedSectors;
    private long failedCompletions;
    private long openBios;
    private long lastSubmitNs;
    private long records;
    private long readBackBytes;
    private final List<String> notes = new ArrayList<>();

    private static final class Volume {
        private final VolumeDevice device;
        private final BlockFile file;
        private final BlockFile copy;
        private final short[] inFlight;
        private final long[] submittedNs;
        private final boolean[] overlapped;

        Volume(final VolumeDevice device, final BlockFile file, final BlockFile copy, final long maxBytes) {
            this.device = device;
            this.file = file;
            this.copy = copy;
            this.inFlight = new short[(int) (maxBytes >>> 9)];
            this.submittedNs = new long[inFlight.length];
            this.overlapped = new boolean[inFlight.length];
        }
    }

    ShadowReplica(final CaptureSource source) {
        this.source = source;
    }

    /** Keeps a copy of this volume; every block of it is to be read first when it is new. */
    void follow(final VolumeDevice device, final BlockFile copy, final long maxBytes) {
        volumes.add(new Volume(device, source.readingFile(device), copy, maxBytes));
        if (source.phase(device.number()) == 0) {
            source.todo(device.number())
                    .setRange(0, source.todo(device.number()).blockCount());
            source.setPhase(device.number(), 1);
        }
    }

    /** As an agent does at its start: nothing of before is in flight any more. */
    void begin() throws IOException {
        position = source.consumerPosition();
        for (final Volume volume : volumes) {
            final VolumeBits sent = source.sent(volume.device.number());
            for (long block = sent.nextSet(0); block >= 0; block = sent.nextSet(block + 1)) {
                source.todo(volume.device.number()).setRange(block, 1);
            }
            sent.clearRange(0, sent.blockCount());
        }
        drainTo(source.producerPosition());
        forgetInFlight();
        epoch = source.notedGapEpoch();
    }

    private Volume volume(final int number) {
        for (final Volume volume : volumes) {
            if (volume.device.number() == number) {
                return volume;
            }
        }
        throw new AssertionError("record of volume " + number);
    }

    /** One round: whatever is in the ring, a gap if there was one, some read-back. */
    int step() throws IOException {
        final long before = position;
        final int work = source.doWork(System.nanoTime());
        takeSome(Long.MAX_VALUE);
        checkGap();
        int read = 0;
        if (position - before <= source.ringLength() / 8) {
            for (final Volume volume : volumes) {
                read += readBack(volume);
            }
        }
        return work + (int) (position - before) + read;
    }

    private void takeSome(final long limit) {
        position = source.take(this, position, limit, 256);
        source.release(position);
    }

    private void checkGap() throws IOException {
        final long now = source.gapEpoch();
        if (now == epoch) {
            return;
        }
        gaps++;
        for (final Volume volume : volumes) {
            source.harvestLost(volume.device.number());
        }
        drainTo(source.producerPosition());
        forgetInFlight();
        epoch = now;
        source.noteGapEpoch(now);
    }

    private void drainTo(final long limit) {
        while (position < limit) {
            takeSome(limit);
        }
    }

    private void forgetInFlight() {
        for (final Volume volume : volumes) {
            java.util.Arrays.fill(volume.inFlight, (short) 0);
            java.util.Arrays.fill(volume.overlapped, false);
        }
    }

    private int readBack(final Volume volume) throws IOException {
        final VolumeBits todo = source.todo(volume.device.number());
        final long first = todo.nextSet(0);
        if (first < 0) {
            return 0;
        }
        int count = 1;
        while (count < CHUNK_BLOCKS && first + count < todo.blockCount() && todo.isSet(first + count)) {
            count++;
        }
        final long offset = first * 4096;
        final int length = (int) Math.min(count * 4096L, volume.copy.length() - offset);
        chunk.clear().limit(length);
        volume.file.read(chunk, offset);
        for (int at = 0; at < length; at += 512) {
            if (volume.inFlight[(int) ((offset + at) >>> 9)] == 0) {
                chunk.limit(at + 512).position(at);
                volume.copy.write(chunk, offset + at);
            }
        }
        todo.clearRange(first, count);
        mark = source.producerPosition();
        readBackBytes += length;
        return length;
    }

    /** As if the volume had never been. */
    void forget(final int number) {
        volumes.removeIf(volume -> volume.device.number() == number);
    }

    long position() {
        return position;
    }

    /** Nothing left to do at this instant. */
    boolean isConverged() {
        return isConverged(-1);
    }

    /** Nothing left to do at this instant for one volume, or for all (-1). */
    boolean isConverged(final int only) {
        boolean converged = position >= mark && source.gapEpoch() == epoch;
        for (final Volume volume : volumes) {
            final int number = volume.device.number();
            if (only >= 0 && only != number) {
                continue;
            }
            converged &= source.todo(number).cardinality() == 0 && !source.anyLost(number);
        }
        return converged;
    }

    @Override
    public boolean onSubmit(
            final int number,
            final long offset,
            final int length,
            final boolean first,
            final boolean last,
            final long timeNs,
            final DirectBuffer payload,
            final int payloadOffset) {
        final Volume volume = volume(number);
        records++;
        openBios += (first ? 1 : 0) - (last ? 1 : 0);
        lastSubmitNs = timeNs;
        piece.clear();
        payload.getBytes(payloadOffset, piece, length);
        write(volume, piece.flip(), offset);
        for (int sector = (int) (offset >>> 9); sector < (offset + length) >>> 9; sector++) {
            if (volume.inFlight[sector]++ > 0) {
                volume.overlapped[sector] = true;
                overlappedSectors++;
            }
            volume.submittedNs[sector] = timeNs;
        }
        return true;
    }

    private static void write(final Volume volume, final ByteBuffer bytes, final long offset) {
        try {
            volume.copy.write(bytes, offset);
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public boolean onComplete(
            final int number, final long offset, final long length, final int error, final long timeNs) {
        final Volume volume = volume(number);
        final VolumeBits todo = source.todo(number);
        records++;
        if (error != 0) {
            failedCompletions++;
        }
        for (int sector = (int) (offset >>> 9); sector < (offset + length) >>> 9; sector++) {
            if (volume.inFlight[sector] == 0) {
                unmatchedSectors++;
                todo.setRange(sector >>> 3, 1);
            } else if (--volume.inFlight[sector] == 0 && volume.overlapped[sector]) {
                volume.overlapped[sector] = false;
                todo.setRange(sector >>> 3, 1);
            }
            if (error != 0) {
                todo.setRange(sector >>> 3, 1);
            }
        }
        return true;
    }

    @Override
    public boolean onZeroed(
            final int number, final long offset, final long length, final boolean discard, final long timeNs) {
        records++;
        try {
            volume(number).copy.zero(offset, length);
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
        return true;
    }

    /** Sectors that were submitted and never seen to complete; each run of them noted. */
    long stuckSectors() {
        long stuck = 0;
        for (final Volume volume : volumes) {
            for (int sector = 0; sector < volume.inFlight.length; sector++) {
                if (volume.inFlight[sector] != 0) {
                    stuck++;
                    if (notes.size() < 20) {
                        notes.add("volume " + volume.device.number() + " sector " + sector + " in flight "
                                + volume.inFlight[sector] + " since "
                                + (lastSubmitNs - volume.submittedNs[sector]) / 1000
                                + " us before the last submission");
                    }
                }
            }
        }
        return stuck;
    }

    /** Forgets counts that belong to writes submitted before the capture began. */
    void resetCounts() {
        unmatchedSectors = 0;
        overlappedSectors = 0;
        failedCompletions = 0;
        gaps = 0;
        readBackBytes = 0;
    }

    long unmatchedSectors() {
        return unmatchedSectors;
    }

    long gaps() {
        return gaps;
    }

    long records() {
        return records;
    }

    long openBios() {
        return openBios;
    }

    long failedCompletions() {
        return failedCompletions;
    }

    long readBackBytes() {
        return readBackBytes;
    }

    @Override
    public String toString() {
        return "records=" + records + " gaps=" + gaps + " unmatchedSectors=" + unmatchedSectors + " overlappedSectors="
                + overlappedSectors + " failed=" + failedCompletions + " open=" + openBios + " readBack="
                + readBackBytes
                + " stuck=" + stuckSectors() + " " + notes;
    }
}
