package org.farshore.agent.capture;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.BlockFile;

/**
 * A machine with block devices and a capture, in memory: devices as byte arrays, writes that are submitted, reach the device
 * and complete as three steps of the test's own, a ring of bounded length, lost bits, pinned bits. It outlives the agents that
 * a test drops and makes anew, as kernel and bpffs do; {@link #reboot} ends all of it but the devices.
 *
 * <p>Not for the product; one thread, apart from {@link VolumeDevice#file()}.
 */
public final class ModelCapture implements CaptureSource {
    private static final int HEADER_LENGTH = 64;
    private static final int PIECE_LENGTH_MAX = 61_440;
    private static final int BLOCK_LENGTH = 4096;

    private final long ringLength;
    private final List<Volume> volumes = new ArrayList<>();
    private final Map<Integer, Write> open = new LinkedHashMap<>();
    private final Deque<Slot> ring = new ArrayDeque<>();
    private long captureIdHigh = 1;
    private final long captureIdLow = 77;
    private long consumerPosition;
    private long producerPosition;
    private long busyPosition = Long.MAX_VALUE;
    private long gapEpoch;
    private long notedGapEpoch;
    private long dropped;
    private long timeNs = 1;
    private int nextWrite;
    private long readFailures;
    private long heldPosition = Long.MAX_VALUE;
    private Runnable meanwhile = () -> {};
    private int losses;
    private int pieceLength = PIECE_LENGTH_MAX;
    private int nextBio;
    private final Set<Integer> openBios = new HashSet<>();
    private long expectedPosition;

    private static final class Volume {
        byte[] bytes;
        HeapBits todo;
        HeapBits sent;
        HeapBits lost;
        boolean comparing;
        boolean coverageUnknown;
        boolean left;
        int phase;
        long followedBytes;

        Volume(final byte[] bytes) {
            this.bytes = bytes;
            newBits();
        }

        void newBits() {
            final long blocks = (bytes.length + BLOCK_LENGTH - 1L) / BLOCK_LENGTH;
            todo = new HeapBits(blocks);
            sent = new HeapBits(blocks);
            lost = new HeapBits(blocks);
            followedBytes = bytes.length;
        }

        void forget() {
            newBits();
            comparing = false;
            coverageUnknown = false;
            phase = 0;
        }
    }

    /** A write between its submission and its completion. */
    private record Write(int volume, long offset, byte[] bytes) {}

    private enum Kind {
        SUBMIT,
        COMPLETE,
        ZEROED
    }

    private record Slot(
            Kind kind,
            long position,
            long behind,
            int volume,
            long offset,
            long length,
            int bio,
            boolean first,
            boolean last,
            int error,
            long timeNs,
            UnsafeBuffer payload) {}

    /** A machine without volumes; add some, then open. */
    public ModelCapture(final long ringLength) {
        this.ringLength = ringLength;
    }

    // the machine

    /** One more volume, full of zeros. */
    public VolumeDevice add(final String name, final int sizeBytes) {
        final int number = volumes.size();
        final VolumeDevice device =
                new VolumeDevice(number, name, 100 + number, 200, "/model/" + name, sizeBytes, new DeviceFile(number));
        volumes.add(new Volume(new byte[sizeBytes]));
        return device;
    }

    /** The bytes of the volume as they are on the device. */
    public byte[] bytes(final int volume) {
        return volumes.get(volume).bytes;
    }

    /** The volume gets larger; what is added is as given. */
    public void growDevice(final int volume, final byte[] added) {
        final Volume target = volumes.get(volume);
        final byte[] larger = java.util.Arrays.copyOf(target.bytes, target.bytes.length + added.length);
        System.arraycopy(added, 0, larger, target.bytes.length, added.length);
        target.bytes = larger;
    }

    /** How much of the volume the agent has asked to be followed; less than its length once it has grown. */
    public long followedBytes(final int volume) {
        return volumes.get(volume).followedBytes;
    }

    /** The volume gets smaller. */
    public void shrinkDevice(final int volume, final int sizeBytes) {
        volumes.get(volume).bytes = java.util.Arrays.copyOf(volumes.get(volume).bytes, sizeBytes);
    }

    /** The record behind so many is still being written: it and those behind it cannot be taken. */
    public void busyBehind(final int records) {
        heldPosition = ring.stream()
                .skip(records)
                .mapToLong(slot -> slot.position)
                .findFirst()
                .orElse(producerPosition);
    }

    /** Another processor is still writing a record that lies here: what is recorded from now on cannot be taken. */
    public void busyFromHere() {
        heldPosition = Math.min(heldPosition, producerPosition);
    }

    /** No record is being written. */
    public void notBusy() {
        heldPosition = Long.MAX_VALUE;
    }

