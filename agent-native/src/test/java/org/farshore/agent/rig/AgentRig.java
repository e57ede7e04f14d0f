package org.farshore.agent.rig;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersManager;
import org.farshore.agent.CaptureAgent;
import org.farshore.agent.CaptureContext;
import org.farshore.agent.VolumeProbe;
import org.farshore.agent.capture.ModelCapture;
import org.farshore.agent.capture.VolumeDevice;
import org.farshore.agent.copy.DeviceReaderAgent;
import org.farshore.agent.session.AgentSession;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.ReplicationCounter;

/**
 * The production agent between a model of a machine and a model of a receiver, stepped in one thread from one seed, and an
 * oracle that knows every write: at each durable cut the replica must be a state that a crash of the source could have
 * left, and no older than the cut's clock says.
 */
public final class AgentRig implements ModelReceiver.CutListener {
    private static final int SECTOR = 512;
    private static final int BLOCK = 4096;
    private static final int CYCLES_BETWEEN_LOOKS = 8;

    public final Random random;
    public final ModelCapture capture;
    public final ModelReceiver receiver = new ModelReceiver(this);
    public final List<VolumeDevice> volumes = new ArrayList<>();
    public CaptureAgent agent;
    public DeviceReaderAgent reader;
    public int kills;
    private long cycles;
    private boolean isInCycle;
    private Runnable betweenPieces = () -> {};

    private final WriteHistory history = new WriteHistory();
    private final Map<Integer, Long> contentOf = new HashMap<>();
    private final Map<ReplicationCounter, Long> totals = new HashMap<>();
    private final Map<ReplicationCounter, AtomicCounter> counters = new HashMap<>();

    public AgentRig(final long seed, final long ringLength, final int... sizes) {
        random = new Random(seed);
        capture = new ModelCapture(ringLength);
        for (int i = 0; i < sizes.length; i++) {
            volumes.add(capture.add("v" + i, sizes[i]));
        }
        startAgent();
    }

    /** Writes go on inside duty cycles, until the rig is to settle. */
    public void writeMeanwhile(final int inFlightMax) {
        capture.meanwhile(() -> {
            for (int i = random.nextInt(4) == 0 ? 4 : 0; i > 0; i--) {
                randomWrite(inFlightMax);
            }
        });
    }

    /** Writes are captured in small pieces, and between the first two the agent runs, or another processor writes. */
    public void writeInPieces() {
        capture.pieceLength(BLOCK);
        betweenPieces = () -> {
            switch (random.nextInt(8)) {
                case 0, 1 -> randomWrite(4);
                case 2 -> {
                    if (!isInCycle) {
                        cycle(1_000_000_000);
                        capture.busyFromHere();
                    }
                }
                default -> {}
            }
        };
    }

    // the agent

    /** A new agent over what is pinned. */
    public void startAgent() {
        reader = new DeviceReaderAgent();
        final List<VolumeDevice> now = new ArrayList<>();
        for (final VolumeDevice volume : volumes) {
            now.add(new VolumeDevice(
                    volume.number(),
                    volume.name(),
                    volume.uuidHigh(),
                    volume.uuidLow(),
                    volume.path(),
                    Math.max(volume.sizeBytes(), capture.bytes(volume.number()).length),
                    volume.file()));
        }
        agent = new CaptureAgent(
                new CaptureContext()
                        .clocks(new Clocks() {
                            @Override
                            public long nanoTime() {
                                return capture.timeNs();
                            }

                            @Override
                            public long epochNanos() {
                                return capture.timeNs();
                            }
                        })
                        .entropy(new Entropy() {
                            @Override
                            public long nextLong() {
                                return random.nextLong();
                            }

                            @Override
                            public void nextBytes(final byte[] bytes) {
                                random.nextBytes(bytes);
                            }
                        })
                        .links(receiver)
                        .counters(counterFactory())
                        .source(capture)
                        .volumes(now)
                        .identity(new AgentSession.Identity(11, 22, "rig", 0))
                        .processServer("receiver:1")
                        .probe(new VolumeProbe() {
                            @Override
                            public long sizeBytes(final VolumeDevice volume) {
                                return capture.bytes(volume.number()).length;
                            }

                            @Override
                            public String replacedReason(final VolumeDevice volume) {
                                return null;
                            }
                        })
                        .conclude(),
                reader);
    }

