package org.farshore.dataplane.recover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.farshore.dataplane.codecs.replication.BarrierKind;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.journal.VolumeState;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.SeededEntropy;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.farshore.dataplane.ship.MessageWriter.Extent;

/**
 * One machine with three volumes, written at random through the production journal; its catalogue, index and views; and what
 * each volume was at every END, kept whole.
 */
final class ViewWorld {
    static final int[] SIZES = {24 * 4096, 16 * 4096 + 512, 40 * 4096};
    private static final Path VIEWS = Path.of("/target/views");
    private static final long WINDOW_MAX = 6L * StreamRig.SEGMENT_LENGTH;

    final SimulatedDisk disk;
    final StreamRig stream;
    final Random random;
    final List<OpenView> views = new ArrayList<>();
    final HeapCounters counters = new HeapCounters();
    private final TreeMap<Long, byte[][]> states = new TreeMap<>();
    private final byte[][] now = new byte[SIZES.length][];
    private final IndexSeam index;
    private ViewLeases leases;
    private RecoveryPoints points;
    DecodedFrames frames;
    private int viewCount;
    int insideBatchCount;
    int retireCount;
    int stopCount;

    /** The index under the views: the model or the production one. */
    interface IndexSeam {
        /** Begins, or begins again after a stop. */
        void open(StreamRig stream) throws IOException;

        /** Takes everything durable. */
        void follow() throws IOException;

        /** The base copy has everything below. */
        void raiseHorizon(long position) throws IOException;

        /** A volume at a cut. */
        Supplier<Versions> at(int volume, RecoveryPoint point);
    }

    /** A view with what it must show. */
    final class OpenView {
        final String name;
        final int volume;
        final RecoveryPoint point;
        final OverlayModel model;
        RecoveryView view;
        final List<ViewAccess> accesses = new ArrayList<>();

        OpenView(final String name, final int volume, final RecoveryPoint point, final byte[] bytes) {
            this.name = name;
            this.volume = volume;
            this.point = point;
            this.model = new OverlayModel(bytes);
        }

        void open() throws IOException {
            final BlockFiles.Mode reading = BlockFiles.Mode.READ;
            final ViewOverlay overlay = ViewOverlay.exists(disk, VIEWS, name)
                    ? ViewOverlay.open(disk, VIEWS, name, SIZES[volume])
                    : ViewOverlay.create(disk, VIEWS, name, SIZES[volume], new SeededEntropy(viewCount));
            view = new RecoveryView(
                    name,
                    SIZES[volume],
                    disk.open(base(volume), reading),
                    index.at(volume, point),
                    frames,
                    overlay,
                    leases.hold(point.heldPosition(), name),
                    counters.newCounter(ReplicationCounter.VIEW_READ_ERRORS, name),
                    counters.newCounter(ReplicationCounter.VIEWS_FULL, name));
            accesses.clear();
            accesses.add(view.newAccess());
            accesses.add(view.newAccess());
        }

        private ViewAccess anyAccess() {
            return accesses.get(random.nextInt(accesses.size()));
        }

        byte[] readAll() throws IOException {
            final ByteBuffer found = ByteBuffer.allocate(SIZES[volume]);
            anyAccess().read(0, found);
            return found.array();
        }

        /** A read, write, zeroing, or flush somewhere. */
        void step(final String story) throws IOException {
            final int length = SIZES[volume];
            final int offset = random.nextInt(length);
            final int count = 1 + random.nextInt(Math.min(length - offset, 20_000));
            switch (random.nextInt(8)) {
                case 0 -> {
                    anyAccess().flush();
                    model.flushed();
                }
                case 1 -> {
                    model.change(offset, new byte[count]);
                    anyAccess().zero(offset, count);
                }
                case 2 -> {
                    model.change(offset, new byte[count]);
                    anyAccess().writeZeros(offset, count);
                }
                case 3, 4 -> {
                    final byte[] bytes = new byte[count];
                    random.nextBytes(bytes);
                    model.change(offset, bytes);
                    anyAccess().write(offset, ByteBuffer.wrap(bytes));
                }
                default -> {
                    final ByteBuffer found = ByteBuffer.allocate(count);
                    anyAccess().read(offset, found);
                    assertThat(found.array())
                            .as(story)
                            .isEqualTo(java.util.Arrays.copyOfRange(model.now(), offset, offset + count));
                }
            }
        }
    }