    /** What the machine does while the agent is inside a duty cycle: run whenever the agent looks at the ring's end. */
    public void meanwhile(final Runnable work) {
        meanwhile = work;
    }

    /** The next so many records find no room. */
    public void loseNext(final int count) {
        losses = count;
    }

    /** So many of the next reads fail. */
    public void failReads(final long count) {
        readFailures = count;
    }

    /** Writes lie in the ring in pieces of so many bytes at most, as they do when their pages lie apart. */
    public void pieceLength(final int bytes) {
        pieceLength = bytes;
    }

    /** The volume is taken out of the agent's settings: what is written to it is seen by nobody from here on. */
    public void leave(final int volume) {
        volumes.get(volume).forget();
        volumes.get(volume).left = true;
    }

    /** The volume is in the agent's settings again, a new one to the capture. */
    public void rejoin(final int volume) {
        volumes.get(volume).forget();
        volumes.get(volume).left = false;
    }

    /** True while the volume is not in the agent's settings. */
    public boolean hasLeft(final int volume) {
        return volumes.get(volume).left;
    }

    /** Submits a write: its payload is in the ring, or lost. Returns its number. */
    public int submit(final int volume, final long offset, final byte[] bytes) {
        return submit(volume, offset, bytes, () -> {});
    }

    /** As above; something else happens between the first piece, which is held back until the last is in, and the second. */
    public int submit(final int volume, final long offset, final byte[] bytes, final Runnable between) {
        timeNs++;
        if (hasLeft(volume)) {
            return submitUnseen(volume, offset, bytes);
        }
        final int pieces = (bytes.length + pieceLength - 1) / pieceLength;
        if (fits((long) pieces * HEADER_LENGTH + bytes.length)) {
            final int bio = nextBio++;
            final long busyBefore = busyPosition;
            busyPosition = Math.min(busyBefore, producerPosition);
            for (int piece = 0; piece < pieces; piece++) {
                if (piece == 1) {
                    between.run();
                }
                final int at = piece * pieceLength;
                final int length = Math.min(pieceLength, bytes.length - at);
                final UnsafeBuffer payload = new UnsafeBuffer(BufferUtil.allocateDirectAligned(length, 8));
                payload.putBytes(0, bytes, at, length);
                record(Kind.SUBMIT, volume, offset + at, length, bio, piece == 0, piece == pieces - 1, 0, payload);
            }
            busyPosition = busyBefore;
        } else {
            lose(volume, offset, bytes.length);
        }
        open.put(nextWrite, new Write(volume, offset, bytes.clone()));
        return nextWrite++;
    }

    /** Submits a write that nothing sees: before the capture was there. */
    public int submitUnseen(final int volume, final long offset, final byte[] bytes) {
        open.put(nextWrite, new Write(volume, offset, bytes.clone()));
        return nextWrite++;
    }

    /** Some sectors of a submitted write reach the device. */
    public void land(final int write, final int fromSector, final int sectorCount) {
        final Write landed = open.get(write);
        System.arraycopy(
                landed.bytes(),
                fromSector * 512,
                volumes.get(landed.volume()).bytes,
                (int) landed.offset() + fromSector * 512,
                sectorCount * 512);
    }

    /** All of a submitted write reaches the device and it completes. */
    public void complete(final int write) {
        land(write, 0, open.get(write).bytes().length / 512);
        end(write, 0);
    }

    /** A submitted write completes, as far as it has landed. */
    public void end(final int write, final int error) {
        timeNs++;
        final Write ended = open.remove(write);
        if (hasLeft(ended.volume())) {
            return;
        }
        if (fits(HEADER_LENGTH)) {
            record(
                    Kind.COMPLETE,
                    ended.volume(),
                    ended.offset(),
                    ended.bytes().length,
                    nextBio++,
                    true,
                    true,
                    error,
                    null);
        } else {
            lose(ended.volume(), ended.offset(), ended.bytes().length);
        }
    }

    /** A submitted write reaches the device and its completion is never recorded: the defect that ageing is for. */
    public void completeUnseen(final int write) {
        land(write, 0, open.get(write).bytes().length / 512);
        open.remove(write);
    }

    /** A discard that completes at once. */
    public void discard(final int volume, final int offset, final int length) {
        timeNs++;
        java.util.Arrays.fill(volumes.get(volume).bytes, offset, offset + length, (byte) 0);
        if (hasLeft(volume)) {
            return;
        }
        if (fits(HEADER_LENGTH)) {
            record(Kind.ZEROED, volume, offset, length, nextBio++, true, true, 0, null);
        } else {
            lose(volume, offset, length);
        }
    }