    /** SIGKILL: everything on the agent's heap is gone. */
    public void killAgent() {
        assertCovered();
        counters.forEach((descriptor, counter) -> totals.merge(descriptor, counter.get(), Long::sum));
        receiver.breakLink();
        kills++;
        startAgent();
    }

    /** The operator removes a volume and protects another, which gets its number; a new agent begins. */
    public void replaceVolume(final int number, final byte[] content) {
        final VolumeDevice old = volumes.get(number);
        System.arraycopy(content, 0, capture.bytes(number), 0, content.length);
        volumes.set(
                number,
                new VolumeDevice(
                        number,
                        old.name() + "-next",
                        old.uuidHigh() + 1000,
                        old.uuidLow(),
                        old.path(),
                        old.sizeBytes(),
                        old.file()));
        killAgent();
    }

    /** Counted by all agents so far. */
    public long total(final ReplicationCounter counter) {
        return totals.getOrDefault(counter, 0L) + counters.get(counter).get();
    }

    /** The counter of the present agent. */
    public long counter(final ReplicationCounter counter) {
        return counters.get(counter).get();
    }

    private CounterFactory counterFactory() {
        counters.clear();
        final CountersManager manager = new CountersManager(
                new UnsafeBuffer(ByteBuffer.allocateDirect(1 << 16)),
                new UnsafeBuffer(ByteBuffer.allocateDirect(1 << 14)));
        return (descriptor, subject) -> {
            final AtomicCounter counter = manager.newCounter(descriptor.label(), descriptor.typeId());
            counters.putIfAbsent(descriptor, counter);
            return counter;
        };
    }

    /** One duty cycle; the machine's clock moves by {@code ns}. */
    public void cycle(final long ns) {
        capture.advance(ns);
        isInCycle = true;
        agent.doWork();
        isInCycle = false;
        if (cycles++ % CYCLES_BETWEEN_LOOKS == 0) {
            assertCovered();
        }
    }

    /**
     * The coverage rule: where the receiver's durable bytes are not the device's, it is pinned beside the capture that
     * something is still to be done. Whatever is forgotten while this does not hold, a kill makes forgotten for ever.
     */
    private void assertCovered() {
        for (final VolumeDevice volume : volumes) {
            final int number = volume.number();
            final byte[] replica = receiver.replicas.get(number);
            if (replica != null && receiver.volume(number).hasUuid(volume.uuidHigh(), volume.uuidLow())) {
                final byte[] device = capture.bytes(number);
                if (!Arrays.equals(device, replica)) {
                    assertCovered(volume, device, replica, capture.covered(number));
                }
            }
        }
    }

    private void assertCovered(
            final VolumeDevice volume, final byte[] device, final byte[] replica, final BitSet covered) {
        final int end = Math.min(device.length, replica.length);
        for (int block = covered.nextClearBit(0); block * BLOCK < end; block = covered.nextClearBit(block + 1)) {
            final int from = block * BLOCK;
            final int to = Math.min(from + BLOCK, end);
            if (!Arrays.equals(device, from, to, replica, from, to)) {
                throw new AssertionError("block " + block + " of " + volume.name()
                        + " is not durable, and in neither ring, lost, todo nor sent; " + describe());
            }
        }
    }

    /** All writes complete, everything works, until the agent is idle. */
    public void settle() {
        capture.meanwhile(() -> {});
        completeAll();
        rest();
    }