    ViewWorld(final long seed, final IndexSeam index) throws IOException {
        disk = new SimulatedDisk(seed);
        random = new Random(seed);
        stream = new StreamRig(disk, seed, 10);
        this.index = index;
        disk.createDirectories(VIEWS);
        disk.createDirectories(base(0).getParent());
        for (int volume = 0; volume < SIZES.length; volume++) {
            now[volume] = new byte[SIZES[volume]];
            try (BlockFile file = disk.open(base(volume), BlockFiles.Mode.WRITE)) {
                file.setLength(SIZES[volume] / 2);
                file.sync();
            }
        }
        disk.syncDirectory(base(0).getParent());
        open();
        stream.connect();
        for (int volume = 0; volume < SIZES.length; volume++) {
            final long first = stream.messages.nextSequence();
            stream.append(stream.messages.volumeAdded(volume, volume + 1, SIZES[volume], "v" + volume), first);
            stream.append(stream.messages.volumeState(volume, WriteOrder.ORDERED, StateReason.CONVERGED), first + 1);
        }
        barrier();
    }

    private static Path base(final int volume) {
        return Path.of("/target/base/v" + volume);
    }

    private void open() throws IOException {
        stream.open();
        leases = new ViewLeases(stream.state.floor());
        points = RecoveryPoints.open(
                disk, StreamRig.STREAM, stream.state, stream.durable(), leases, stream.journal::newReader);
        frames = new DecodedFrames(
                stream.journal::newFetcher,
                new FrameMemory(0),
                counters.newCounter(ReplicationCounter.VIEW_FRAME_HITS, ""),
                counters.newCounter(ReplicationCounter.VIEW_FRAMES_DECODED, ""));
        index.open(stream);
        follow();
    }

    private void follow() throws IOException {
        stream.follow(points.position(), points.follower());
        index.follow();
    }

    /** Some batches, and a barrier behind them; when the journal runs short, the oldest views give up their moments. */
    void write() throws IOException {
        while (stream.durable() - stream.state.horizon() > WINDOW_MAX) {
            if (leases.lowestHeldPosition() < Long.MAX_VALUE) {
                closeView(0);
            }
            retire(points.latest(Set.of()).point().position());
        }
        for (int i = random.nextInt(4); i >= 0; i--) {
            batch();
        }
        barrier();
    }

    private void batch() {
        final long first = stream.messages.nextSequence();
        final List<Extent> extents = new ArrayList<>();
        stream.messages.compress(random.nextBoolean());
        int payload = 0;
        for (int i = random.nextInt(9); i >= 0 && payload < 40_000; i--) {
            final Extent extent = extent(i > 0 && random.nextInt(6) == 0);
            payload += extent.payload() == null ? 0 : extent.payload().length;
            extents.add(extent);
        }
        long sequence = first;
        for (final Extent extent : extents) {
            apply(extent);
            if (extent.end()) {
                states.put(sequence, snapshot());
            }
            sequence++;
        }
        stream.append(stream.messages.batch(extents), first);
    }

    /** The last extent of a batch is always an END; one before may be a piece of a longer write. */
    private Extent extent(final boolean open) {
        final int volume = random.nextInt(SIZES.length);
        final int sectors = SIZES[volume] / 512;
        final int kind = random.nextInt(10);
        final int most = kind == 0 ? sectors : kind < 5 ? 8 : 24;
        final boolean aligned = random.nextBoolean();
        final int begin = aligned ? random.nextInt(sectors / 8) * 8 : random.nextInt(sectors);
        final int count = Math.min(sectors - begin, aligned ? 8 : 1 + random.nextInt(most));
        if (kind < 2) {
            return Extent.empty(volume, kind == 0 ? ExtentKind.DISCARD : ExtentKind.ZERO, begin * 512L, count * 512L);
        }
        final byte[] bytes = new byte[count * 512];
        if (random.nextBoolean()) {
            random.nextBytes(bytes);
        } else {
            java.util.Arrays.fill(bytes, (byte) (1 + random.nextInt(255)));
        }
        return open ? Extent.open(volume, begin * 512L, bytes) : Extent.write(volume, begin * 512L, bytes);
    }