    /** Writes and completes at once. */
    public void write(final int volume, final long offset, final byte[] bytes) {
        complete(submit(volume, offset, bytes));
    }

    /** Numbers of the writes that are in flight. */
    public List<Integer> inFlight() {
        return List.copyOf(open.keySet());
    }

    /** Runs of a capture program were skipped, and nobody knows which writes they were for. */
    public void loseCoverage(final int volume) {
        volumes.get(volume).coverageUnknown = !hasLeft(volume);
        gapEpoch++;
    }

    /** The machine starts anew: capture, ring and pinned bits are gone. */
    public void reboot() {
        captureIdHigh++;
        consumerPosition = 0;
        producerPosition = 0;
        gapEpoch = 0;
        notedGapEpoch = 0;
        ring.clear();
        open.clear();
        notBusy();
        volumes.forEach(Volume::forget);
    }

    /** Monotonic time of this machine: moves with every event. */
    public long timeNs() {
        return timeNs;
    }

    /** Moves the time. */
    public void advance(final long ns) {
        timeNs += ns;
    }

    /**
     * Blocks for which nothing is forgotten though the receiver may lack them: they are in the ring, lost, todo or sent, or a
     * write of them is in flight; all blocks, while it is pinned that the volume must be compared, or is not known yet.
     */
    public BitSet covered(final int volume) {
        final Volume target = volumes.get(volume);
        final BitSet covered = new BitSet();
        if (target.comparing || target.coverageUnknown || target.phase == 0) {
            covered.set(0, (int) target.todo.blockCount());
            return covered;
        }
        target.todo.addTo(covered);
        target.sent.addTo(covered);
        target.lost.addTo(covered);
        for (final Slot slot : ring) {
            if (slot.volume == volume) {
                setBlocks(covered, slot.offset, slot.length);
            }
        }
        for (final Write write : open.values()) {
            if (write.volume() == volume) {
                setBlocks(covered, write.offset(), write.bytes().length);
            }
        }
        return covered;
    }

    private static void setBlocks(final BitSet blocks, final long offset, final long length) {
        blocks.set((int) (offset / BLOCK_LENGTH), (int) ((offset + length + BLOCK_LENGTH - 1) / BLOCK_LENGTH));
    }

    private boolean fits(final long length) {
        if (losses > 0) {
            losses--;
            return false;
        }
        return producerPosition - consumerPosition + length + PIECE_LENGTH_MAX / 4 <= ringLength;
    }

    private void lose(final int volume, final long offset, final long length) {
        final HeapBits lost = volumes.get(volume).lost;
        final long first = offset / BLOCK_LENGTH;
        final long end = Math.min(lost.blockCount(), (offset + length + BLOCK_LENGTH - 1) / BLOCK_LENGTH);
        if (first < end) {
            lost.setRange(first, end - first);
        }
        dropped++;
        gapEpoch++;
    }

    private void record(
            final Kind kind,
            final int volume,
            final long offset,
            final long length,
            final int bio,
            final boolean first,
            final boolean last,
            final int error,
            final UnsafeBuffer payload) {
        final long behind = producerPosition + HEADER_LENGTH + (payload == null ? 0 : payload.capacity());
        ring.add(new Slot(
                kind, producerPosition, behind, volume, offset, length, bio, first, last, error, timeNs, payload));
        producerPosition = behind;
    }

    // the capture

    @Override
    public void open() {}

    @Override
    public long captureIdHigh() {
        return captureIdHigh;
    }

    @Override
    public long captureIdLow() {
        return captureIdLow;
    }

    @Override
    public boolean resumed() {
        return true;
    }

    @Override
    public long consumerPosition() {
        return consumerPosition;
    }

    @Override
    public long producerPosition() {
        meanwhile.run();
        return producerPosition;
    }

    @Override
    public long ringLength() {
        return ringLength;
    }

    @Override
    public long take(
            final CaptureHandler handler, final long position, final long limitPosition, final int recordLimit) {
        if (position < consumerPosition) {
            throw new IllegalStateException("taken at " + position + ", released to " + consumerPosition);
        }
        if (position != expectedPosition) {
            openBios.clear();
        }
        long at = position;
        int count = 0;
        for (final Slot slot : ring) {
            if (slot.position < position) {
                continue;
            }
            if (count == recordLimit
                    || slot.position >= Math.min(limitPosition, Math.min(busyPosition, heldPosition))
                    || !handUnlessOrphan(handler, slot)) {
                break;
            }
            at = slot.behind;
            count++;
        }
        expectedPosition = at;
        return at;
    }