    /** Everything works and nothing new is written, until the agent is idle. */
    public void rest() {
        receiver.backPressure = () -> false;
        receiver.answersHello = true;
        receiver.rejects = null;
        capture.notBusy();
        for (int i = 0; i < 40_000; i++) {
            cycle(2_000_000);
            reader.doWork();
            receiver.sync(Integer.MAX_VALUE);
            if (i > 800 && agent.isIdle() && receiver.unsyncedCount() == 0) {
                return;
            }
        }
        throw new AssertionError("the agent does not come to rest: " + describe());
    }

    /** True when every replica equals its device. */
    public void assertEqual() {
        for (final VolumeDevice volume : volumes) {
            final byte[] device = capture.bytes(volume.number());
            final byte[] replica = receiver.replicas.get(volume.number());
            if (!Arrays.equals(device, replica)) {
                throw new AssertionError(
                        volume.name() + " differs at byte " + Arrays.mismatch(device, replica) + "; " + describe());
            }
        }
    }

    private String describe() {
        final StringBuilder text = new StringBuilder();
        for (final VolumeDevice volume : volumes) {
            text.append(volume.name())
                    .append(' ')
                    .append(agent.volume(volume.number()).readBack().phase())
                    .append(" todo ")
                    .append(capture.todo(volume.number()).cardinality())
                    .append("; ");
        }
        return text.append("kills ")
                .append(kills)
                .append(" welcomes ")
                .append(receiver.welcomes)
                .append(" cuts ")
                .append(receiver.cuts)
                .toString();
    }

    // the workload

    /** Submits a write of content that is like no other, where nothing is in flight; -1 when there is no such place. */
    public int submit(final int volume, final int firstSector, final int sectorCount) {
        final int sectors = capture.bytes(volume).length / SECTOR;
        if (firstSector + sectorCount > sectors) {
            return -1;
        }
        if (history.isBusy(volume, firstSector, sectorCount)) {
            return -1;
        }
        final long content = history.submitted(volume, firstSector, sectorCount, capture.timeNs() + 1);
        final long dropped = capture.droppedCount();
        final int write = capture.submit(volume, (long) firstSector * SECTOR, history.bytes(content), betweenPieces);
        if (capture.droppedCount() != dropped) {
            history.lost(content);
        }
        contentOf.put(write, content);
        return write;
    }

    /** A write in flight completes. */
    public void complete(final int write) {
        capture.complete(write);
        final Long content = contentOf.remove(write);
        if (content != null) {
            history.completed(content, capture.timeNs());
        }
    }

    /** Completes all writes in flight. */
    public void completeAll() {
        capture.inFlight().forEach(this::complete);
    }

    /** One step of everything, chosen at random: I/O, duty cycles, reads, syncs, back pressure. */
    public void randomStep(final int inFlightMax) {
        switch (random.nextInt(10)) {
            case 0, 1, 2, 3 -> randomWrite(inFlightMax);
            case 4 -> reader.doWork();
            case 5 -> receiver.sync(random.nextInt(6));
            case 6 -> {
                if (random.nextInt(3) == 0) {
                    capture.busyBehind(random.nextInt(12));
                } else {
                    capture.notBusy();
                }
            }
            default -> cycle(random.nextInt(4) == 0 ? 30_000_000 : 1_000_000);
        }
    }

    private void randomWrite(final int inFlightMax) {
        final List<Integer> open = capture.inFlight();
        if (random.nextBoolean() && !open.isEmpty()) {
            complete(open.get(random.nextInt(open.size())));
        } else if (open.size() < inFlightMax) {
            final int volume = random.nextInt(volumes.size());
            final int sectors = capture.bytes(volume).length / SECTOR;
            final int count = 1 + random.nextInt(random.nextInt(8) == 0 ? 140 : 12);
            submit(volume, random.nextInt(sectors), count);
        }
    }

    // the oracle

    @Override
    public void onCut(final long cutTimeNs, final List<Integer> ordered) {
        try {
            history.onCut(cutTimeNs, ordered, receiver.replicas, receiver::isFromChunk);
        } catch (final AssertionError e) {
            throw new AssertionError(e.getMessage() + "; " + describe(), e);
        }
    }
}