    private void apply(final Extent extent) {
        final byte[] bytes = extent.payload() == null ? new byte[(int) extent.length()] : extent.payload();
        System.arraycopy(bytes, 0, now[extent.volume()], (int) extent.offset(), bytes.length);
    }

    private byte[][] snapshot() {
        final byte[][] copy = new byte[SIZES.length][];
        for (int volume = 0; volume < SIZES.length; volume++) {
            copy[volume] = now[volume].clone();
        }
        return copy;
    }

    private void barrier() throws IOException {
        final long sequence = stream.messages.nextSequence();
        stream.append(stream.messages.barrier(sequence, BarrierKind.CRASH, "", 0, 1, 2), sequence);
        states.put(sequence, snapshot());
        stream.settle();
        follow();
    }

    /** Opens a view of any volume at any END that is offered. */
    void openView() throws IOException {
        final List<RecoveryPoint> offered = points.list(Set.of());
        final long oldest = offered.get(0).sequence();
        final List<Long> ends = new ArrayList<>(states.tailMap(oldest).keySet());
        final long sequence = ends.get(random.nextInt(ends.size()));
        final PointChoice choice = points.atSequence(sequence, Set.of());
        assertThat(choice.isGranted()).as(choice.reason()).isTrue();
        final int volume = random.nextInt(SIZES.length);
        final OpenView view =
                new OpenView("view" + viewCount++, volume, choice.point(), states.get(sequence)[volume].clone());
        view.open();
        views.add(view);
        insideBatchCount += choice.point().frameEntries() > 0 ? 1 : 0;
    }

    void closeView(final int which) {
        final OpenView view = views.remove(which);
        view.accesses.forEach(ViewAccess::close);
        view.view.close();
    }

    /** Moves the base copies to a point that nobody minds, in the order of retire. */
    void retire() throws IOException {
        final List<RecoveryPoint> offered = points.list(Set.of());
        retire(offered.get(random.nextInt(offered.size())).position());
    }

    private void retire(final long wanted) throws IOException {
        final List<RecoveryPoint> offered = points.list(Set.of());
        final long allowed = Math.min(wanted, leases.lowestHeldPosition());
        final long floor = leases.raiseFloor(offered.stream()
                .mapToLong(RecoveryPoint::position)
                .filter(position -> position <= allowed)
                .max()
                .orElse(0));
        points.dropBelowFloor();
        final RecoveryPoint target = offered.stream()
                .filter(point -> point.position() == floor)
                .reduce((one, other) -> other)
                .orElse(null);
        if (target == null) {
            return;
        }
        for (int volume = 0; volume < SIZES.length; volume++) {
            try (BlockFile file = disk.open(base(volume), BlockFiles.Mode.WRITE)) {
                file.write(ByteBuffer.wrap(states.get(target.sequence())[volume]), 0);
                file.sync();
            }
        }
        final List<VolumeState> volumes = new ArrayList<>();
        for (int volume = 0; volume < SIZES.length; volume++) {
            volumes.add(new VolumeState(volume, volume + 1, ~(volume + 1L), SIZES[volume], "v" + volume, 2, true));
        }
        stream.retire(target.position(), target.sequence(), volumes);
        index.raiseHorizon(target.position());
        retireCount++;
        states.headMap(target.sequence()).clear();
    }

    /** The machine stops and comes up; views are opened again over their overlays. */
    void stop(final String story) throws IOException {
        stopCount++;
        points.sync();
        disk.restart(SimulatedDisk.Survival.RANDOM);
        open();
        stream.connect();
        for (final OpenView view : views) {
            view.open();
            final byte[] found = view.readAll();
            assertThat(view.model.firstWrong(found))
                    .as(story + ", " + view.name)
                    .isEqualTo(-1);
            view.model.restart(found);
            view.anyAccess().flush();
        }
    }
}