    /** A later piece of a write whose first piece was not taken is left out, as the real reader does; so is a volume that left. */
    private boolean handUnlessOrphan(final CaptureHandler handler, final Slot slot) {
        if (hasLeft(slot.volume)) {
            return true;
        }
        if (!slot.first && !openBios.contains(slot.bio)) {
            return true;
        }
        if (!hand(handler, slot)) {
            return false;
        }
        if (slot.last) {
            openBios.remove(slot.bio);
        } else {
            openBios.add(slot.bio);
        }
        return true;
    }

    private static boolean hand(final CaptureHandler handler, final Slot slot) {
        return switch (slot.kind) {
            case SUBMIT ->
                handler.onSubmit(
                        slot.volume,
                        slot.offset,
                        (int) slot.length,
                        slot.first,
                        slot.last,
                        slot.timeNs,
                        slot.payload,
                        0);
            case COMPLETE -> handler.onComplete(slot.volume, slot.offset, slot.length, slot.error, slot.timeNs);
            case ZEROED -> handler.onZeroed(slot.volume, slot.offset, slot.length, true, slot.timeNs);
        };
    }

    @Override
    public void release(final long position) {
        if (position < consumerPosition || position > producerPosition) {
            throw new IllegalStateException(
                    "release of " + position + " outside " + consumerPosition + " to " + producerPosition);
        }
        consumerPosition = position;
        while (!ring.isEmpty() && ring.peek().behind <= position) {
            ring.poll();
        }
    }

    @Override
    public long gapEpoch() {
        return gapEpoch;
    }

    @Override
    public long notedGapEpoch() {
        return notedGapEpoch;
    }

    @Override
    public void noteGapEpoch(final long epoch) {
        notedGapEpoch = epoch;
    }

    @Override
    public long droppedCount() {
        return dropped;
    }

    @Override
    public long missedRunCount() {
        return 0;
    }

    @Override
    public boolean coverageUnknown(final int volume) {
        return volumes.get(volume).coverageUnknown;
    }

    @Override
    public void setComparing(final int volume, final boolean comparing) {
        volumes.get(volume).comparing = comparing;
        volumes.get(volume).coverageUnknown &= !comparing;
    }

    @Override
    public boolean comparing(final int volume) {
        return volumes.get(volume).comparing;
    }

    @Override
    public int phase(final int volume) {
        return volumes.get(volume).phase;
    }

    @Override
    public void setPhase(final int volume, final int phase) {
        volumes.get(volume).phase = phase;
    }

    @Override
    public long harvestLost(final int volume) {
        final Volume target = volumes.get(volume);
        long count = 0;
        for (long block = target.lost.nextSet(0); block >= 0; block = target.lost.nextSet(block + 1)) {
            target.todo.setRange(block, 1);
            target.lost.clearRange(block, 1);
            count++;
        }
        return count;
    }

    @Override
    public boolean anyLost(final int volume) {
        return volumes.get(volume).lost.cardinality() > 0;
    }

    @Override
    public VolumeBits todo(final int volume) {
        return volumes.get(volume).todo;
    }

    @Override
    public VolumeBits sent(final int volume) {
        return volumes.get(volume).sent;
    }

    @Override
    public boolean grow(final int volume, final long sizeBytes) {
        final Volume target = volumes.get(volume);
        final long before = target.todo.blockCount();
        final long blocks = (sizeBytes + BLOCK_LENGTH - 1) / BLOCK_LENGTH;
        target.todo.grow(blocks);
        target.sent.grow(blocks);
        target.lost.grow(blocks);
        target.followedBytes = sizeBytes;
        // The block before may have been a partial one.
        target.todo.setRange(before - 1, blocks - before + 1);
        return true;
    }

    @Override
    public boolean addVolume(final VolumeDevice volume) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void removeVolume(final int volume) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void detach() {}

    @Override
    public void close() {}

    /** The device, read as it is at the moment of the read. */
    private final class DeviceFile implements BlockFile {
        private final int volume;

        DeviceFile(final int volume) {
            this.volume = volume;
        }

        @Override
        public void read(final ByteBuffer target, final long offset) throws IOException {
            if (readFailures > 0) {
                readFailures--;
                throw new IOException("model failure");
            }
            final byte[] bytes = bytes(volume);
            final int length = Math.min(target.remaining(), bytes.length - (int) offset);
            target.put(bytes, (int) offset, length);
            if (target.hasRemaining()) {
                throw new IOException("end of device");
            }
        }

        @Override
        public void write(final ByteBuffer source, final long offset) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void zero(final long offset, final long length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void sync() {}

        @Override
        public long length() {
            return bytes(volume).length;
        }

        @Override
        public void setLength(final long length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public String name() {
            return "/model/" + volume;
        }

        @Override
        public void close() {}
    }
}
