package org.farshore.tests.simulation;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.farshore.agent.capture.CaptureHandler;
import org.farshore.agent.capture.CaptureSource;
import org.farshore.agent.capture.VolumeBits;
import org.farshore.agent.capture.VolumeDevice;
import org.farshore.dataplane.runtime.BlockFile;

/** A capture that says what is about to be changed of all that outlives the agent, and what is about to be read. */
public final class FragileCapture implements CaptureSource {
    private final CaptureSource capture;
    private final Runnable beforeChange;
    private final Reading beforeRead;

    /** Told before a read of a device, which it may let fail. */
    public interface Reading {
        void run() throws IOException;
    }

    public FragileCapture(final CaptureSource capture, final Runnable beforeChange, final Reading beforeRead) {
        this.capture = capture;
        this.beforeChange = beforeChange;
        this.beforeRead = beforeRead;
    }

    @Override
    public void open() {
        capture.open();
    }

    @Override
    public long captureIdHigh() {
        return capture.captureIdHigh();
    }

    @Override
    public long captureIdLow() {
        return capture.captureIdLow();
    }

    @Override
    public boolean resumed() {
        return capture.resumed();
    }

    @Override
    public long consumerPosition() {
        return capture.consumerPosition();
    }

    @Override
    public long producerPosition() {
        return capture.producerPosition();
    }

    @Override
    public long ringLength() {
        return capture.ringLength();
    }

    @Override
    public long take(
            final CaptureHandler handler, final long position, final long limitPosition, final int recordLimit) {
        return capture.take(handler, position, limitPosition, recordLimit);
    }

    @Override
    public void release(final long position) {
        if (position != capture.consumerPosition()) {
            beforeChange.run();
        }
        capture.release(position);
    }

    @Override
    public long gapEpoch() {
        return capture.gapEpoch();
    }

    @Override
    public long notedGapEpoch() {
        return capture.notedGapEpoch();
    }

    @Override
    public void noteGapEpoch(final long epoch) {
        beforeChange.run();
        capture.noteGapEpoch(epoch);
    }

    @Override
    public long droppedCount() {
        return capture.droppedCount();
    }

    @Override
    public long missedRunCount() {
        return capture.missedRunCount();
    }

    @Override
    public boolean coverageUnknown(final int volume) {
        return capture.coverageUnknown(volume);
    }

    @Override
    public void setComparing(final int volume, final boolean comparing) {
        beforeChange.run();
        capture.setComparing(volume, comparing);
    }

    @Override
    public boolean comparing(final int volume) {
        return capture.comparing(volume);
    }

    @Override
    public int phase(final int volume) {
        return capture.phase(volume);
    }

    @Override
    public void setPhase(final int volume, final int phase) {
        if (phase != capture.phase(volume)) {
            beforeChange.run();
        }
        capture.setPhase(volume, phase);
    }

    @Override
    public long harvestLost(final int volume) {
        if (capture.anyLost(volume)) {
            beforeChange.run();
        }
        return capture.harvestLost(volume);
    }

    @Override
    public boolean anyLost(final int volume) {
        return capture.anyLost(volume);
    }

    @Override
    public VolumeBits todo(final int volume) {
        return new Bits(capture.todo(volume));
    }

    @Override
    public VolumeBits sent(final int volume) {
        return new Bits(capture.sent(volume));
    }

    @Override
    public boolean grow(final int volume, final long sizeBytes) {
        beforeChange.run();
        return capture.grow(volume, sizeBytes);
    }

    @Override
    public boolean addVolume(final VolumeDevice volume) {
        return capture.addVolume(volume);
    }

    @Override
    public void removeVolume(final int volume) {
        capture.removeVolume(volume);
    }

    @Override
    public BlockFile readingFile(final VolumeDevice volume) {
        return new Device(capture.readingFile(volume));
    }

    @Override
    public void detach() {
        capture.detach();
    }

    @Override
    public void close() {
        capture.close();
    }

    /** Pinned bits; a change that changes nothing does not count. */
    private final class Bits implements VolumeBits {
        private final VolumeBits bits;

        Bits(final VolumeBits bits) {
            this.bits = bits;
        }

        @Override
        public long blockCount() {
            return bits.blockCount();
        }

        @Override
        public boolean isSet(final long block) {
            return bits.isSet(block);
        }

        @Override
        public void setRange(final long first, final long count) {
            beforeChange.run();
            bits.setRange(first, count);
        }

        @Override
        public void clearRange(final long first, final long count) {
            if (bits.cardinality() > 0) {
                beforeChange.run();
            }
            bits.clearRange(first, count);
        }

        @Override
        public long nextSet(final long from) {
            return bits.nextSet(from);
        }

        @Override
        public long cardinality() {
            return bits.cardinality();
        }
    }

    /** A device that is only read. */
    private final class Device implements BlockFile {
        private final BlockFile file;

        Device(final BlockFile file) {
            this.file = file;
        }

        @Override
        public void read(final ByteBuffer target, final long offset) throws IOException {
            beforeRead.run();
            file.read(target, offset);
        }

        @Override
        public void write(final ByteBuffer source, final long offset) {
            throw new UnsupportedOperationException("the agent writes to " + name());
        }

        @Override
        public void zero(final long offset, final long length) {
            throw new UnsupportedOperationException("the agent zeroes " + name());
        }

        @Override
        public void sync() {
            throw new UnsupportedOperationException("the agent syncs " + name());
        }

        @Override
        public long length() throws IOException {
            return file.length();
        }

        @Override
        public void setLength(final long length) {
            throw new UnsupportedOperationException("the agent changes the length of " + name());
        }

        @Override
        public String name() {
            return file.name();
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
